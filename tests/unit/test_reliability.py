"""docs/reliability.md: the tests' own table."""

from collections import Counter

import pytest

from tests import reliability_counts
from tests.reliability_counts import BEGIN, DISK_FULL, END, FAULTS, HOSTILE, INPUTS, SIGNALLED


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One good run of everything, of which somebody looked at all."""
    monkeypatch.setattr(reliability_counts, "COUNTS", Counter())
    for fault in FAULTS:
        reliability_counts.ran(fault, duplicates=0, leaks=[])
        reliability_counts.correct(fault)
    for kind in INPUTS:
        reliability_counts.count(kind, "tried")
    for kind in HOSTILE:
        reliability_counts.count(kind, "tried")
        reliability_counts.count(kind, "held")


def written() -> str:
    return f"{BEGIN}\n\n{reliability_counts.tables()}\n\n{END}"


def test_the_document_has_a_row_for_each_fault_and_nothing_went_wrong(
    pytestconfig: pytest.Config,
) -> None:
    """Written by the tests: a fault that is added or dropped is missed here."""
    if pytestconfig.getoption("--reliability"):
        pytest.skip("it is this run that writes it")
    assert reliability_counts.stale(reliability_counts.DOCUMENT.read_text(encoding="utf-8")) == []


@pytest.mark.usefixtures("counted")
def test_what_is_written_is_not_stale() -> None:
    assert reliability_counts.stale(written()) == []


@pytest.mark.usefixtures("counted")
def test_what_nobody_looked_for_is_no_zero() -> None:
    """Leaks of one run say nothing of another; where nothing is published nothing is twice."""
    reliability_counts.ran(DISK_FULL)
    reliability_counts.correct(DISK_FULL)
    [row] = [line for line in written().splitlines() if line.startswith(f"| {DISK_FULL} ")]
    assert row.endswith("| 2 | 2 | 0 | – |")
    assert reliability_counts.stale(written()) == []


@pytest.mark.parametrize("wrong", ["correct", "duplicates", "leaks"])
@pytest.mark.usefixtures("counted")
def test_what_went_wrong_is_seen(wrong: str) -> None:
    reliability_counts.count(SIGNALLED, wrong)
    assert reliability_counts.stale(written()) == [SIGNALLED]


@pytest.mark.usefixtures("counted")
def test_a_package_that_got_out_is_seen() -> None:
    kind = next(iter(HOSTILE))
    reliability_counts.count(kind, "out")
    assert reliability_counts.stale(written()) == [kind]


@pytest.mark.usefixtures("counted")
def test_a_traceback_is_seen() -> None:
    kind = next(iter(INPUTS))
    reliability_counts.count(kind, "tracebacks")
    assert reliability_counts.stale(written()) == [kind]


@pytest.mark.usefixtures("counted")
def test_a_row_that_is_missing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    text = written()
    monkeypatch.setattr(reliability_counts, "FAULTS", {**FAULTS, "the moon falls down": "once"})
    assert reliability_counts.stale(text) == [
        f"rows: {', '.join([*FAULTS, 'the moon falls down', *INPUTS, *HOSTILE])}"
    ]
