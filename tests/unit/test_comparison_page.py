"""docs/comparison.md: each claim names a test, and the test exists."""

import re

import pytest

from tests.project import ROOT

PAGE = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
CLAIMS = PAGE.split("## What this project claims", 1)[1]
ROWS = [
    line for line in CLAIMS.splitlines() if line.startswith("| ") and not line.startswith("| claim")
]
NAMED = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<name>test_\w+)`")


@pytest.mark.parametrize("row", ROWS)
def test_a_claim_names_a_test_that_exists(row: str) -> None:
    named = NAMED.search(row)
    assert named, "a claim without its test"
    source = (ROOT / named["file"]).read_text(encoding="utf-8")
    assert re.search(rf"^def {named['name']}\(", source, re.M)


def test_there_are_claims() -> None:
    """And every peer of the tables has its version."""
    assert len(ROWS) > 25
    peers = PAGE.split("## Feature by feature")[0]
    versions = re.findall(r"^\| [^|]+ \| ([^|]+) \|", peers, re.M)[1:]
    assert len(versions) == 9
    assert all(re.search(r"\d|seed", version) for version in versions)
