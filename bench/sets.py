"""Other requirement sets through the build: ./doitw bench-sets

Each is installed, pruned by the built-in rules alone, optimized, zipped and tested. Its script
(bench/sets/<name>.py: calls from the packages' own quick starts) is the app. It runs on the plain
install and on the layer, with and without sources, where a function would run it. What it prints is
compared line by line, but for warnings, which quote the source. Nothing of the project's own build
is touched.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bench.peers import HERE
from bench.results import KEPT, Result, Table, write
from tasks.context.settings import current
from tasks.layer import installed
from tasks.layer.builder import LayerBuilder
from tasks.proof import probe
from tasks.proof.probe import proof_environment
from tasks.sandbox import choose
from tasks.sandbox.job_users import CHECK
from tasks.sandbox.protocol import Job, scripts
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install, optimize, prune, verify
from tasks.steps import zip as zip_
from tasks.ui.console import duration, size
from tasks.util.errors import LayerError

ROOT = Path(__file__).resolve().parents[1]
SETS = ROOT / "bench" / "sets"
LONGEST = 300.0  # seconds of a script
QUIET = b"import warnings\n\nwarnings.simplefilter('ignore')\n"  # they quote sources
COLUMNS = (
    "requirements", "packages", "plain", "layer", "without bytecode", "`only`", "imports",
    "lines compared", "differences", "took",
)  # fmt: skip
CAPTION = (
    "Other requirement sets, built and tested with the built-in rules alone. Sizes are unzipped. "
    "The layer is larger than the plain install where there is little to prune, since bytecode is "
    "added. The lines that a script prints, without warnings, are compared between the plain "
    "install and the layer, with both and with bytecode alone:"
)


def main(names: Sequence[str] = ()) -> None:
    base = replace(current(), recipes=(), keep=(), drop=(), check="", trace="")
    rows = kept() if names else {}
    for name in names or sorted(path.stem for path in SETS.glob("*.txt")):
        with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-bench-") as folder:
            Path(folder, paths.DOCKER).symlink_to(ROOT / paths.DOCKER)
            shutil.copy(SETS / f"{name}.py", Path(folder, "app.py"))
            with chdir(folder):
                rows[asked(name)] = row(name, base)
        found = [rows[each] for each in sorted(rows, key=str.casefold)]
        write(Result(part="sets", tables=[Table(caption=CAPTION, columns=COLUMNS, rows=found)]))


def kept() -> dict[str, list[str]]:
    """{requirements: row} of the last run, or of what docs/bench.md shows: some sets run alone."""
    path = next(filter(Path.is_file, [HERE / "sets.json", KEPT / "sets.json"]), None)
    tables = json.loads(path.read_text(encoding="utf-8"))["tables"] if path else []
    return {row[0]: row for table in tables for row in table["rows"]}


def asked(name: str) -> str:
    return " ".join((SETS / f"{name}.txt").read_text(encoding="utf-8").split())


def row(name: str, base: Settings) -> list[str]:
    """Build one set. What came out, or the error's first line."""
    requirements = SETS / f"{name}.txt"
    # Each set has a store of its own: the plain tree needs every package installed anew.
    settings = replace(
        base, layer=f"bench-{name}", requirements=str(requirements), store=str(paths.BUILD)
    )
    started = time.monotonic()
    paths.BUILD.mkdir()
    workshop = LayerBuilder(settings, choose.choose(settings))
    try:
        found = measured(name, settings, workshop)
        return [asked(name), *found, duration(time.monotonic() - started)]
    except LayerError as error:
        print(error, file=sys.stderr)
        return [asked(name), *["–"] * 5, error.problem.splitlines()[0], *["–"] * 3]
    finally:
        workshop.close()


def measured(name: str, settings: Settings, workshop: LayerBuilder) -> list[str]:
    made: dict[str, Any] = {"install": install.run(settings, lambda: workshop)}
    tree = installed.needed(settings)
    pins = {each.name: each.pin for each in tree.distributions}
    workshop.gather({path: pins[owner] for path, owner in tree.owners.items()}, Path("plain.zip"))
    expected = printed(settings, workshop, Path("plain.zip"))
    made |= build(settings, workshop)
    made["verify"] = verify.run(settings, lambda: workshop)
    found = printed(settings, workshop, paths.layer_zip(settings))
    only = replace(settings, bytecode="only")
    small = build(only, workshop)
    found_only = printed(only, workshop, paths.layer_zip(only))
    code = made["optimize"].bytecode.bytes
    return [
        str(len(made["install"].distributions)),
        size(made["install"].bytes),
        size(made["zip"].unzipped),
        size(made["zip"].unzipped - code),
        size(small["zip"].unzipped),
        f"{made['verify'].modules} modules",
        str(len(expected)),
        said(name, expected, found, found_only),
    ]


def build(settings: Settings, workshop: LayerBuilder) -> dict[str, Any]:
    """{step: its record}"""
    return {
        "prune": prune.run(settings, lambda: workshop),
        "optimize": optimize.run(settings, lambda: workshop),
        "zip": zip_.run(settings),
    }


def printed(settings: Settings, workshop: LayerBuilder, layer: Path) -> list[str]:
    """Lines of the set's script, with its exit status, where the zip lies at /opt: read-only, as
    nobody, without network."""
    job = Job(
        argv=("{python}", "{scripts}/probe.py", "check", probe.LAYER, "{work}/check/check.py"),
        kind=CHECK,
        inputs={**scripts(probe.SCRIPTS), "check/check.py": QUIET + Path("app.py").read_bytes()},
        environment=proof_environment(settings),
        opt=(layer.absolute(),),
        timeout=LONGEST,
    )
    outcome = workshop.sandbox.run(job)
    return [*outcome.output.splitlines(), f"exit status {outcome.code}"]


def said(name: str, expected: Sequence[str], *found: Sequence[str]) -> str:
    """How many lines differ. A script that fails as installed compares nothing."""
    if expected[-1] != "exit status 0":
        print(f"{name}: fails as installed: {expected}", file=sys.stderr)
        return "fails as installed"
    return str(sum(differences(name, expected, each) for each in found))


def differences(name: str, expected: Sequence[str], found: Sequence[str]) -> int:
    wrong = [(a, b) for a, b in zip_longest(expected, found, fillvalue="") if a != b]
    for one, other in wrong:
        print(f"{name}: plain: {one}\n{name}: layer: {other}", file=sys.stderr)
    return len(wrong)
