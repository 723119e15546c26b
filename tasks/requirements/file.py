"""Requirement files: read with their includes, checked line by line, comments dropped."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..ui import logins
from ..util import input_files, source_location
from ..util.errors import InputError
from ..util.source_location import Problem, SourceLocation
from . import pylock, references
from .references import LogicalLine

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# `numpy==1.26.4`, as all of a lock's: its own spelling, and known without `packaging`, which takes
# a tenth of the time of a `doit` that finds nothing to do
_PLAIN = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)==\d+(?:\.\d+)*(?:\.post\d+)?", re.ASCII)
_HASH = re.compile(r"\s--hash[= ](\S+)")
_SINGLE = re.compile(r"([\w.\[\],-]+?)\s*=\s*(\d[\w.*+!]*)")  # numpy=1.2
_PYLOCK = re.compile(r"pylock(\.[^.]+)?\.toml")
DEEPEST = 100  # files, each included by the one before
_LOCAL = re.compile(
    r"(-e\b|--editable\b|\.{0,2}/|file:|[\w.\[\],\s-]*@\s*(file:|\.{0,2}/)|\.(\[|$))"
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One requirement or option, with the place it stands at."""

    text: str
    file: str
    number: int
    constraint: bool = False

    @property
    def bare(self) -> str:
        """Without hashes."""
        return _HASH.sub("", self.text).strip()

    @property
    def is_option(self) -> bool:
        """`--index-url …`"""
        return self.text.startswith("-")

    @property
    def requirement(self) -> "Requirement | None":
        """None for an option. InvalidRequirement."""
        return None if self.is_option else parse_requirement(self.bare)

    @property
    def name(self) -> str:
        """The package's, normalised. '' for an option. InvalidRequirement."""
        if plain := _PLAIN.fullmatch(self.bare):
            return canonical(plain[1])
        return canonical(self.requirement.name) if self.requirement else ""

    @property
    def hashes(self) -> list[str]:
        """`sha256:…` of every artifact that is allowed, sorted."""
        return sorted(_HASH.findall(self.text))


def read_requirements(path: Path) -> list[Line]:
    """Every line that means something, includes followed. All bad lines in one InputError."""
    lines = _read(path, constraint=False)
    problems = [problem for line in lines if (problem := _problem(line))]
    if problems:
        raise InputError(
            source_location.joined(problems), fix="correct the lines named and run again"
        )
    if all(line.is_option or line.constraint for line in lines):
        raise InputError(f"{path} names no package", fix="list the layer's packages, one a line")
    return lines


def lines(path: Path) -> list[Line]:
    """The same for a file that others read: nothing is said of what we could not use. [] for none.
    InputError where an include is missing."""
    return _read(path, constraint=False) if _is_file(path) else []


def refuse_unreadable(path: Path) -> None:
    """InputError for lines that pip cannot read either, each with the way to write it. What pip
    can and a layer cannot (a folder, a bare address) is no matter here."""
    found = [_unreadable(line) for line in lines(path) if not _pip_reads(line)]
    if problems := [each for each in found if each]:
        raise InputError(
            source_location.joined(problems),
            fix="correct these lines, which pip cannot read: NAME, NAME==VERSION, NAME @ ADDRESS",
        )


def _pip_reads(line: Line) -> bool:
    from packaging.requirements import InvalidRequirement

    bare = re.sub(r"\s--.*$", "", line.text)
    if line.is_option or _LOCAL.match(bare) or references.advice(bare) or Path(bare).exists():
        return True
    try:
        parse_requirement(bare)
    except InvalidRequirement:
        return False
    return True


def files(path: Path) -> list[Path]:
    """The file and everything it includes that exists, for `file_dep`."""
    found: dict[str, Path] = {}  # by its real path: one file may be named in many ways
    waiting = [path]
    while waiting:
        file = waiting.pop(0)
        if not _is_file(file) or (real := os.path.realpath(file)) in found:
            continue
        found[real] = file
        waiting += _includes(file)
    return list(found.values())


def _is_file(path: Path) -> bool:
    """False, too, where nobody can look (no access, a name too long for any file)."""
    try:
        return path.is_file()
    except OSError:
        return False


def _includes(path: Path) -> list[Path]:
    """Empty for a file that cannot be read: `read` is what complains about it."""
    try:
        found = [references.include(line.text) for line in _logical(path)]
    except InputError:
        return []
    return [path.parent / each.name for each in found if each]


def direct_names(lines: list[Line]) -> list[str]:
    """Normalised names (PEP 503) of the packages asked for, sorted."""
    return sorted({line.name for line in lines if line.name and not line.constraint})


def normalised(lines: list[Line]) -> list[str]:
    """What decides the result: no comments, no blank lines, no order, one spelling of spaces."""
    texts = {("-c " if line.constraint else "") + spelling(line) for line in lines}
    return sorted(texts.union(*(references.contents(line.text) for line in lines)))


def as_texts(lines: list[Line]) -> dict[str, bytes]:
    """The same as at most two files without includes, for an installer in this folder."""
    asked = [line.text for line in lines if not line.constraint]
    limits = [line.text for line in lines if line.constraint]
    files = {"requirements.txt": asked + (["-c constraints.txt"] if limits else [])}
    files |= {"constraints.txt": limits} if limits else {}
    return {name: ("\n".join(texts) + "\n").encode() for name, texts in files.items()}


def as_inputs(lines: list[Line]) -> dict[str, bytes | Path]:
    """And for one elsewhere, with the packages in the folders that they name."""
    _, wheels = references.carried(line.text for line in lines if line.is_option)
    own = [line for line in lines if not references.links(line.text)]
    place = Line(text="--find-links ./links", file="", number=0)
    return {**as_texts([place] * bool(wheels) + own), **wheels}


def keeping_hashes(exact: list[Line], asked: list[Line]) -> list[Line]:
    """What was asked for came to `exact`. Where a line asked for hashes, these still count and not
    the index's."""
    own = {line.name: line.hashes for line in asked if line.name}
    return [
        replace(line, text=" ".join([str(line.requirement), *map("--hash={}".format, hashes)]))
        if (hashes := own.get(line.name))
        else line
        for line in exact
    ]


def spelling(line: Line) -> str:
    """The line as everybody would write it, its hashes in order."""
    return " ".join([_wanted(line), *(f"--hash={value}" for value in line.hashes)])


def applies(line: Line, environment: Mapping[str, str]) -> bool:
    """Is it a requirement, and its marker true where `environment` holds?"""
    if line.is_option or _PLAIN.fullmatch(line.bare):
        return not line.is_option
    marker = line.requirement.marker if line.requirement else None
    return marker is None or marker.evaluate(dict(environment))


def _wanted(line: Line) -> str:
    if line.is_option:
        return " ".join(line.text.split())
    return line.bare if _PLAIN.fullmatch(line.bare) else str(line.requirement)


def _read(
    path: Path, *, constraint: bool, seen: tuple[Path, ...] = (), read: set[object] | None = None
) -> list[Line]:
    """`read`: what was read before. A file that is included twice adds nothing. Twice at each of
    forty levels it would take for ever."""
    read = set() if read is None else read
    if (path, constraint) in read:
        return []
    reject_circle(path, seen)
    lines = []
    for line in _logical(path):
        if found := _include(path, line):
            inner, limits = path.parent / found.name, constraint or found.constraint
            lines += _read(inner, constraint=limits, seen=(*seen, path), read=read)
        else:
            text = references.rebased(line.text, path.parent)
            lines.append(Line(text=text, file=str(path), number=line.number, constraint=constraint))
    read.add((path, constraint))
    return lines


def _include(path: Path, line: LogicalLine) -> references.Include | None:
    """InputError where the line says what no file here can be."""
    try:
        found = references.include(line.text)
    except InputError as error:
        place = source_location.at(path, line.number)
        raise InputError(source_location.below(error.problem, place), fix=error.fix) from None
    if found and (missing := references.missing_variables(found.name)):
        place = source_location.at(path, line.number)
        problem = f"{path}, line {line.number}: {', '.join(missing)} is not set"
        fix = "set that variable, or write the name of the file in its place"
        raise InputError(source_location.below(problem, place), fix=fix)
    return found


def reject_circle(path: Path, seen: Sequence[Path]) -> None:
    """InputError for a file that its own includes lead back to, by whatever name. `seen`: those
    that led here."""
    if any(_is_same(path, each) for each in seen):
        raise InputError(f"{path} includes itself", fix=f"take the include out of {seen[-1]}")
    if len(seen) > DEEPEST:
        problem = f"{path} is included through more than {DEEPEST} files, each by the one before"
        raise InputError(problem, fix=f"write its lines into {seen[0]}")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return one == other


def _logical(path: Path) -> list[LogicalLine]:
    """Those that have a text."""
    try:
        text = input_files.read_marked_text(path)
    except FileNotFoundError:
        fix = "create it, or name another with requirements=FILE"
        raise InputError(f"{path} does not exist", fix=fix) from None
    text = pylock.requirements(text, str(path)) if is_pylock(path) else text
    return [line for line in references.logical_lines(text) if line.text]


def is_pylock(path: Path) -> bool:
    """By its name, as PEP 751 has it: pylock.toml, pylock.NAME.toml."""
    return bool(_PYLOCK.fullmatch(path.name))


def _problem(line: Line) -> Problem | None:
    if logins.are_open(line.text):
        place = f"{line.file}, line {line.number}"  # not the line: this is printed
        said = "an address with a password or token: write ${NAME} in its place and set that"
        return f"{place}: {said} variable", None
    where = f"{line.file}, line {line.number}: {line.text!r}"
    if _LOCAL.match(line.text):
        said = (
            "is a local path, which would differ on each machine; publish it, or put its wheel "
            "into a folder of the project and write `--find-links ./FOLDER` and `NAME==VERSION`"
        )
        return f"{where} {said}", _place(line, 0)
    if line.is_option or _PLAIN.fullmatch(line.bare):
        return None
    if advice := references.advice(line.text):
        return f"{where} is not a requirement: {advice}", _place(line, 0)
    return _unreadable(line)


def _unreadable(line: Line) -> Problem | None:
    from packaging.requirements import InvalidRequirement

    try:
        line.requirement  # noqa: B018 - parsing is the check
    except InvalidRequirement as error:
        why, *shown = str(error).splitlines()
        # packaging points at the fault in a line of its own
        where = f"{line.file}, line {line.number}: {line.text!r}"
        return f"{where} is not a requirement: {why}", _place(line, _column(shown))
    return None


def _column(shown: list[str]) -> int:
    """Where packaging's `^` stands under the requirement, which it indents by four."""
    return max(shown[-1].find("^") - 4, 0) if len(shown) > 1 else 0


def _place(line: Line, start: int) -> SourceLocation:
    meant = _SINGLE.fullmatch(line.text)
    return SourceLocation(
        file=line.file,
        line=line.number,
        text=line.text,
        start=min(start, len(line.text)),
        hint=f"did you mean {meant[1]}=={meant[2]}?" if meant else "",
    )


def parse_requirement(text: str) -> "Requirement":
    """InvalidRequirement, also for brackets that nest deeper than Python follows."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except RecursionError:
        raise InvalidRequirement("its brackets nest too deeply") from None


def canonical(name: str) -> str:
    """As PEP 503 has it: `Foo_Bar.baz` and `foo-bar-baz` are the same package."""
    return re.sub(r"[-_.]+", "-", name).lower()
