"""Where S3 holds what belongs to a layer: the one module that knows the keys."""

import re
from collections.abc import Iterable

TIME = len("YYYYMMDD-HHMMSS")  # characters of a folder's name that say when


def prefix(layer: str) -> str:
    """What every key of the layer in S3 begins with."""
    return f"layers/{layer}/"


def folder(layer: str, built: str) -> str:
    """Where S3 holds one zip and its manifest. `built`: YYYYMMDD-HHMMSS, UTC. For
    one that met another zip of that second `apart` from it."""
    return f"{prefix(layer)}{built}"


def apart(built: str, sha256: str) -> str:
    """The folder of a zip whose second has another zip's folder already."""
    return f"{built[:TIME]}-{sha256[:8]}"


def manifest_key(layer: str, built: str) -> str:
    return f"{folder(layer, built)}/manifest.json"


def zip_key(layer: str, built: str) -> str:
    return f"{folder(layer, built)}/{layer}.zip"


def note_key(layer: str, number: int) -> str:
    """Where S3 notes when a version was built, and so where its zip lies, also after it was
    deleted."""
    return f"{prefix(layer)}versions/{number}"


def noted(layer: str, keys: Iterable[str]) -> list[int]:
    """The numbers that have such a note, oldest first: what was ever published from here."""
    note = re.compile(re.escape(f"{prefix(layer)}versions/") + r"([1-9]\d*)")
    return sorted(int(found[1]) for key in keys if (found := note.fullmatch(key)))


def alias_key(layer: str, input_hash: str) -> str:
    """Where S3 notes which version holds what these inputs make, when other inputs made it."""
    return f"{prefix(layer)}inputs/{input_hash}"
