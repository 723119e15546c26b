"""What the import test tries of each distribution, and in which order."""

from collections.abc import Collection, Sequence
from typing import Any

from ..layer.installed import Installed
from ..util import modules
from .lambda_libraries import is_library

Question = dict[str, Any]
# Ends of names that no compiled file has. Others may be one, also without a right to be executed:
# Node's *.node, and what was zipped without modes.
PLAIN = (
    ".py", ".pyc", ".pyi", ".typed", ".txt", ".md", ".rst", ".json", ".yml", ".yaml", ".toml",
    ".cfg", ".ini", ".xml", ".html", ".css", ".js", ".map", ".csv", ".gz", ".npy", ".npz", ".pem",
    ".h", ".hpp", ".c", ".cpp", ".pyx", ".pxd", ".svg", ".png", ".tmpl", ".jinja", ".j2", ".ttf",
    "METADATA", "RECORD", "WHEEL", "INSTALLER", "REQUESTED", "LICENSE",
)  # fmt: skip


def question(tree: Installed, stay: Sequence[str]) -> dict[str, Question]:
    """What to try of each distribution: what is in the layer of it (`stay`), its outermost modules
    first."""
    there = set(stay)
    owned = modules.by_distribution(stay, tree.owners)
    found = {}
    for each in tree.distributions:
        names = owned.get(each.name, [])
        outer = modules.top_level(names)
        mine = [path for path in sorted(each.files) if path in there]
        mine = [path for path in mine if tree.owners[path] == each.name]
        found[each.name] = {
            "folder": each.folder if _holds(there, each.folder) else "",
            "modules": [*outer, *sorted(set(names) - set(outer))],
            "outer": outer,
            "libraries": [path for path in mine if is_library(path)],
            "programs": [path for path in mine if may_be_program(path, *each.files[path])],
        }
    return found


def may_be_program(path: str, size: int, executable: bool) -> bool:
    return not is_library(path) and (executable or (size > 0 and not path.endswith(PLAIN)))


def _holds(paths: Collection[str], folder: str) -> bool:
    return any(path.startswith(f"{folder}/") for path in paths)
