"""What was measured: one JSON file per part, the same as Markdown. docs/bench.md and the README."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.peers import HERE

KEPT = Path("docs/bench")  # what the pages quote
PAGE = Path("docs/bench.md")  # all of it
README = Path("README.md")  # a few of them
BEGIN, END = "<!-- ./doitw bench-readme writes from here -->", "<!-- to here -->"
BLOCK = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.S)
HEADLINES = {  # {work, as the table of goals calls it: as the README does}
    "full build: bytecode, proof, report": "full build, nothing cached",
    "one pin changed": "build after one changed pin",
    "`./doitw deploy`, nothing changed, fresh checkout": "deploy with nothing to do",
}
ABOUT = "Medians of the same machine ([all figures](docs/bench.md)):"
PARTS = ("speed", "scale", "sizes", "sets", "images")  # in the order of the page


@dataclass(frozen=True, kw_only=True)
class Table:
    """`caption`: a sentence or two above it."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        cells = [list(self.columns), *map(list, self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [_line(row, widths) for row in cells]
        lines.insert(1, "|".join(["", *("-" * (width + 2) for width in widths), ""]))
        return f"{self.caption}\n\n" + "\n".join(lines) + "\n"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A part's outcome. `figures`: the raw numbers (seconds, bytes). `plots`: names of SVGs."""

    part: str
    tables: Sequence[Table]
    figures: Any = None
    plots: Sequence[str] = ()
    versions: dict[str, str] = field(default_factory=dict)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def machine() -> str:
    """Processor, cores, memory, system, Python."""
    found = re.search(r"^model name\s*:\s*(.*)$", _read("/proc/cpuinfo"), re.M)
    total = re.search(r"^MemTotal:\s*(\d+) kB", _read("/proc/meminfo"), re.M)
    memory = f"{int(total[1]) / 1024**2:.0f} GiB, " if total else ""
    return (
        f"{found[1] if found else platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
        f"{memory}{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _read(path: str) -> str:
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def zip_version() -> dict[str, str]:
    """Info-ZIP's, for `versions`. Nothing where it is not installed."""
    if not shutil.which("zip"):
        return {}
    said = subprocess.run(["zip", "-v"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = re.search(r"This is Zip (\S+)", said)
    return {"zip": found[1] if found else "?"}


def write(result: Result) -> None:
    """Into build/bench/<part>.json, with machine and date. The tables to the terminal."""
    facts = asdict(result) | {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    path = HERE / f"{result.part}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(markdown(facts, Path()), encoding="utf-8")
    for table in result.tables:
        print(f"\n{table.markdown()}")
    names = [path, path.with_suffix(".md"), *(HERE / name for name in result.plots)]
    print(f"written: {', '.join(map(str, names))}")
    print("next: ./doitw bench-readme puts the last results into README.md and docs/", flush=True)


def markdown(facts: dict[str, Any], plots: Path) -> str:
    """One part. Its plots are in the folder `plots`."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    pieces = [Table(**table).markdown() for table in facts["tables"]]
    pieces += [_picture(name, plots) for name in facts["plots"]]
    return "\n".join([f"{_when(facts)}{f' With {versions}.' if versions else ''}\n", *pieces])


def headline(facts: dict[str, Any]) -> str:
    """Of `speed`, what people wait for: one figure each, beside the usual way."""
    rows = []
    for work, words in HEADLINES.items():
        goal = next((row for row in facts["tables"][0]["rows"] if row[0] == work), None)
        if goal:
            _, _, here, against, there, *_ = goal
            rows.append([words, here, f"{there} ({against})"])
    table = Table(caption=ABOUT, columns=("work", "here", "another tool"), rows=rows)
    return table.markdown()


def _when(facts: dict[str, Any]) -> str:
    return f"`./doitw bench:{facts['part']}`, {facts['date']}: {facts['machine']}."


def _picture(name: str, folder: Path) -> str:
    return f"![{Path(name).stem}]({folder / name})\n"


def publish() -> None:
    """Take the last results over: raw into docs/bench/, all tables into docs/bench.md, a few
    figures into README.md."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for path in [*HERE.glob("*.json"), *HERE.glob("*.svg")]:
        (KEPT / path.name).write_bytes(path.read_bytes())
    kept = [KEPT / f"{part}.json" for part in PARTS]
    facts = [json.loads(path.read_text(encoding="utf-8")) for path in kept if path.is_file()]
    _put(PAGE, [markdown(each, KEPT.relative_to(PAGE.parent)) for each in facts])
    _put(README, [headline(each) for each in facts if each["part"] == PARTS[0]])
    print(f"{PAGE} has {', '.join(each['part'] for each in facts) or 'nothing'}")


def _put(document: Path, pieces: Sequence[str]) -> None:
    """Between its marks."""
    text = document.read_text(encoding="utf-8")
    if not BLOCK.search(text):
        sys.exit(f"{document} has no place for the figures\n→ put {BEGIN} and {END} there")
    block = "\n".join([BEGIN, *pieces, END])
    document.write_text(BLOCK.sub(lambda found: block, text), encoding="utf-8")
