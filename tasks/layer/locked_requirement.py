"""One distribution to install, and the key that its finished work is kept under."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ..requirements import file
from ..requirements.file import canonical
from ..requirements.tags import marker_environment
from ..settings.model import Settings
from ..settings.step_records import InstallRecord
from ..util.files import digest
from . import input_hash

FORMAT = 3  # raise when identity.BUILDER_FILES make something else
_FROM_SOURCE = re.compile(r"--no-binary[ =]+(\S+)")
_CERTAIN = re.compile(r"--hash=|git\+\S+@[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class LockedRequirement:
    """`text`: the requirement line, hashes included. `certain`: the line allows one content only,
    so that what was made of it before is right again. `key`: sha256 of all that decides it.
    `wheel`: it may not be built from source."""

    name: str
    text: str
    certain: bool
    key: str
    wheel: bool = False


def locked_requirements(
    lines: Iterable[file.Line], settings: Settings, builder: str,
    built: Collection[str] | None = None, image: str = "",
    indexes: Callable[[], list[str]] = list,
) -> list[LockedRequirement]:  # fmt: skip
    """The distributions that the lines of a lock ask for on the layer's platform, by name. `built`:
    which of them may be built from source. None: any. What builds it is in no lock. `image`:
    exactly which one they are for. `indexes`: where packages come from, which decides what is in
    no lock."""
    environment = marker_environment(settings)
    place = input_hash.workplace(settings, builder, image)
    found = []
    for line in lines:
        if not file.applies(line, environment):
            continue
        text, name = file.spelling(line), line.name
        # on the host it always is one (requirements/uv.py)
        wheel = builder == "docker" and built is not None and not {name, ":all:"} & {*built}
        certain = bool(_CERTAIN.search(text))
        is_wheel = wheel or (builder == "host" and "--hash=" in text)
        others = [] if is_wheel else [indexes(), settings.build_network]
        key = digest([FORMAT, name, text, place, *["wheel"] * wheel, *others])
        found.append(LockedRequirement(name=name, text=text, certain=certain, key=key, wheel=wheel))
    return sorted(found, key=lambda pin: pin.name)


def options(lines: Iterable[file.Line]) -> list[str]:
    """What the lines say beside requirements: `--index-url …`."""
    return [line.text for line in lines if line.is_option]


def from_source(options: Iterable[str]) -> list[str]:
    """Names that the options allow to be built, as pip reads them: `--no-binary a,b`."""
    found = [match[1] for each in options if (match := _FROM_SOURCE.match(each))]
    names = [name for each in found for name in each.split(",")]
    return [name if name == ":all:" else canonical(name) for name in names]


def recorded(record: InstallRecord) -> list[LockedRequirement]:
    """The pins of install's record."""
    return [
        LockedRequirement(
            name=each.name,
            text=each.text,
            certain=each.key == each.pin,
            key=each.pin,
            wheel=each.wheel,
        )
        for each in record.distributions
    ]
