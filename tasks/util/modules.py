"""Which modules a tree holds, and to which package each belongs."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping

_PART = re.compile(r"[^\W\d]\w*")
_EXTENSION = re.compile(r"(\.cpython-[\w-]+|\.abi3)?\.so$")
LAUNCHERS = ("__main__",)  # running them is their purpose


def dotted(path: str) -> str:
    """a/b/__init__.py → a.b, a/c.cpython-312-x86_64-linux-gnu.so → a.c. No module → ''."""
    if path.endswith(".py"):
        stem = path[:-3]
    elif path.endswith(".so"):
        stem = _EXTENSION.sub("", path)
    else:
        return ""
    parts = stem.split("/")
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    if not parts or parts[-1] in LAUNCHERS or not all(map(_PART.fullmatch, parts)):
        return ""
    return ".".join(parts)


def is_met_by_all(path: str) -> bool:
    """Does a file change what other packages import: by the name of a standard module, or as a
    .pth file?"""
    top, _, rest = path.partition("/")
    if rest:
        return top in sys.stdlib_module_names and rest.partition(".")[0] == "__init__"
    return top.endswith(".pth") or top.partition(".")[0] in sys.stdlib_module_names


def by_distribution(files: Iterable[str], owners: Mapping[str, str]) -> dict[str, list[str]]:
    """{package: its modules, sorted}. Files nobody claims go under their top folder."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in files:
        if name := dotted(path):
            found[owners.get(path, path.split("/")[0])].add(name)
    return {owner: sorted(names) for owner, names in sorted(found.items())}


def top_level(modules: Iterable[str]) -> list[str]:
    """The outermost modules of a package that are not inside another of its own: what a
    person imports. For a namespace package that is `google.generativeai`, not `google`."""
    names = set(modules)
    return sorted(
        name for name in names if names.isdisjoint(around(name) - {name}) and "__" not in name
    )


def around(name: str) -> set[str]:
    """a.b.c → a, a.b, a.b.c"""
    parts = name.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
