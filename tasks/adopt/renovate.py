"""Renovate's configuration: the pattern by which its pip-compile manager finds the layer's lock.

docs.renovatebot.com: modules/manager/pip-compile, configuration-options (matchFileNames).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..chalice_project import json_edit

# Where it is looked for; those in JSON5 are a person's to change.
FILES = tuple(map(Path, (
    "renovate.json", ".github/renovate.json", ".gitlab/renovate.json", ".renovaterc",
    ".renovaterc.json",
)))  # fmt: skip
MANAGER, PATTERNS = "pip-compile", "managerFilePatterns"
LOCK = r"/(^|/)requirements-all(\.py3\d+)?\.lock$/"
# Else its other manager changes the requirements, too, and leaves the lock behind.
OTHER = {
    "matchManagers": ["pip_requirements"],
    "matchFileNames": ["**/requirements-all.txt"],
    "enabled": False,
}


def find(top: Path) -> Path | None:
    """The repository's, as seen from its top. None where it has none that can be changed."""
    return next((path for path in FILES if (top / path).is_file()), None)


def configuration(text: str) -> str:
    """With what is missing. All else stays, as does what is no JSON object."""
    found = _parsed(text)
    if found is None:
        return text
    manager, rules = found.get(MANAGER) or {}, found.get("packageRules") or []
    patterns = manager.get(PATTERNS) or []
    if LOCK not in patterns:
        text = json_edit.with_object(text, (MANAGER,))
        text = json_edit.with_member(text, (MANAGER,), PATTERNS, [*patterns, LOCK])
    if OTHER not in rules:
        text = json_edit.with_member(text, (), "packageRules", [*rules, OTHER])
    return text


def _parsed(text: str) -> dict[str, Any] | None:
    """None for JSON with comments, which Renovate reads, too."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def notes(path: Path, text: str) -> Iterator[str]:
    """What a person has to write there."""
    if any(path.parts[-len(each.parts) :] == each.parts for each in FILES) and not _parsed(text):
        member = json.dumps({MANAGER: {PATTERNS: [LOCK]}})[1:-1]
        yield f"note: {path} is no plain JSON. For Renovate to find the layer's lock, add:"
        yield f"      {member}"
