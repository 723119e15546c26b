"""install: the requirements' distributions, each known by what decides it.

One that was installed before (same name, version, artefacts, image) is not installed again: what it
holds is in the store, and whether its files are ever needed is for `optimize` to say.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from ..context import arguments, team_store
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import builder as layer_builder
from ..layer import exact_image, input_hash, locked_requirement
from ..layer import installed as installed_layer
from ..layer.builder import LayerBuilder
from ..layer.installed import KIND, Installed, InstalledDistribution
from ..layer.locked_requirement import LockedRequirement
from ..layer.team_store import origins
from ..layer.team_store import run as team
from ..requirements import file, lockfile
from ..sandbox import index_credentials
from ..settings import lambda_pythons, paths, records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord, RecordedDistribution
from ..ui.console import count, duration, say, say_once, size
from ..util import files
from ..util.background import in_time
from ..util.errors import BuildError

GetWorkshop = Callable[[], LayerBuilder]
SOON = 5.0  # seconds for an engine or a registry to say what a tag is


def task_install() -> dict[str, object]:
    """Install the requirements for Lambda's platform."""
    settings = current()
    record = paths.record(settings, "install")
    inputs = [*file.files(Path(settings.requirements)), paths.DOCKER / "Dockerfile"]
    lock = [Path(settings.lock)] if Path(settings.lock).is_file() else []
    return {
        "actions": [action(lambda: run(settings, lambda: layer_builder.choose(settings)))],
        "file_dep": [str(path) for path in (*inputs, *lock)],
        "targets": [str(record)],
        "setup": arguments.import_first(),
        "meta": {"last_words": team_store.finish},
        "uptodate": [
            records.is_fresh(
                settings,
                InstallRecord,
                lambda: input_hash.install_inputs(settings, layer_builder.kind(settings)),
            ),
            lambda: installed_layer.are_kept(settings),
        ],
    }


def run(settings: Settings, get_workshop: GetWorkshop) -> InstallRecord:
    """Install what is not known yet, check the whole, write the record. Input mistakes are found
    before Docker is touched. InputError, BuildError."""
    if told := lambda_pythons.warning(settings.python, datetime.now(UTC).date()):
        say_once(told)
    lines = file.read_requirements(Path(settings.requirements))
    lockfile.refuse_outdated_lock(settings)
    started, builder = time.monotonic(), layer_builder.kind(settings)
    fingerprint = input_hash.install_inputs(settings, builder)
    team_store.begin(settings, builder)
    locked = Path(settings.lock).is_file()
    if not locked and Path(settings.own_lock).is_file():
        say(
            f"note: {settings.own_lock} pins nothing for Python {settings.python}: "
            f"`{lockfile.made_by(settings)}` does"
        )
    exact = file.read_requirements(Path(settings.lock)) if locked else get_workshop().resolve()
    options = list(dict.fromkeys(locked_requirement.options([*lines, *exact])))
    built = locked_requirement.from_source(options) if locked else None
    indexes = cache(lambda: index_credentials.addresses(options))

    def look(image: str) -> tuple[list[LockedRequirement], dict[str, InstalledDistribution]]:
        pins = locked_requirement.locked_requirements(
            exact, settings, builder, built, image, indexes
        )
        return pins, known_distributions(settings, pins)

    image = image_of(settings, builder, get_workshop, locked=locked)
    pins, found = look(image)
    if len(found) < len(pins) and (used := used_image(settings, get_workshop())) != image:
        image = used
        pins, found = look(image)
    missing = [pin for pin in pins if pin.key not in found]
    found |= install(settings, get_workshop, missing, options) if missing else {}
    tree = Installed(tuple(found[pin.key] for pin in pins))
    record = InstallRecord(
        distributions=describe(tree, pins, file.direct_names(lines)),
        options=options,
        tree=files.digest([each.key for each in tree.distributions]),
        bytes=sum(tree.sizes.values()),
        files=len(tree.sizes),
        fingerprint=fingerprint,
        builder=layer_builder.title(settings),
        image=image,
        origins=origins.used(),
    )
    records.write(settings, record)
    say(summary(record, len(missing), time.monotonic() - started))
    return record


def known_distributions(
    settings: Settings, pins: Sequence[LockedRequirement]
) -> dict[str, InstalledDistribution]:
    """{pin's key: distribution} of what was installed before."""
    kept = installed_layer.store(settings)
    team.bring(KIND, [pin.key for pin in pins if pin.certain])
    found = {
        pin.key: installed_layer.read_installed(path, pin.key, pin.key)
        for pin in pins
        if pin.certain and (path := kept.get(KIND, pin.key))
    }
    named = {pin.key: pin.name for pin in pins}  # another writer may say it of another package
    return {key: each for key, each in found.items() if each.name == named[key]}


def image_of(settings: Settings, builder: str, get_workshop: GetWorkshop, *, locked: bool) -> str:
    """Exactly which image packages are looked for: nothing is pulled where the lock, the last build
    or the image's registry says it. '' on the host."""
    if builder == "host":
        return ""
    if not locked:
        return used_image(settings, get_workshop())  # it has resolved the requirements
    if said := input_hash.exact_image(settings):
        return said

    def remembered() -> str:
        return exact_image.find(settings, builder)

    def offered() -> str:
        return in_time(SOON, lambda: offered_image(settings))

    # a team's work is of the image that the tag names now
    first, second = (offered, remembered) if team.current() else (remembered, offered)
    return first() or second() or used_image(settings, get_workshop())


def offered_image(settings: Settings) -> str:
    """Of the engine, where it has the image, else of the image's registry: nothing is pulled. ''
    where nobody says it."""
    from ..image import base
    from ..sandbox.container import docker_engine, docker_images

    try:
        client = docker_engine.connect()
    except BuildError:  # what the store has needs none
        return input_hash.exact_image(settings, base.offered(settings))
    try:
        return input_hash.exact_image(settings, docker_images.offered(client, settings))
    except BuildError:
        return ""
    finally:
        client.close()


def used_image(settings: Settings, workshop: LayerBuilder) -> str:
    return exact_image.remember(settings, workshop.sandbox.digest)


def install(
    settings: Settings,
    get_workshop: GetWorkshop,
    missing: Sequence[LockedRequirement],
    options: list[str],
) -> dict[str, InstalledDistribution]:
    """Install the missing ones in the workshop and keep what they hold. BuildError."""
    workshop = get_workshop()
    say(f"installing in {workshop.sandbox.title}")
    facts = workshop.install(missing, options)
    kept, found = installed_layer.store(settings), {}
    for pin in missing:
        if pin.key not in facts:
            raise BuildError(
                f"{pin.name} was installed under another name",
                fix="write the name that the package gives itself into its line",
            )
        said = facts.pop(pin.key)
        # what an uncertain pin stands for is known only now
        key = pin.key if pin.certain else workshop.here[pin.key]
        kept.put_bytes(KIND, key, files.canonical(said))
        found[pin.key] = installed_layer.from_facts(key, pin.key, said)
    return found


def describe(
    tree: Installed, pins: Sequence[LockedRequirement], direct: Sequence[str]
) -> list[RecordedDistribution]:
    asked = {pin.key: pin for pin in pins}
    return [
        RecordedDistribution(
            name=each.name,
            version=each.version,
            direct=each.name in direct,
            key=each.key,
            pin=each.pin,
            text=asked[each.pin].text,
            wheel=asked[each.pin].wheel,
        )
        for each in tree.distributions
    ]


def summary(record: InstallRecord, installed: int, seconds: float) -> str:
    found = len(record.distributions)
    again = f" ({found - installed} known from before)" if installed < found else ""
    unpacked = f"{size(record.bytes)} unpacked, in {duration(seconds)}"
    return f"{count(found, 'package')}{again}, {unpacked}"
