"""docs/reliability.md: the tests' own table."""

from tests import reliability


def test_the_document_has_a_row_for_each_fault_and_nothing_went_wrong() -> None:
    """Written by the tests: a fault that is added or dropped is missed here."""
    text = reliability.DOCUMENT.read_text(encoding="utf-8")
    between = text.partition(reliability.BEGIN)[2].partition(reliability.END)[0]
    lines = [line.strip("| ").split(" | ") for line in between.splitlines() if "|" in line]
    rows = {line[0]: line[2:] for line in lines if line[-1].isdigit()}
    assert list(rows) == [*reliability.FAULTS, *reliability.INPUTS]
    for fault in reliability.FAULTS:
        runs, correct, duplicates, leaks = map(int, rows[fault])
        assert runs == correct > duplicates == leaks == 0, fault
    for kind in reliability.INPUTS:
        tried, tracebacks = map(int, rows[kind])
        assert tried > tracebacks == 0, kind
