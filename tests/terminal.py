"""What a person sees: a command run on a terminal."""

import os
import pty
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SIZE = {"COLUMNS": "100", "LINES": "40", "TERM": "xterm-256color"}
MOVES = re.compile(r"\x1b\[(?P<count>\d*)(?P<move>[A-Za-z])|\x1b\[\?\d+[hl]|(?P<char>.)", re.S)


def shown(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit status, and all that came, control characters too."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env={**SIZE, **environment},
    ) as process:  # fmt: skip
        os.close(theirs)
        text = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.returncode, text.decode()


def plain(environment: Mapping[str, str]) -> dict[str, str]:
    """The tests may run in CI themselves."""
    ci = ("GITHUB_", "GITLAB_", "NO_COLOR", "FORCE_COLOR")
    return {name: value for name, value in environment.items() if not name.startswith(ci)}


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other side is closed
        return b""


def without_colours(seen: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", seen)


def left_standing(seen: str) -> list[str]:
    """The lines that are there at the end: a terminal, as far as rich uses one."""
    rows, row = [""], 0
    for found in MOVES.finditer(without_colours(seen)):
        if found["move"] == "A":
            row -= int(found["count"] or 1)
        elif found["move"] == "K" or found["char"] == "\r":
            rows[row] = "" if found["move"] else rows[row]
        elif found["char"] == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        else:
            rows[row] += found["char"] or ""
    return [line.strip() for line in rows if line.strip()]
