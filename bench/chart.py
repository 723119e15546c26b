"""Plots as SVG: no dependency, readable in light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.peers import HERE

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .faint { fill: #57606a; font-size: 11px }
.title { font-weight: 600 } .grid { stroke: #d0d7de }
.a { fill: #0969da; stroke: #0969da } .b { fill: #8c959f; stroke: #8c959f }
.c { fill: #bf5b04; stroke: #bf5b04 } polyline { fill: none !important; stroke-width: 2 }
rect { stroke: none !important }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
  .a { fill: #4493f8; stroke: #4493f8 } .b { fill: #7d8590; stroke: #7d8590 }
  .c { fill: #e3883e; stroke: #e3883e }
}
"""
WIDTH, LABEL, ROW = 960, 480, 22
PANEL_WIDTH, PANEL_HEIGHT, LEFT, TOP = 300, 220, 52, 34


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    value: float
    ours: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """`points`: (x, y), x rising. `kind`: `a` (this project), `b` (a peer), `c` (a third)."""

    label: str
    kind: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Panel:
    title: str
    lines: Sequence[Line]


def write(name: str, svg: str) -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    (HERE / name).write_text(svg, encoding="utf-8")


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars in the order given, each with its value."""
    top = max((row.value for row in rows), default=1)
    pieces = [_text(0, 16, title, "title")]
    for index, row in enumerate(rows):
        y = 30 + index * ROW
        length = max(1.5, row.value / top * (WIDTH - LABEL - 60))
        pieces += [
            _text(LABEL - 8, y + 12, row.label, "", "end"),
            f'<rect class="{"a" if row.ours else "b"}" x="{LABEL}" y="{y}" width="{length:.1f}"'
            ' height="16" rx="2"/>',
            _text(LABEL + length + 6, y + 12, f"{row.value:.2f} s", "faint"),
        ]
    return _svg(WIDTH, 36 + len(rows) * ROW, pieces)


def panels(rows: Sequence[Sequence[Panel]]) -> str:
    """Small line charts in a grid, each from zero, with a legend above."""
    first = rows[0][0].lines
    pieces = [
        _text(LEFT + 16 + index * 270, 14, line.label)
        + f'<rect class="{line.kind}" x="{LEFT + index * 270}" y="5" width="10" height="10"/>'
        for index, line in enumerate(first)
    ]
    for down, row in enumerate(rows):
        for across, panel in enumerate(row):
            x, y = across * PANEL_WIDTH, 20 + down * PANEL_HEIGHT
            pieces += [f'<g transform="translate({x},{y})">', *_panel(panel), "</g>"]
    return _svg(PANEL_WIDTH * len(rows[0]), 20 + PANEL_HEIGHT * len(rows), pieces)


def _panel(panel: Panel) -> list[str]:
    width, height = PANEL_WIDTH - LEFT - 24, PANEL_HEIGHT - TOP - 30
    points = [point for line in panel.lines for point in line.points]
    right, top = (max((point[axis] for point in points), default=1) or 1 for axis in (0, 1))
    step = _step(top)
    pieces = [_text(LEFT, 24, panel.title, "title")]
    for tick in (index * step for index in range(int(top / step) + 1)):
        y = TOP + height - tick / top * height
        pieces += [
            f'<line class="grid" x1="{LEFT}" x2="{LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>',
            _text(LEFT - 6, y + 4, f"{tick:g}", "faint", "end"),
        ]
    for line in panel.lines:
        placed = [
            (LEFT + x / right * width, TOP + height - y / top * height) for x, y in line.points
        ]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        pieces += [f'<polyline class="{line.kind}" points="{joined}"/>']
        pieces += [
            f'<circle class="{line.kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in placed
        ]
    marks = sorted({0.0, *(x for x, _ in points if x >= right / 8)})
    pieces += [
        _text(LEFT + x / right * width, PANEL_HEIGHT - 12, f"{x:,.0f}", "faint", "middle")
        for x in marks
    ]
    return pieces


def _step(top: float) -> float:
    """1, 2 or 5 times a power of ten: three to seven lines."""
    power = 10.0 ** math.floor(math.log10(top / 3))
    return next((power * each for each in (1, 2, 5) if top / (power * each) <= 6), power * 10)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _svg(width: float, height: float, pieces: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", *pieces, "</svg>\n"])
