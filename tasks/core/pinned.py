"""One distribution to install, and the key that its finished work is kept under."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from . import identity, requirements
from .platforms import marker_environment
from .records import Record, digest
from .settings import Settings

FORMAT = 1  # raise when docker/facts.py or docker/optimize.py make something else
_CERTAIN = re.compile(r"--hash=|git\+\S+@[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """`text`: the requirement line, hashes included; `certain`: the line allows one content only,
    so that what was made of it before is right again. `key`: sha256 of all that decides it."""

    name: str
    text: str
    certain: bool
    key: str


def pins(lines: Iterable[requirements.Line], settings: Settings, builder: str) -> list[Pin]:
    """The distributions that the lines of a lock ask for on the layer's platform, by name."""
    environment, place = marker_environment(settings), identity.environment(settings, builder)
    found = []
    for line in lines:
        wanted = line.requirement
        if wanted is None or (wanted.marker and not wanted.marker.evaluate(environment)):
            continue
        text = requirements.spelling(line)
        name = canonicalize_name(wanted.name)
        key = digest([FORMAT, name, text, place])
        found.append(Pin(name=name, text=text, certain=bool(_CERTAIN.search(text)), key=key))
    return sorted(found, key=lambda pin: pin.name)


def options(lines: Iterable[requirements.Line]) -> list[str]:
    """What the lines say beside requirements: `--index-url …`."""
    return [line.text for line in lines if line.requirement is None]


def recorded(record: Record) -> list[Pin]:
    """The pins of install's record."""
    return [
        Pin(
            name=each["name"],
            text=each["text"],
            certain=each["key"] == each["pin"],
            key=each["pin"],
        )
        for each in record["distributions"]
    ]
