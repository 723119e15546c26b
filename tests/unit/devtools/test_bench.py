"""bench/: what turns measurements into statements."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench import chart, fresh, fresh_machine, layers, ratios, results
from bench.checkouts import Checkout
from bench.layers import Layer
from bench.measure import Command, Measured, run
from bench.subjects import Subject
from tasks.sandbox.container import session
from tasks.util.errors import BuildError

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


@pytest.mark.parametrize("builder", ["docker", "host"])
def test_a_fresh_machine_has_downloaded_nothing(builder: str, tmp_path: Path) -> None:
    """Nothing of it is the caches of whoever measures: a volume and a folder of its own."""
    made = Checkout.__new__(Checkout)
    made.path, made.builder = tmp_path, builder
    found = fresh_machine.doitw(made)
    assert found.environment["UV_CACHE_DIR"].endswith("build/bench/uv-cache")
    assert found.words[-1] == f"builder={builder}"
    assert ("./doitw" in found.words) == (builder == "host")
    assert fresh_machine.VOLUME != session.CACHE_VOLUME
    code = fresh_machine.START.partition("runpy.run_module")[0]
    code += "from tasks.sandbox.container.session import CACHE_VOLUME; print(CACHE_VOLUME)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fresh_machine.VOLUME


def test_a_goal_is_the_ratio_of_two_medians() -> None:
    subjects = [subject("uv", 10, 9, 50), subject("full@docker", 2, 8, 9, memory=75 * MB)]
    rows = ratios.table(subjects, {}).rows
    assert rows[0] == [
        "full build: bytecode, proof, report", "full@docker", "8.00 s", "uv", "10.0 s",
        "0.80", "≤ 0.7", "✗",
    ]  # fmt: skip
    assert rows[1][-3:] == ["0.50", "≤ 1", "✓"]


def test_each_checkout_has_a_store_of_its_own() -> None:
    """A full build is one from nothing, whatever others have built; a fresh clone's is named."""
    made = Checkout.__new__(Checkout)
    made.path, made.builder = Path(), "host"
    assert made.doitw().environment == {"LAYER_STORE": "build"}
    assert made.doitw(LAYER_STORE="/person").environment == {"LAYER_STORE": "/person"}


def test_fresh_states_are_compared_with_others_from_the_same() -> None:
    """What is warm with what is warm, what is empty with what is empty."""
    found = [subject("uv", 10), subject("uv-fresh", 20), subject("clone@host", 1),
             subject("machine@host", 19), subject("zip@host", 4)]  # fmt: skip
    rows = [[row[3], *row[5:]] for row in fresh.ratios(found).rows]
    assert rows == [
        ["uv", "0.10", "≤ 0.1", "✓"], ["uv-fresh", "0.95", "≤ 0.9", "✗"],
        ["uv-fresh", "0.20", "≤ 0.25", "✓"],
    ]  # fmt: skip


def test_a_goal_that_is_missed_shows() -> None:
    rows = ratios.table([], {"default": 1000, "zip -9": 1000}).rows
    assert [list(row)[-3:] for row in rows] == [["1.000", "≤ 0.995", "✗"]]


def test_a_table_is_aligned_markdown() -> None:
    table = results.Table(caption="Sizes:", columns=("", "zip"), rows=[["here", "9 MB"]])
    assert table.markdown() == ("Sizes:\n\n|      | zip  |\n|------|------|\n| here | 9 MB |\n")


@pytest.mark.parametrize("page", [results.README, results.PAGE])
def test_the_pages_have_a_place_for_the_figures(page: Path) -> None:
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    assert len(results.BLOCK.findall(text)) == 1


def test_the_readme_gets_a_few_figures_and_the_page_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part is measured, then published, twice the same; plots lie where the pages look."""
    monkeypatch.chdir(tmp_path)
    for page in (results.README, results.PAGE):
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"above\n{results.BEGIN}\nold\n{results.END}\nbelow\n")
    goal = ["one pin changed", "./doitw (docker)", "1.41 s", "uv", "9.34 s", "0.15", "≤ 0.2", "✓"]
    tables = [
        results.Table(caption="A:", columns=("",) * 8, rows=[goal, ["of no headline"] * 8]),
        results.Table(caption="B:", columns=("", "B:"), rows=[]),
    ]
    for part, plots in (("speed", ["speed.svg", "more.svg"]), ("sets", [])):
        results.write(results.Result(part=part, tables=tables, plots=plots))
    for plot in ("speed.svg", "more.svg"):
        chart.write(plot, "<svg/>")
    results.publish()
    readme, whole = results.README.read_text(), results.PAGE.read_text()
    assert readme.count("| build after one changed pin | 1.41 s | 9.34 s (uv)  |\n") == 1
    assert "of no headline" not in readme
    assert ".svg" not in readme
    assert (whole.count("A:\n"), whole.count("B:\n")) == (2, 2)
    assert {"![speed](bench/speed.svg)", "![more](bench/more.svg)"} <= set(whole.splitlines())
    for text in (readme, whole):
        assert text.startswith("above\n")
        assert text.endswith("below\n")
        assert "old" not in text
    assert {path.name for path in results.KEPT.iterdir()} == {
        "speed.json", "sets.json", "speed.svg", "more.svg",
    }  # fmt: skip
    results.publish()
    assert (results.README.read_text(), results.PAGE.read_text()) == (readme, whole)


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
