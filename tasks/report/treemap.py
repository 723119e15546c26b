"""Squarified treemap: rectangles whose areas are in proportion, as near to squares as they get.

Bruls, Huizing, van Wijk: Squarified Treemaps (2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle, from its upper left corner, in any unit."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """Fill `box` with one rectangle per size, in the same order. Sizes are positive. In
    descending order the shapes come out best."""
    scale = box.width * box.height / sum(sizes) if sizes else 0
    areas, placed = [size * scale for size in sizes], list[Box]()
    while areas:
        count = _row_length(areas, min(box.width, box.height))
        row, box = _lay(areas[:count], box)
        placed += row
        areas = areas[count:]
    return placed


def _row_length(areas: Sequence[float], side: float) -> int:
    """How many of the first areas share a row along `side`: as long as shapes do not get worse."""
    best = _worst(areas[:1], side)
    for count in range(2, len(areas) + 1):
        worst = _worst(areas[:count], side)
        if worst > best:
            return count - 1
        best = worst
    return len(areas)


def _worst(row: Sequence[float], side: float) -> float:
    """The row's worst ratio of long to short edge."""
    square = (sum(row) / side) ** 2
    return max(max(area / square, square / area) for area in row)


def _lay(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """The row along the box's shorter edge, and what is left of the box."""
    upright = box.width >= box.height
    depth = sum(row) / (box.height if upright else box.width)
    placed, at = [], 0.0
    for area in row:
        length = area / depth
        placed.append(
            Box(x=box.x, y=box.y + at, width=depth, height=length)
            if upright
            else Box(x=box.x + at, y=box.y, width=length, height=depth)
        )
        at += length
    if upright:
        return placed, Box(x=box.x + depth, y=box.y, width=box.width - depth, height=box.height)
    return placed, Box(x=box.x, y=box.y + depth, width=box.width, height=box.height - depth)
