"""tasks/core/findings.py: a line a thing, and one sentence at the end."""

import pytest

from tasks.core import findings
from tasks.core.errors import AwsError, DoctorError


def test_what_is_good_is_one_line() -> None:
    assert findings.good("Python", "3.12.1").lines() == ["✓ Python         3.12.1"]


def test_what_is_wrong_says_what_to_do() -> None:
    """Under what was found, each line of both in its column."""
    found = findings.bad("clock", AwsError("an hour\nbehind", fix="set it\n→ or wait"))
    assert found.lines() == [
        "✗ clock          an hour",
        "                 behind",
        "                 → set it",
        "                 → or wait",
    ]


def raising() -> str:
    raise AwsError("broken", fix="mend it")


def test_an_answer_is_good_an_error_is_bad() -> None:
    assert findings.ask("a", lambda: "well") == findings.good("a", "well")
    assert findings.ask("a", raising) == findings.bad("a", AwsError("broken", fix="mend it"))
    noted = findings.note("a", "hm")
    assert findings.ask("a", lambda: noted) is noted


def test_a_note_is_in_nobodys_way() -> None:
    """But is named."""
    found = [findings.good("a", "x"), findings.note("b", "y")]
    assert findings.judge(found, "dev") == "a deploy to stage dev can work (worth a look: b)"


def test_what_is_wrong_is_an_error_that_names_it() -> None:
    found = [findings.ask(name, raising) for name in ("a", "b")]
    with pytest.raises(DoctorError, match="stage dev cannot work: a, b"):
        findings.judge(found, "dev")
