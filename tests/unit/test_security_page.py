"""docs/security.md: what it says is checked is, by tests that exist."""

import re

import pytest

from tests.project import ROOT

TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
CHECKED = TEXT[TEXT.index("## What is checked") : TEXT.index("## What is not")]
ROWS = [line.split("|") for line in CHECKED.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].strip()[:30])
def test_what_is_checked_names_its_tests(row: list[str]) -> None:
    """The first with its folder, others beside it without."""
    named = re.findall(r"`([\w/]+\.py)`", row[2])
    assert named
    folder = ROOT
    for name in named:
        folder = (ROOT / name).parent if "/" in name else folder
        assert (folder / name.rpartition("/")[2]).is_file(), name


def test_there_are_rows() -> None:
    assert len(ROWS) > 10
