"""install: the requirements' distributions, each known by what decides it.

One that was installed before (same name, version, artefacts, image) is not installed again: what it
holds is in the store, and whether its files are ever needed is for `optimize` to say.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..clients import workshops
from ..core import distributions, identity, locks, paths, pinned, records, requirements, trees
from ..core.actions import action
from ..core.console import duration, say, size
from ..core.distributions import KIND, Distribution, Installed
from ..core.errors import BuildError
from ..core.loading import current
from ..core.pinned import Pin
from ..core.settings import Settings
from ..core.workshop import Workshop, content_key

IMAGES = "images"  # of the store's entries: which image a tag was when it was last built with
GetWorkshop = Callable[[], Workshop]


def task_install() -> dict[str, object]:
    """Install the requirements inside Lambda's image (or with builder=host on this machine)."""
    settings = current()
    record = paths.record(settings, "install")
    inputs = [*requirements.files(Path(settings.requirements)), paths.DOCKER / "Dockerfile"]
    lock = [Path(settings.lock)] if Path(settings.lock).is_file() else []
    return {
        "actions": [action(lambda: run(settings, lambda: workshops.choose(settings)))],
        "file_dep": [str(path) for path in (*inputs, *lock)],
        "targets": [str(record)],
        "uptodate": [
            records.is_fresh(
                record, lambda: identity.install_inputs(settings, workshops.kind(settings))
            ),
            lambda: distributions.are_kept(settings),
        ],
    }


def run(settings: Settings, get_workshop: GetWorkshop) -> records.Record:
    """Install what is not known yet, check the whole, write the record. Input mistakes are found
    before Docker is touched. InputError, BuildError."""
    lines = requirements.read(Path(settings.requirements))
    locks.check(settings)
    started, builder = time.monotonic(), workshops.kind(settings)
    fingerprint = identity.install_inputs(settings, builder)
    locked = Path(settings.lock).is_file()
    if not locked and Path(settings.own_lock).is_file():
        say(
            f"note: {settings.own_lock} pins nothing for Python {settings.python}: "
            f"`{locks.made_by(settings)}` does"
        )
    exact = requirements.read(Path(settings.lock)) if locked else get_workshop().resolve()
    options = list(dict.fromkeys(pinned.options([*lines, *exact])))
    built = pinned.from_source(options) if locked else None
    pins = pinned.pins(exact, settings, builder, built)
    found = known(settings, pins)
    missing = [pin for pin in pins if pin.key not in found]
    found |= install(settings, get_workshop, missing, options) if missing else {}
    tree = Installed(tuple(found[pin.key] for pin in pins))
    check(tree)
    record = describe(tree, pins, options, requirements.direct_names(lines))
    record |= {"fingerprint": fingerprint, "builder": workshops.title(settings)}
    record["image"] = image(settings, builder)
    records.write(paths.record(settings, "install"), record)
    say(summary(record, len(missing), time.monotonic() - started))
    return record


def known(settings: Settings, pins: Sequence[Pin]) -> dict[str, Distribution]:
    """{pin's key: distribution} of what was installed before."""
    kept = distributions.store(settings)
    found = {pin.key: kept.get(KIND, pin.key) for pin in pins if pin.certain}
    return {key: distributions.read(path, key, key) for key, path in found.items() if path}


def image(settings: Settings, builder: str) -> str:
    """The digest of the image that distributions were last installed in; '' on the host."""
    path = distributions.store(settings).get(IMAGES, _place(settings, builder))
    return path.read_text(encoding="utf-8") if path else ""


def _place(settings: Settings, builder: str) -> str:
    return records.digest(identity.environment(settings, builder))


def install(
    settings: Settings, get_workshop: GetWorkshop, missing: Sequence[Pin], options: list[str]
) -> dict[str, Distribution]:
    """Install the missing ones in the workshop and keep what they hold. BuildError."""
    workshop = get_workshop()
    say(f"installing in {workshop.sandbox.title}")
    facts = workshop.install(missing, options)
    kept, found = distributions.store(settings), {}
    if used := workshop.sandbox.digest:
        kept.put_bytes(IMAGES, _place(settings, workshop.sandbox.kind), used.encode())
    for pin in missing:
        if pin.key not in facts:
            raise BuildError(f"{pin.name} was installed under another name", fix="correct its line")
        said = facts.pop(pin.key)
        # what an uncertain pin stands for is known only now
        key = pin.key if pin.certain else content_key(pin.key, said)
        kept.put_bytes(KIND, key, records.canonical(said))
        found[pin.key] = distributions.of(key, pin.key, said)
    return found


def check(tree: Installed) -> None:
    """BuildError when it cannot be a layer."""
    problems = distributions.problems(tree.distributions) + trees.unholdable(tree.sizes)
    if problems:
        raise BuildError(
            "\n".join(problems[:10]), fix="pin versions that agree, or drop one of the packages"
        )


def describe(
    tree: Installed, pins: Sequence[Pin], options: Sequence[str], direct: Sequence[str]
) -> records.Record:
    """The record's facts."""
    asked = {pin.key: pin for pin in pins}
    listed = [
        {
            "name": each.name,
            "version": each.version,
            "direct": each.name in direct,
            "key": each.key,
            "pin": each.pin,
            "text": asked[each.pin].text,
            "wheel": asked[each.pin].wheel,
        }
        for each in tree.distributions
    ]
    return {
        "distributions": listed,
        "options": list(options),
        "tree": records.digest([each.key for each in tree.distributions]),
        "bytes": sum(tree.sizes.values()),
        "files": len(tree.sizes),
    }


def summary(record: records.Record, installed: int, seconds: float) -> str:
    count = len(record["distributions"])
    again = f" ({count - installed} known from before)" if installed < count else ""
    return f"{count} packages{again}, {size(record['bytes'])} unpacked, in {duration(seconds)}"
