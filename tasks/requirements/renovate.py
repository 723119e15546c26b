"""Renovate's pip-compile manager: what it reads in a lock, and the lock that it writes itself.

It finds a lock by a pattern (`init` writes that into its configuration), takes the command out of
the lock's first lines, and runs that command again. Then uv writes the file anew, without our
lines.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from ..settings.model import Settings
from .file import Line, is_pylock

ITS_MACHINE = "x86_64"


def header(settings: Settings) -> str:
    """The command, where Renovate looks for it (lib/modules/manager/pip-compile/common.ts): below
    comments, after four spaces, with options that it knows."""
    if is_pylock(Path(settings.requirements)):
        return ""  # it knows no way from one to the other
    return f"# What Renovate runs:\n#    {shlex.join(_command(settings))}\n"


def _command(settings: Settings) -> list[str]:
    words = ["uv", "pip", "compile", "--generate-hashes", f"--python-version={settings.python}"]
    return [*words, f"--output-file={settings.lock}", settings.requirements]


def wrote(text: str, settings: Settings) -> bool:
    """Is this what that command writes? (With more options it may be, never with others.)"""
    first = re.match(r"(?:#.*\n)*?#    (uv pip compile .*)\n", text)
    if not first or settings.architecture != ITS_MACHINE:
        return False
    return {*_command(settings)} <= {*shlex.split(first[1])}


def answers(lock: Sequence[Line], asked: Sequence[Line], python: str) -> bool:
    """Does it pin, with hashes, every package that is asked for, in a version that is allowed?"""
    pinned = {each.name: each for each in lock if each.name}
    return all(each.hashes for each in pinned.values()) and all(
        _is_met(line, pinned.get(line.name), python) for line in asked if line.name
    )


def _is_met(line: Line, pinned: Line | None, python: str) -> bool:
    wanted, found = line.requirement, pinned.requirement if pinned else None
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    if wanted is None or (wanted.marker and not wanted.marker.evaluate(here)):
        return True
    if found is None:
        return line.constraint
    versions = [each.version for each in found.specifier]
    return all(wanted.specifier.contains(each, prereleases=True) for each in versions)
