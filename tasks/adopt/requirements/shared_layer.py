"""A layer that several apps of a repository have: same name, same bucket, one requirements file."""

import os
from pathlib import Path
from typing import Any

from ...settings.pyproject import TABLE, by_stage
from ...util.errors import InputError
from ..text_files import text_of
from .requirements_files import Split, headed, parse_entries
from .sources import FUNCTION, LAYER, PYPROJECT

SAME = ("layer", "bucket", "region", "python", "architecture")


def settings_of(root: Path, folder: str) -> dict[str, Any]:
    """What this app takes over from the app in that folder. InputError where that has no layer."""
    _, table = by_stage(root / folder / PYPROJECT)[""]
    if "layer" not in table:
        raise InputError(
            f"{folder} has no app with a layer: its {PYPROJECT} has no [{TABLE}]",
            fix="run doit-lambda-layer init there first, then this again",
        )
    wanted = Path(folder, str(table.get("requirements", LAYER)))
    shared = os.path.relpath((root / wanted).resolve(), root.resolve())
    return {name: table[name] for name in SAME if name in table} | {"requirements": shared}


def file_of(table: dict[str, Any]) -> str:
    """The requirements file that the settings name. '' for the app's own."""
    named = str(table.get("requirements", LAYER))
    return "" if named == str(LAYER) else named


def halves(root: Path, file: str) -> tuple[Split, dict[Path, str]]:
    """All of it goes into the layer, and the file stays as it is. InputError where it is gone."""
    text = text_of(root / file)
    if text is None:
        raise InputError(
            f"{file}, which `requirements` in [{TABLE}] names, is not there",
            fix="correct the setting, or make the file",
        )
    entries = parse_entries(text, (root / file).parent, root=root)
    goes = [each for each in entries if each.text and not each.is_option]
    return Split(stays=[], goes=goes, options=[]), {FUNCTION: headed(FUNCTION, "")}
