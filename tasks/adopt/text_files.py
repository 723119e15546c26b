"""Files to write, shown as a diff before they are written."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..util import files, input_files


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """What a file is to hold, and why. `before`: what it holds. None where there is none."""

    path: Path
    before: str | None
    after: str
    why: str

    @property
    def diff(self) -> list[str]:
        """As `git diff` shows it. [] where nothing changes."""
        source = f"a/{self.path}" if self.before is not None else "/dev/null"
        lines = difflib.unified_diff(
            (self.before or "").splitlines(), self.after.splitlines(), source, f"b/{self.path}",
            lineterm="",
        )  # fmt: skip
        return list(lines)


def text_of(path: Path) -> str | None:
    """A file's text, its line ends as they are. None where there is none. InputError for no
    text."""
    try:
        return input_files.read_marked_text(path)
    except FileNotFoundError:
        return None


def needed(changes: Iterable[FileChange]) -> list[FileChange]:
    """Those that change something."""
    return [change for change in changes if change.before != change.after]


def write_changes(changes: Iterable[FileChange]) -> None:
    """Each file whole or not at all. Its mode and a link stay."""
    for change in changes:
        path = change.path.resolve()
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        files.write_atomic(path, change.after.encode(), mode=mode)
