"""tasks/core/console.py: sizes and durations as people write them."""

import pytest

from tasks.core.console import duration, progress, size


@pytest.mark.parametrize(
    ("count", "text"),
    [(17, "17 bytes"), (4_500, "4.5 kB"), (12_345_678, "12.3 MB"), (262_144_000, "262.1 MB")],
)
def test_sizes(count: int, text: str) -> None:
    """Decimal units, as in Lambda's quota."""
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.2, "59.2 s"), (61, "1 min 01 s")]
)
def test_durations(seconds: float, text: str) -> None:
    """Seconds with a tenth, minutes above."""
    assert duration(seconds) == text


def test_progress_without_a_terminal_takes_any_amount() -> None:
    """In CI the same calls work, with an unknown total too."""
    with progress("Uploading", None) as advance:
        advance(5)
