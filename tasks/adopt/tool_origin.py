"""Where this tool was installed from: what CI has to give `pip install` for the same one."""

import json
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..util.version import VERSION
from . import repository

NAME = "doit-lambda-layer"
RECORD = "direct_url.json"  # PEP 610: of what was given as an address or a file


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`requirement`: as pip takes it, '' where no other machine could. `told`: in words."""

    requirement: str
    told: str


def of_this(root: Path) -> Origin:
    """`root`: the app's folder, which CI has, too."""
    try:
        return read_origin(distribution(NAME).read_text(RECORD), root)
    except PackageNotFoundError:
        return Origin(requirement="", told="init ran in the tool's own checkout")


def read_origin(record: str | None, root: Path) -> Origin:
    """`record`: direct_url.json, None where an index was asked by name."""
    if record is None:
        return Origin(requirement=f"{NAME}=={VERSION}", told="the version that init came from")
    found = json.loads(record)
    parts = urlsplit(found["url"])
    if parts.scheme == "file":
        return _file(Path(unquote(parts.path)), root.resolve())
    if parts.scheme != "https" or "@" in parts.netloc or parts.query or "${{" in found["url"]:
        return Origin(requirement="", told="init came from an address that is not for everybody")
    return Origin(requirement=f"{NAME} @ {_address(found)}", told="where init came from")


def _file(path: Path, root: Path) -> Origin:
    if path.is_file() and path.is_relative_to(repository.top(root)):
        name = os.path.relpath(path, root)
        name = name if name.startswith(".") else f"./{name}"
        return Origin(requirement=name, told="the wheel that init came from")
    return Origin(requirement="", told="init came from a file that CI does not have")


def _address(found: dict[str, Any]) -> str:
    """With the commit or the hash that it had here."""
    url = str(found["url"])
    if vcs := found.get("vcs_info"):
        return f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    digest = found.get("archive_info", {}).get("hashes", {}).get("sha256")
    return f"{url}#sha256={digest}" if digest else url
