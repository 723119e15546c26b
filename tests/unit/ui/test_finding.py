"""tasks/ui/finding.py: a line a thing, and one sentence at the end."""

import pytest

from tasks.ui import finding
from tasks.util.errors import AwsError, DoctorError


def test_what_is_good_is_one_line() -> None:
    assert finding.good("Python", "3.12.1").lines() == ["✓ Python         3.12.1"]


def test_what_is_wrong_says_what_to_do() -> None:
    """Under what was found, each line of both in its column."""
    found = finding.bad("clock", AwsError("an hour\nbehind", fix="set it\n→ or wait"))
    assert found.lines() == [
        "✗ clock          an hour",
        "                 behind",
        "                 → set it",
        "                 → or wait",
    ]


def raising() -> str:
    raise AwsError("broken", fix="mend it")


def test_an_answer_is_good_an_error_is_bad() -> None:
    assert finding.finding_of("a", lambda: "well") == finding.good("a", "well")
    assert finding.finding_of("a", raising) == finding.bad("a", AwsError("broken", fix="mend it"))
    noted = finding.note("a", "hm")
    assert finding.finding_of("a", lambda: noted) is noted


def test_a_note_is_in_nobodys_way() -> None:
    """But is named."""
    found = [finding.good("a", "x"), finding.note("b", "y")]
    assert finding.judge(found, "dev") == "a deploy to stage dev can work (worth a look: b)"


def test_what_is_wrong_is_an_error_that_names_it() -> None:
    found = [finding.finding_of(name, raising) for name in ("a", "b")]
    with pytest.raises(DoctorError, match="stage dev cannot work: a, b"):
        finding.judge(found, "dev")
