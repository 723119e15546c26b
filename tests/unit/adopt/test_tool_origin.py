"""tasks/adopt/tool_origin.py: what CI's pip is given, for everything that direct_url.json can
say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.adopt import tool_origin
from tasks.util.version import VERSION

WHEEL = f"doit_lambda_layer-{VERSION}-py3-none-any.whl"
SITE = f"https://example.com/{WHEEL}"


def requirement(root: Path, **record: Any) -> str:
    return tool_origin.read_origin(json.dumps(record), root).requirement


def test_from_an_index_it_is_the_version(tmp_path: Path) -> None:
    """No direct_url.json: a name was asked for."""
    assert tool_origin.read_origin(None, tmp_path).requirement == f"doit-lambda-layer=={VERSION}"


def test_an_address_keeps_its_hash_and_a_repository_its_commit(tmp_path: Path) -> None:
    """So that CI gets the same bytes."""
    hashed = {"hashes": {"sha256": "ab12"}}
    found = requirement(tmp_path, url=SITE, archive_info=hashed)
    assert found == f"doit-lambda-layer @ {SITE}#sha256=ab12"
    assert requirement(tmp_path, url=SITE, archive_info={}) == f"doit-lambda-layer @ {SITE}"
    git = {"vcs": "git", "commit_id": "c0ffee"}
    found = requirement(tmp_path, url="https://example.com/tool.git", vcs_info=git)
    assert found == "doit-lambda-layer @ git+https://example.com/tool.git@c0ffee"


def test_a_wheel_of_the_apps_own_repository(tmp_path: Path) -> None:
    """Where a checkout has it; one elsewhere is this machine's alone."""
    inside = tmp_path / "app/my tools" / WHEEL
    inside.parent.mkdir(parents=True)
    inside.touch()
    assert requirement(tmp_path / "app", url=inside.as_uri()) == f"./my tools/{WHEEL}"
    assert requirement(tmp_path / "other", url=inside.as_uri()) == ""
    assert requirement(tmp_path / "app", url=inside.parent.as_uri(), dir_info={}) == ""


@pytest.mark.parametrize(
    "url",
    ["https://me:token@example.com/x.whl", f"{SITE}?Signature=abc", "http://example.com/x.whl",
     "ssh://git@example.com/x.git", "https://example.com/${{ secrets.A }}.whl"],
)  # fmt: skip
def test_what_is_not_for_everybody_is_not_written(tmp_path: Path, url: str) -> None:
    """Passwords, signed addresses, what is not encrypted."""
    found = tool_origin.read_origin(json.dumps({"url": url}), tmp_path)
    assert found.requirement == ""
    assert "example.com" not in found.told
