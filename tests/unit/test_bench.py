"""bench/: what turns measurements into statements."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench import chart, layers, ratios, results
from bench.layers import Layer
from bench.measure import Command, Measured, run
from bench.subjects import Subject
from tasks.core.errors import BuildError

MB = 1_000_000
ALLOCATE = """
import subprocess, sys
child = "import time; held = bytearray(40_000_000); time.sleep(0.5)"
sys.exit(subprocess.Popen([sys.executable, "-c", child], start_new_session=True).wait())
"""


def command(folder: Path, code: str) -> Command:
    return Command(words=(sys.executable, "-c", code), folder=folder)


def subject(name: str, *seconds: float, memory: int = 0) -> Subject:
    runs = [Measured(seconds=each) for each in seconds]
    where = Command(words=(), folder=Path())
    return Subject(
        name=name, who=name, work="", prepare=dict, command=where, runs=runs, memory=memory
    )


def test_memory_is_that_of_the_whole_process_tree(tmp_path: Path) -> None:
    """Sessions of their own included."""
    measured = run(command(tmp_path, ALLOCATE), memory=True)
    assert 40 * MB < measured.memory < 100 * MB
    assert measured.seconds > 0.5


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no such thing"):
        run(command(tmp_path, "raise SystemExit('no such thing')"))


def test_a_promise_is_the_ratio_of_two_medians() -> None:
    subjects = [subject("uv", 10, 9, 50), subject("full@docker", 2, 8, 9, memory=75 * MB)]
    rows = ratios.table(subjects, {}).rows
    assert rows[0] == [
        "full build: bytecode, proof, report", "full@docker", "8.00 s", "uv", "10.0 s",
        "0.80", "≤ 0.8", "✓",
    ]  # fmt: skip
    assert rows[1][-3:] == ["0.50", "≤ 1", "✓"]


def test_a_broken_promise_shows() -> None:
    rows = ratios.table([], {"default": 1000, "zip -9": 1000}).rows
    assert [list(row)[-3:] for row in rows] == [["1.000", "≤ 0.995", "✗"]]


def test_a_table_is_aligned_markdown() -> None:
    table = results.Table(caption="Sizes:", columns=("", "zip"), rows=[["here", "9 MB"]])
    assert table.markdown() == ("Sizes:\n\n|      | zip  |\n|------|------|\n| here | 9 MB |\n")


def test_the_readme_has_a_place_for_the_figures() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert len(results.BLOCK.findall(readme.read_text(encoding="utf-8"))) == 1


def test_plots_are_svg_with_every_label_and_a_dark_side() -> None:
    line = chart.Line(label="a < b", kind="a", points=[(1, 0.5), (60, 12)])
    for svg in (
        chart.bars("seconds", [chart.Bar(label="a < b", value=2, ours=True)]),
        chart.panels([[chart.Panel(title="seconds", lines=[line])]]),
    ):
        root = ET.fromstring(svg)  # noqa: S314 - our own
        assert "a < b" in {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
        assert "prefers-color-scheme: dark" in svg


def test_a_made_up_layer_has_the_size_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the first distribution two versions."""
    monkeypatch.setattr(layers, "INDEX", tmp_path)
    layer = Layer(distributions=2, files=200, bytes=1 * MB)
    layers.write(layer)
    wheels = {path.name: path.stat().st_size for path in tmp_path.rglob("*.whl")}
    names = ["part0-1.0", "part0-2.0", "part1-1.0"]
    assert sorted(wheels) == [f"{name}-py3-none-any.whl" for name in names]
    assert all(0.5 * MB < size < 0.55 * MB for size in wheels.values())
