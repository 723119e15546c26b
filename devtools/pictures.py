"""docs/images/: a deploy and a rollback as a terminal shows them, and the pipeline.

The first is drawn from the transcripts of a guide, which tests/functional/test_docs.py compares
with what happens, the second from the table of steps. So neither can go stale.
"""

import io
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tasks.commands import table

FOLDER = Path("docs/images")
TOLD = Path("docs/guides/change-requirements.md")
SHOWN = ("./doitw deploy stage=local", "./doitw rollback version=1 stage=local")
COLUMNS = 80
LEFT_OUT = ("report:", "   warning:")  # of packages that the sample app happens to have
STYLES = {
    r"^\$ .*": "bold",
    r"^✓": "bold green",
    r"^(live|call|size|undo)\b": "cyan",
    r" [\d.]+ s$": "bright_black",
}
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
GROUPS = {
    "Build": ("lookup", "install", "prune", "optimize", "zip", "verify"),
    "Publish": ("upload", "publish"),
    "Deploy": ("patch-config", "chalice-deploy", "smoke"),
}
UNDER = {
    "Build": "if lookup finds these inputs published, nothing is built",
    "Publish": "skipped if this content is published",
    "Deploy": "skipped if it runs already, undone if the app does not answer",
}
WIDE, STEP, GAP = 790, 40, 16


def every() -> dict[Path, str]:
    """{picture: its SVG}"""
    return {FOLDER / "demo.svg": demo(), FOLDER / "pipeline.svg": pipeline()}


def demo() -> str:
    """The last screen of these commands, without fonts from elsewhere."""
    from rich.console import Console
    from rich.terminal_theme import DIMMED_MONOKAI
    from rich.text import Text

    screen = Console(
        record=True,
        width=COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        file=io.StringIO(),
    )
    for line in _screen():
        text = Text(line)
        for pattern, style in STYLES.items():
            text.highlight_regex(pattern, style)
        screen.print(text, highlight=False)
    svg = screen.export_svg(title="doit-lambda-layer", theme=DIMMED_MONOKAI, unique_id="t")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    return re.sub(r"[ \t]+$", "", svg.replace("Fira Code, monospace", FONT), flags=re.M) + "\n"


def _screen() -> Iterator[str]:
    shown = "".join(re.findall(r"^```console\n(.*?)^```$", TOLD.read_text("utf-8"), re.M | re.S))
    said = dict(each.split("\n", 1) for each in re.split(r"^\$ ", shown, flags=re.M)[1:])
    for number, command in enumerate(SHOWN):
        yield from ([""] if number else [])
        yield f"$ {command}"
        yield from (line for line in said[command].splitlines() if not line.startswith(LEFT_OUT))


def pipeline() -> str:
    """Three rows of steps. KeyError when the table of steps has no such step."""
    known = [*table.steps_of("deploy")]
    rows = [_row(number, name, steps, known) for number, (name, steps) in enumerate(GROUPS.items())]
    height = len(rows) * 92 + GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height}" role="img"'
            ' aria-label="Pipeline: build, publish, deploy">',
            "<style>text{font:13px system-ui,sans-serif;fill:#1f2328}"
            ".s{fill:#59636e;font-size:12px}"
            ".g{font-weight:600}rect{fill:#ddf4ff;stroke:#0969da}path{stroke:#59636e;fill:none}"
            "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}"
            "rect{fill:#0d2d4a;stroke:#4493f8}path{stroke:#9198a1}}</style>",
            *rows,
            "</svg>\n",
        ]
    )


def _row(number: int, name: str, steps: tuple[str, ...], known: list[str]) -> str:
    top, left, width = GAP + number * 92, 76, 104
    parts = [
        f'<text class="g" x="0" y="{top + 25}">{name}</text>',
        f'<text class="s" x="{left}" y="{top + STEP + 20}">{escape(UNDER[name])}</text>',
    ]
    for index, step in enumerate(steps):
        known.index(step)
        x = left + index * (width + GAP)
        if index:
            parts.append(f'<path d="M{x - GAP} {top + 20}h{GAP - 2}m-5 -4l5 4l-5 4"/>')
        parts.append(f'<rect x="{x}" y="{top}" width="{width}" height="{STEP}" rx="6"/>')
        parts.append(
            f'<text x="{x + width / 2}" y="{top + 25}" text-anchor="middle">{escape(step)}</text>'
        )
    return "\n".join(parts)
