"""Where a password may be found afterwards, and while a command runs."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

NAME, WORD = "builder", "hush/W0rd+of=ours"
LOGIN = f"{NAME}:{WORD}"
QUOTED = f"{NAME}:{quote(WORD, safe='')}"
FORMS = {WORD, quote(WORD, safe=""), quote(WORD), LOGIN}


def in_text(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    return [form for form in FORMS if form.encode() in data]


def in_folder(root: Path, but: Path | None = None) -> list[str]:
    """Files below `root` that hold it, zips looked into; `but`: the one that has to."""
    return [
        name
        for path in sorted(root.rglob("*"))
        if path.is_file() and path != but
        for name, data in contents(path)
        if in_text(data)
    ]


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of a file, and of what is in it when it is a zip. Nothing of one that is gone:
    the emulator removes a function's root while it is being looked through."""
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return
    yield str(path), whole
    if whole.startswith(b"PK"):  # is_zipfile also takes a .pyc that knows how a zip ends
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield f"{path}: {name}", archive.read(name)


@dataclass
class Processes:
    """The arguments of all processes of this machine, those in containers included, at each
    `look`."""

    arguments: set[bytes] = field(default_factory=set)

    def look(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                self.arguments.add((process / "cmdline").read_bytes())

    def has(self, word: str) -> bool:
        return any(word.encode() in each for each in self.arguments)


def address(url: str, login: str = QUOTED) -> str:
    """http://host → http://name:password@host"""
    return url.replace("://", f"://{login}@")


def home(folder: Path) -> dict[str, str]:
    """Variables of a person who has configured nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    cleared = {name: "" for name in os.environ if name.startswith(("PIP_", "UV_"))}
    return cleared | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}
