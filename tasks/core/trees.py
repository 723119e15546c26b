"""Folders of files, and names that a layer cannot hold."""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

_PLAIN = re.compile(r"[\w.+-][\w./+ -]*", re.ASCII)
NAME_LIMIT = 255  # bytes in one name, on Lambda's file system as on this one


def walk(root: Path) -> Iterator[Path]:
    """Every file and link below root, sorted by its path as text: the same order everywhere."""
    found = [f"{folder}/{name}" for folder, _, names in os.walk(root) for name in names]
    return map(Path, sorted(found))


def unholdable(names: Iterable[str]) -> list[str]:
    """Names that a zip or Lambda cannot hold, each as a sentence."""
    return [f"{name!a}: {why}" for name in names if (why := _unholdable(name))]


def _unholdable(name: str) -> str:
    if len(name) <= NAME_LIMIT and _PLAIN.fullmatch(name) and ".." not in name:
        return ""  # as nearly all are
    try:
        longest = max(len(part.encode()) for part in name.split("/"))
    except UnicodeEncodeError:
        return "the name is not UTF-8, a zip cannot hold it"
    if longest > NAME_LIMIT:
        return f"the name is longer than {NAME_LIMIT} bytes"
    if name.startswith("/") or ".." in name.split("/"):
        return "the name leads out of the layer"
    if "\\" in name or (not name.isprintable() and _controls(name)):
        return "the name has a backslash or control character, a zip cannot hold it"
    return ""


def _controls(name: str) -> bool:
    """A wide space is not printable either, and fine in a name."""
    return any(unicodedata.category(each) == "Cc" for each in name)
