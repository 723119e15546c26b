"""tasks/core/budget.py: sums, shares, sentences. The limit: tests/functional/test_verify_budget."""

from tasks.core import budget
from tasks.core.settings import LAMBDA_LIMIT

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:x:1"


def test_everything_known_is_summed() -> None:
    """Layer, function, other layers; what AWS alone knows is not guessed."""
    spent = budget.Budget(layer=100, function=20, others={ARN: 3, f"{ARN}2": None})
    assert spent.total == 123
    assert spent.share == 123 / LAMBDA_LIMIT
    assert spent.sentences()[-1] == f"not counted, its size is known to AWS only: {ARN}2"
    assert len(spent.sentences()) == 2


def test_a_warning_comes_over_90_percent() -> None:
    """Not at it."""
    at, over = (budget.Budget(layer=int(LAMBDA_LIMIT * share), function=0) for share in (0.9, 0.91))
    assert at.sentences() == ["235.9 MB of 262.1 MB unzipped (90%)"]
    assert over.sentences()[1].startswith("warning: over 90% of Lambda's limit")


def test_the_heaviest_come_first() -> None:
    """By size, then by name; ten unless told."""
    sizes = {"b": 5, "a": 5, "big": 2_000_000}
    assert [line.split()[-1] for line in budget.largest(sizes)] == ["big", "a", "b"]
    assert budget.largest(sizes, 1) == ["    2.0 MB  big"]
    assert len(budget.largest({str(n): n for n in range(30)})) == 10
