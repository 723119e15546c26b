"""tasks/settings/lambda_pythons.py: which Pythons there are, and which are on their way out."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tasks.settings import lambda_pythons
from tasks.settings.lambda_pythons import PYTHONS, SUPPORT, warning


def test_they_are_botocores() -> None:
    """Lambda's API knows each, and none that is newer."""
    from botocore.loaders import Loader

    runtimes = Loader().load_service_model("lambda", "service-2")["shapes"]["Runtime"]["enum"]
    known = {each.removeprefix("python") for each in runtimes if each.startswith("python3.")}
    assert {*PYTHONS} <= known
    newest = max(known, key=lambda each: int(each.partition(".")[2]))
    assert PYTHONS[-1] == newest


@pytest.mark.parametrize("python", SUPPORT)
def test_a_warning_comes_half_a_year_before(python: str) -> None:
    """With AWS's dates and where they stand; before that, nothing."""
    support = SUPPORT[python]
    dates = (support.deprecated, support.no_create, support.no_update)
    assert all(first < then for first, then in pairwise(dates))
    assert warning(python, support.deprecated - timedelta(days=181)) == ""
    soon = warning(python, support.deprecated - timedelta(days=180))
    past = warning(python, support.deprecated)
    assert soon.startswith(f"warning: AWS will deprecate python{python} on ")
    assert past.startswith(f"warning: AWS has deprecated python{python} on ")
    for said in (soon, past):
        assert all(day.isoformat() in said for day in dates)
        assert lambda_pythons.SOURCE in said


def test_a_preview_says_so() -> None:
    assert warning("3.15", date(2026, 11, 29)).startswith("note: Python 3.15 is a preview")
