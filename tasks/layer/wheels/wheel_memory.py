"""What each wheel held when it was first unpacked for this person, kept outside of uv's cache.

uv compares a wheel with its hash when it downloads it, and never again: what it unpacked then is
linked into every layer. So what is installed is compared with the wheel's RECORD
(docker/inspect_installed.py), and with what lay there the first time.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ...settings import store_folder
from ...settings.model import Settings
from ...util import files
from ..locked_requirement import LockedRequirement

Contents = Mapping[str, str]  # {path: sha256}
LISTED = 3  # files, of one distribution
UNUSED = 90 * 86_400  # seconds after which what was remembered goes
FORMAT = 2  # raise when other files of a wheel are compared


def folder() -> Path:
    """`~/.cache/doit-lambda-layer/wheels`, or below XDG_CACHE_HOME."""
    return store_folder.of_person() / "wheels"


def differences(
    pin: LockedRequirement, contents: Contents, settings: Settings, builder: str
) -> list[str]:
    """How these files differ from those that this pin stood for the first time. Then they are
    remembered. Nothing where the pin names no artefact. `builder`: the kind of sandbox."""
    place = _place(pin, settings, builder)
    known: Contents | None = files.read_record(place)
    if "--hash=" not in pin.text:
        return []
    if known is None:
        _remember(place, contents)
        return []
    with suppress(OSError):
        os.utime(place)
    changed = sorted(path for path in {*known, *contents} if known.get(path) != contents.get(path))
    return [f"{pin.name}: {path!a} is not what this wheel held before" for path in changed[:LISTED]]


def forget(pin: LockedRequirement, settings: Settings, builder: str) -> None:
    """What is downloaded next counts."""
    with suppress(OSError):
        _place(pin, settings, builder).unlink(missing_ok=True)


def _place(pin: LockedRequirement, settings: Settings, builder: str) -> Path:
    """One file for what decides which wheel is taken: the builder and the image, too, which have a
    C library each."""
    image = "" if builder == "host" else settings.image_name
    decides = [FORMAT, pin.text, settings.python, settings.architecture, builder, image]
    return folder() / f"{pin.name}-{files.digest(decides)[:32]}.json"


def _remember(place: Path, contents: Contents) -> None:
    with suppress(OSError):  # a home that may only be read
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(place, json.dumps(contents).encode())


def forget_unused() -> None:
    """Of all wheels: once is enough, however many were compared."""
    oldest = time.time() - UNUSED
    for each in folder().glob("*.json"):
        with suppress(OSError):  # another build was quicker
            if each.stat().st_mtime < oldest:
                each.unlink()


def held() -> tuple[int, int]:
    """How many wheels are remembered, and their bytes."""
    sizes = []
    for each in folder().glob("*.json"):
        with suppress(OSError):
            sizes.append(each.stat().st_size)
    return len(sizes), sum(sizes)
