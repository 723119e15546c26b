"""The folder that a command runs in."""

from pathlib import Path

from ..util.errors import InputError


def check_folder() -> None:
    """InputError for one that is gone, and for a name that other tools cannot be told."""
    try:
        here = str(Path.cwd())
    except OSError:
        problem = "the folder that this runs in is gone"
        raise InputError(problem, fix="change into the app's folder and run again") from None
    if "\n" in here or not _is_text(here):
        problem = f"the path of this folder holds a line end, or is not UTF-8: {here!a}"
        raise InputError(problem, fix="rename the folder, or move the app elsewhere")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
