"""tasks/report/treemap.py: areas in proportion, no overlap, nothing outside, shapes near
squares."""

from itertools import combinations

import pytest

from tasks.report.treemap import Box, squarify

AREA = Box(x=10, y=20, width=600, height=400)
CASES: list[list[float]] = [
    [6, 6, 4, 3, 2, 2, 1],  # the paper's example
    [1],
    [5, 5, 5, 5],
    [1000, 1, 1, 0.5],
    [n * n for n in range(60, 0, -1)],
]


@pytest.mark.parametrize("sizes", CASES, ids=len)
def test_areas_are_in_proportion(sizes: list[float]) -> None:
    """In the order of the sizes; together the whole box."""
    areas = [box.width * box.height for box in squarify(sizes, AREA)]
    whole = AREA.width * AREA.height
    assert areas == pytest.approx([whole * size / sum(sizes) for size in sizes])


@pytest.mark.parametrize("sizes", CASES, ids=len)
def test_nothing_lies_outside(sizes: list[float]) -> None:
    """Up to rounding."""
    for box in squarify(sizes, AREA):
        assert box.x >= AREA.x - 1e-6
        assert box.y >= AREA.y - 1e-6
        assert box.x + box.width <= AREA.x + AREA.width + 1e-6
        assert box.y + box.height <= AREA.y + AREA.height + 1e-6


@pytest.mark.parametrize("sizes", CASES, ids=len)
def test_nothing_overlaps(sizes: list[float]) -> None:
    """Any two are apart on one of the axes."""
    for one, two in combinations(squarify(sizes, AREA), 2):
        across = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
        down = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
        assert min(across, down) < 1e-6


def test_shapes_are_those_of_the_paper() -> None:
    """Bruls et al., figure 5: 6 × 4, first two upright at the left, the next two above right."""
    boxes = squarify(CASES[0], Box(x=0, y=0, width=6, height=4))
    found = [(box.x, box.y, box.width, box.height) for box in boxes[:4]]
    expected = [(0, 0, 3, 2), (0, 2, 3, 2), (3, 0, 12 / 7, 7 / 3), (3 + 12 / 7, 0, 9 / 7, 7 / 3)]
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other)


def test_nothing_to_lay_is_no_error() -> None:
    """A layer may have no package left."""
    assert squarify([], AREA) == []
