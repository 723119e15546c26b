"""tasks/adopt/renovate.py: the pattern that finds the layer's lock."""

import json
import re
from pathlib import Path

import pytest

from tasks.adopt import renovate


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "extends": ["config:recommended"]\n}\n',
        '{"pip-compile": {"managerFilePatterns": ["/x/"]}, "packageRules": [{"enabled": true}]}',
        "{}",
    ],
)
def test_what_is_missing_comes_in(text: str) -> None:
    """All else stays; a second time there is nothing to do."""
    made = renovate.configuration(text)
    before, after = json.loads(text), json.loads(made)
    assert renovate.LOCK in after["pip-compile"]["managerFilePatterns"]
    assert renovate.OTHER in after["packageRules"]
    for name, value in before.items():
        assert value == after[name] or name in ("pip-compile", "packageRules")
    assert [*before.get("packageRules", []), renovate.OTHER] == after["packageRules"]
    assert renovate.configuration(made) == made


def test_the_pattern_finds_every_lock_that_this_tool_writes() -> None:
    """As Renovate reads one between slashes: a regular expression of the path."""
    pattern = re.compile(renovate.LOCK.strip("/"))
    for path in ("requirements-all.lock", "services/a/requirements-all.py313.lock"):
        assert pattern.search(path)
    for path in ("requirements.txt", "old-requirements-all.lock", "requirements-all.lock.bak"):
        assert not pattern.search(path)


@pytest.mark.parametrize("text", ["{ // why\\n}", "[]"])
def test_what_is_no_plain_json_stays(text: str) -> None:
    """And what to add is said, of Renovate's files alone."""
    assert renovate.configuration(text) == text
    first, second = renovate.notes(Path("../.github/renovate.json"), text)
    assert first.startswith("note: ../.github/renovate.json is no plain JSON")
    assert json.loads(f"{{{second.strip()}}}")["pip-compile"]["managerFilePatterns"] == [
        renovate.LOCK
    ]
    assert list(renovate.notes(Path("dodo.py"), text)) == []
    assert list(renovate.notes(Path("renovate.json"), renovate.configuration("{}"))) == []


def test_where_it_is_looked_for(tmp_path: Path) -> None:
    """In the places that Renovate knows; without one, nothing is written."""
    assert renovate.find(tmp_path) is None
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/renovate.json").write_text("{}")
    assert renovate.find(tmp_path) == Path(".github/renovate.json")
