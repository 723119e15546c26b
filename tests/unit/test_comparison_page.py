"""docs/comparison.md: each claim names its tests, and they exist; figures are what they say."""

import re

import pytest

from tests import documents
from tests.project import ROOT

PAGE = documents.read(documents.FOLDER / "comparison.md")
CLAIMS = PAGE.split("## What this project claims", 1)[1]
ROWS = [line.strip("| ").split(" | ") for line in CLAIMS.splitlines() if line.startswith("| ")][1:]
NAMED = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<name>test_\w+)`")
FIGURES = re.compile(r"^\| (.+) \| ([\d.]+) MB \| ([\d.]+) MB \| ([\d.]+) \|$", re.M)
SIZES = {what: (zipped, unzipped) for what, zipped, unzipped, _ in FIGURES.findall(PAGE)}


@pytest.mark.parametrize(("claim", "tests"), ROWS)
def test_a_claim_names_a_test_for_each_thing_that_it_says(claim: str, tests: str) -> None:
    """And these exist."""
    named = NAMED.findall(tests)
    assert len(named) == len(claim.split("; ")) == len(tests.split(", "))
    for file, name in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", source, re.M), name


def test_there_are_claims() -> None:
    """And every peer of the tables has its version, a date and a link to what was read."""
    assert len(ROWS) > 25
    peers = PAGE.split("## Feature by feature")[0]
    row = r"^\| \[[^]]+\]\(https://\S+\) \| [^|]*(?:\d|script)[^|]* \| 20\d\d-\d\d-\d\d \| "
    assert len(re.findall(row, peers, re.M)) == len(re.findall(r"^\| \S", peers, re.M)) - 1 == 9


@pytest.mark.parametrize(("what", "zipped", "unzipped", "ratio"), FIGURES.findall(PAGE))
def test_a_ratio_is_size_by_size(what: str, zipped: str, unzipped: str, ratio: str) -> None:
    assert f"{float(zipped) / float(SIZES['here'][0]):.2f}" == ratio
    assert float(zipped) < float(unzipped)


def test_our_sizes_are_those_that_the_documents_show() -> None:
    """The README's table, a guide's deploy, the packers compared in architecture.md."""
    zipped, unzipped = SIZES["here"]
    readme = documents.read(ROOT / "README.md")
    rows = re.findall(r"^\| (.+) \| ([\d.]+) MB \| ([\d.]+) MB \|$", readme, re.M)
    assert len(rows) == 5
    for name, *sizes in rows:
        assert sizes == [*SIZES["here" if name == "doit-lambda-layer" else name]], name
    guide = documents.read(documents.FOLDER / "guides/change-requirements.md")
    assert f"{zipped} MB zipped, {unzipped} MB unzipped" in guide
    table = documents.read(documents.FOLDER / "architecture.md")
    shown = dict(re.findall(r"^\| libdeflate (\d+) \| ([\d.]+) MB ", table, re.M))
    assert shown == {"6": zipped, "12": SIZES['here, `compression = "max"`'][0]}
