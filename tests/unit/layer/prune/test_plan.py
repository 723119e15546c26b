"""tasks/layer/prune/plan.py: what prune decided comes back as it was, or as an error with a fix."""

from pathlib import Path

import pytest

from tasks.layer.prune import plan
from tasks.layer.prune.plan import PrunePlan
from tasks.util.errors import BuildError

PLANS = [
    PrunePlan(
        key="k", pin="p", name="a", stay=["a.py", "한글.txt"], cut={"a/METADATA": "Name: \udcff"}
    ),
    PrunePlan(key="l", pin="l", name="b", stay=[], cut={}),
]


def test_plans_come_back_as_they_were(tmp_path: Path) -> None:
    """In order; texts that are not UTF-8 too."""
    path = tmp_path / "deep" / "plan.json"
    plan.write_plans(path, PLANS)
    assert plan.read_plans(path) == PLANS


@pytest.mark.parametrize("text", ["", '[{"key":', "3", "[3]", '[{"key": "k"}]'])
def test_a_damaged_plan_is_an_error_and_goes(tmp_path: Path, text: str) -> None:
    """A missing target is made again; a traceback would come for ever."""
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BuildError, match="damaged") as caught:
        plan.read_plans(path)
    assert "again" in caught.value.fix
    assert not path.exists()


def test_no_plan_is_the_same_error(tmp_path: Path) -> None:
    """After someone tidied up."""
    with pytest.raises(BuildError, match="is not there"):
        plan.read_plans(tmp_path / "plan.json")
