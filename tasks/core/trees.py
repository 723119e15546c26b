"""Folders of files: sizes, digests, names that a layer cannot hold."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME_LIMIT = 255  # bytes in one name, on Lambda's file system as on this one


def walk(root: Path) -> Iterator[Path]:
    """Every file and link below root, sorted by its path as text: the same order everywhere."""
    found = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    return iter(sorted(found, key=lambda path: path.relative_to(root).as_posix()))


def measure(root: Path) -> dict[str, Any]:
    """{"tree": sha256 over names, modes and contents, "bytes": their sum, "files": how many}."""
    total, count, digest = 0, 0, hashlib.sha256()
    for path in walk(root):
        content = _content(path)
        executable = bool(path.lstat().st_mode & 0o100)
        head = f"{path.relative_to(root).as_posix()}\0{executable:d}\0{len(content)}\0"
        digest.update(head.encode(errors="surrogateescape") + hashlib.sha256(content).digest())
        total, count = total + len(content), count + 1
    return {"tree": digest.hexdigest(), "bytes": total, "files": count}


def _content(path: Path) -> bytes:
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()


def unholdable(root: Path) -> list[str]:
    """Names that a zip or Lambda cannot hold, each as a sentence."""
    return [
        f"{path.relative_to(root).as_posix()!a}: {why}"
        for path in walk(root)
        if (why := _unholdable(path.relative_to(root).as_posix()))
    ]


def _unholdable(name: str) -> str:
    try:
        longest = max(len(part.encode()) for part in name.split("/"))
    except UnicodeEncodeError:
        return "the name is not UTF-8, a zip cannot hold it"
    if longest > NAME_LIMIT:
        return f"the name is longer than {NAME_LIMIT} bytes"
    if "\\" in name or not name.isprintable():
        return "the name has a backslash or control character, a zip cannot hold it"
    return ""


def link_or_copy(source: Path, target: Path) -> None:
    """A hard link where the file system allows; neither side may be edited in place."""
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def link_tree(source: Path, target: Path) -> None:
    """A whole tree as hard links."""
    for path in walk(source):
        link_or_copy(path, target / path.relative_to(source))
