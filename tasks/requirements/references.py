"""Lines of a requirements file, and what they name beside packages: files, folders, addresses."""

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..util import files
from ..util.errors import InputError

_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)(?:[\s=]\s*|(?=[^\s=-]))(\S.*)")
_LINKS = re.compile(r"(-f|--find-links)(?:[\s=]\s*|(?=[^\s=-]))(\S.*)")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")  # as pip fills them in
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]+://", re.I)
# A package's file: `six-1.17.0-py3-none-any.whl`, `six-1.17.0.tar.gz`
FILE = re.compile(r"(?:^|/)([A-Za-z0-9][\w.]*?)-\d[^/\s#]*\.(?:whl|tar\.gz|zip)\b")
EGG = re.compile(r"#(?:[^\s#]*&)?egg=([A-Za-z0-9][\w.-]*)")
_LOCAL = re.compile(r"(?:[\w.\[\],-]+\s*@\s*)?((?:file:|\.{0,2}/)[^\s;]+)")
_VCS = re.compile(r"(git|hg|svn|bzr)\+")
WHEELS = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, kw_only=True)
class LogicalLine:
    """`text`: continuations joined, without comments. `raw`: as it stands, with the comments above
    it. `number`: where the text begins, from 1."""

    text: str
    raw: str
    number: int


@lru_cache(maxsize=32)  # each step of a run asks for the same few files
def logical_lines(text: str) -> tuple[LogicalLine, ...]:
    """In order. Comments that belong to no line, and blank lines, have no text."""
    found, raw, words, start = list[LogicalLine](), "", "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if words.strip() else number
        raw += line + "\n"
        bare = _COMMENT.sub("", line).strip()
        words += bare.removesuffix("\\").strip() + " "
        if bare.endswith("\\") or (line.strip().startswith("#") and not words.strip()):
            continue
        found.append(LogicalLine(text=words.strip(), raw=raw, number=start))
        raw, words = "", ""
    rest = [LogicalLine(text=words.strip(), raw=raw, number=start)] if raw else []
    return (*found, *rest)


@dataclass(frozen=True, kw_only=True)
class Include:
    """`-r name`, or of `-c` a constraint. `name`: without quotes, its variables filled in."""

    name: str
    constraint: bool


def include(text: str) -> Include | None:
    """None for a line that names no other file. InputError for an address: its content could change
    without anything here, and what was built from it would still be taken for up to date."""
    found = _INCLUDE.fullmatch(text)
    if not found:
        return None
    name = expanded(unquoted(found[2]))
    if _REMOTE.match(name) and not name.startswith("file://"):
        word = found[1]
        raise InputError(
            f"`{text}` names a file on the network, which may change while nothing here does",
            fix=f"fetch it (curl -o {_basename(name)} {name}), commit it, and write "
            f"`{word} {_basename(name)}`",
        )
    path = unquote(urlsplit(name).path) if name.startswith("file://") else name
    return Include(name=path, constraint="c" in found[1][:3])


def missing_variables(text: str) -> list[str]:
    """That a line names and nobody has set."""
    return [name for name in _VARIABLE.findall(text) if name not in os.environ]


def expanded(text: str) -> str:
    """With the variables that are set, as pip does it."""
    return _VARIABLE.sub(lambda found: os.environ.get(found[1], found[0]), text)


def unquoted(text: str) -> str:
    """`"my file.txt"` → my file.txt"""
    try:
        return shlex.split(text)[0] if text[:1] in "\"'" else text.strip()
    except ValueError:
        return text


def links(text: str) -> str:
    """The folder on this machine that `--find-links` names. '' for an address and any other
    line."""
    found = _LINKS.fullmatch(text)
    name = expanded(unquoted(found[2])) if found else ""
    if name.startswith("file://"):
        return unquote(urlsplit(name).path)
    return "" if _REMOTE.match(name) else name


def rebased(text: str, folder: Path) -> str:
    """A line of a file in `folder` as it reads from here: pip takes a folder of wheels from the
    file that names it."""
    place = links(text)
    return f"--find-links {_quoted(os.path.normpath(folder / place))}" if place else text


def rebased_include(found: Include, folder: Path) -> str:
    return f"{'-c' if found.constraint else '-r'} {_quoted(os.path.normpath(folder / found.name))}"


def wheels(texts: Iterable[str]) -> list[Path]:
    """The packages in all folders that the lines name, sorted. InputError for a folder that is
    not there."""
    found = []
    for text in texts:
        if place := links(text):
            if not Path(place).is_dir():
                raise InputError(
                    f"`{text}`: there is no folder {place}",
                    fix="correct the folder's name, or make the folder",
                )
            found += [path for path in Path(place).iterdir() if path.name.endswith(WHEELS)]
    return sorted(found)


def carried(texts: Iterable[str]) -> tuple[list[str], dict[str, Path]]:
    """The lines for an installer elsewhere, and the files that go with them: what lies in a folder
    here is given to it."""
    lines = list(texts)
    found = wheels(lines)
    kept = [text for text in lines if not links(text)]
    more = ["--find-links ./links"] if found else []
    return [*more, *kept], {f"links/{path.name}": path for path in found}


def contents(text: str) -> Iterator[str]:
    """What decides what a line means and does not stand in it: the packages in its folder."""
    for path in wheels([text]):
        yield f"{path.name} {files.file_digest(path)}"


def package_file(text: str) -> Path | None:
    """The file of this machine that a line names as a package: `./six-1.0-py3-none-any.whl`,
    `six @ file:///…`."""
    found = _LOCAL.match(text)
    name = found[1] if found else ""
    path = Path(unquote(urlsplit(name).path) if name.startswith("file:") else name)
    return path if path.is_file() else None


def name_of(text: str) -> str:
    """The package of an address or a path, as far as it says so. '' else."""
    found = EGG.search(text) or FILE.search(text)
    return found[1] if found else ""


def advice(text: str) -> str:
    """How a bare address is written as a requirement. '' for what is none."""
    bare = text.partition(" ")[0]
    if not _REMOTE.match(bare):
        return ""
    stem = urlsplit(bare).path.partition("@")[0].rstrip("/").rpartition("/")[2]
    name = name_of(bare) or (stem.removesuffix(".git") if _VCS.match(bare) else "NAME")
    address = EGG.sub("", bare)
    return f"an address needs the package's name before it: {name} @ {address}"


def _basename(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2] or "constraints.txt"


def _quoted(path: str) -> str:
    return shlex.quote(path) if " " in path else path
