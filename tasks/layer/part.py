"""Finished parts of a layer, one per distribution, as docker/optimize.py writes them."""

import json
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from ..settings.model import Settings
from ..settings.step_records import BytecodeReport, OptimizeRecord, StripReport
from ..ui.console import count, few, size
from ..util import files, typed_json
from ..util.errors import BuildError
from ..util.files import Record, digest
from .archive import secret_patterns
from .installed import source_of
from .prune.plan import PrunePlan

KIND = "parts"  # of the store's entries
LEVELS = {"default": 6, "max": 12}  # libdeflate's
DEFLATED = 8  # as in a zip
LISTED = 5  # modules that are not valid, or libraries, of many
MODES = {0o644, 0o755}  # no set-user-ID, no links, no devices
_LENGTH = struct.Struct("<Q")


class Member(NamedTuple):
    """One packed file of a part. `name` relative to `python/`. `made`: bytecode of ours. `offset`
    and `packed` (bytes): where it lies in the part at `path`. `suspect`: it may hold a
    credential."""

    name: str
    mode: int
    method: int
    crc: int
    size: int
    path: Path
    offset: int
    packed: int
    made: bool
    suspect: bool = True

    @property
    def is_beside(self) -> bool:
        """Bytecode of ours that its module can do without."""
        return self.made and "__pycache__/" in self.name


_MEMBER = tuple[str, int, int, int, int, Any, int, int, bool, bool]


@dataclass(frozen=True, kw_only=True)
class Part:
    """`strip`: its report, None where nothing was stripped. `skipped`: modules that are no valid
    Python for this interpreter."""

    path: Path
    members: tuple[Member, ...]
    strip: Record | None
    skipped: tuple[str, ...]


def flags(settings: Settings) -> list[str]:
    """docker/optimize.py's."""
    strip, compile_ = ["--strip"] * settings.strip, ["--compile"] * (settings.bytecode != "none")
    words = [f"--word={word.decode()}" for word in secret_patterns.WORDS]
    return [*strip, *compile_, *words, "--level", str(LEVELS[settings.compression])]


def of_text(name: str, text: str, settings: Settings) -> tuple[str, bytes]:
    """(what it is kept under, a part that holds one file)."""
    import zlib

    import deflate

    content = text.encode(errors="surrogateescape")
    packed = bytes(deflate.deflate_compress(content, LEVELS[settings.compression]))
    member = [name, 0o644, DEFLATED, zlib.crc32(content), len(content), 0, len(packed), False]
    index = files.canonical({"members": [member], "strip": None, "skipped": []})
    made_by = [version("deflate"), *flags(settings)]
    return digest([name, text, made_by]), packed + index + _LENGTH.pack(len(index))


def key(plan: PrunePlan, settings: Settings) -> str:
    """What a part is kept under: everything that decides its bytes."""
    return digest([plan.key, plan.stay, plan.cut, plan.only, flags(settings)])


def read_part(path: Path) -> Part:
    with path.open("rb") as file:
        end = file.seek(-_LENGTH.size, 2)
        (length,) = _LENGTH.unpack(file.read())
        file.seek(end - length)
        index: dict[str, Any] = json.loads(file.read(length))
    members = tuple(
        Member(name, mode, method, crc, size, path, offset, *more)
        for name, mode, method, crc, size, offset, *more in index["members"]
    )
    refuse_bad_members(members)
    return Part(path=path, members=members, strip=index["strip"], skipped=tuple(index["skipped"]))


class Strip(TypedDict):
    """The report of docker/strip_libraries.py."""

    files: int
    bytes: int
    left_alone: list[str]
    unreadable: list[str]


def check_part(path: Path) -> None:
    """ValueError, BuildError unless it is one, and each member lies in it: what another machine
    wrote is read by steps that expect just that."""
    found = read_part(path)
    held = path.stat().st_size
    wrong = [
        each for each in found.members
        if each.method not in (0, DEFLATED) or min(each.size, each.offset, each.packed) < 0
        or each.offset + each.packed > held or not 0 <= each.crc < 1 << 32
    ]  # fmt: skip
    reports = typed_json.fits(found.strip, Strip | None)
    listed = typed_json.fits(found.skipped, tuple[str, ...])
    if wrong or not (reports and listed and typed_json.fits(found.members, tuple[_MEMBER, ...])):
        raise ValueError("it has another form")


def is_of(made: Part, plan: PrunePlan) -> bool:
    """Has it the files that stay, and bytecode of them? One that was made here has. Where a module
    is shipped as bytecode alone, its source is there if it could not be compiled."""
    there = {each.name for each in made.members if not each.made}
    sources = {source_of(each.name) for each in made.members if each.made}
    return {*plan.stay} - {*plan.only} <= there <= {*plan.stay} >= sources


def refuse_bad_members(members: Iterable[Member]) -> None:
    """BuildError unless all are plain files below `python/`: what comes out of the sandbox came by
    other people's build scripts."""
    wrong = [f"{each.name!a}: mode {each.mode:o}" for each in members if each.mode not in MODES]
    wrong += files.unholdable(each.name for each in members)
    if wrong:
        raise BuildError(
            "the build produced files that a layer must not contain:\n" + "\n".join(wrong[:10]),
            fix="run `./doitw cache clean=1`, then the command again. If it comes back, leave out "
            "the packages that are built from source, one after the other",
        )


def together(
    parts: Iterable[Part], *, bytecode: bool, without: Collection[str] = ()
) -> list[Member]:
    """All files of a layer, by name. With or without our bytecode, or but for that of the sources
    `without`. Where two parts have the same file, the first one's. Our bytecode covers what a wheel
    brought."""
    found: dict[str, Member] = {}
    for member in _ordered(parts):
        if member.is_beside and (not bytecode or (without and source_of(member.name) in without)):
            continue
        if member.name not in found or (member.made and not found[member.name].made):
            found[member.name] = member
    return [found[name] for name in sorted(found)]


def _ordered(parts: Iterable[Part]) -> Iterator[Member]:
    for part in parts:
        yield from part.members


def stripped(parts: Mapping[str, Part]) -> StripReport:
    """The strip reports as one. `parts`: by package."""
    named = {name: part.strip for name, part in parts.items() if part.strip}
    reports = named.values()
    return StripReport(
        files=sum(each["files"] for each in reports),
        bytes=sum(each["bytes"] for each in reports),
        left_alone=sorted(name for each in reports for name in each["left_alone"]),
        unreadable=sorted(
            f"{path} ({name})" for name, each in named.items() for path in each["unreadable"]
        ),
    )


def summary(record: OptimizeRecord) -> list[str]:
    """For people."""
    lines = []
    if strip := record.strip:
        left = f"{len(strip.left_alone)} left alone (laid out by auditwheel)"
        stripped = count(strip.files, "library", "libraries")
        lines.append(f"stripped {stripped}, {size(strip.bytes)} saved; {left}")
        lines += unreadable(strip.unreadable)
    if code := record.bytecode:
        invalid = count(len(code.skipped), "file")
        skipped = f"; {invalid} not valid Python" if code.skipped else ""
        compiled = count(code.files, "module")
        lines.append(f"compiled {compiled}, {size(code.bytes)}{skipped}")
        lines += [f"without bytecode: {name}" for name in code.skipped[:LISTED]]
        lines += filter(None, [left_out(code)])
    return lines


def unreadable(names: Sequence[str]) -> list[str]:
    """Libraries that say of themselves what cannot be, for people."""
    said = [f"not stripped: {name} is no ELF file that can be read" for name in names]
    return few(said, "file", LISTED)


def left_out(code: BytecodeReport) -> str:
    """Bytecode for which there was no room, for people. '' where there was."""
    if not code.left_out:
        return ""
    modules = count(len(code.left_out), "module")
    return (
        f"warning: no room for the bytecode of {modules}: what imports them "
        f"takes about {code.seconds:.1f} s more at each cold start; `./doitw report` shows what "
        "could go instead"
    )
