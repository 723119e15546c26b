"""Other requirement sets through the build: ./doitw bench-sets

Each is installed, pruned by the built-in rules alone, optimized, zipped and proven, its own
check (bench/sets/<name>.py: real calls, beyond imports) included. Nothing of the project's own
build is touched.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from bench.results import Result, Table, write
from tasks.context.settings import current
from tasks.layer.builder import LayerBuilder
from tasks.sandbox import choose
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install, optimize, prune, verify
from tasks.steps import zip as zip_
from tasks.ui.console import duration, size
from tasks.util import files
from tasks.util.errors import LayerError

ROOT = Path(__file__).resolve().parents[1]
SETS = ROOT / "bench" / "sets"
STEPS = ("install", "prune", "optimize", "zip", "verify")
COLUMNS = ("requirements", "packages", "installed", "layer", "zip", "import as before", "took")
CAPTION = (
    "Other requirement sets, built and proven with the built-in rules alone, each with a check of "
    "real calls (the layer is larger than what was installed where there is little to prune, "
    "since bytecode is added):"
)


def main(names: Sequence[str] = ()) -> None:
    base = replace(current(), recipes=(), keep=(), drop=(), check_timeout=300)
    rows = []
    for name in names or sorted(path.stem for path in SETS.glob("*.txt")):
        with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-bench-") as folder:
            Path(folder, paths.DOCKER).symlink_to(ROOT / paths.DOCKER)
            with chdir(folder):
                rows.append(row(name, base))
    write(Result(part="sets", tables=[Table(caption=CAPTION, columns=COLUMNS, rows=rows)]))


def row(name: str, base: Settings) -> list[str]:
    """Build one set; what came out, or the error's first line."""
    requirements = SETS / f"{name}.txt"
    settings = replace(
        base, layer=f"bench-{name}", requirements=str(requirements), check=str(SETS / f"{name}.py")
    )
    asked = " ".join(requirements.read_text(encoding="utf-8").split())
    started = time.monotonic()
    try:
        build(settings)
    except LayerError as error:
        print(error, file=sys.stderr)
        return [asked, "–", "–", "–", "–", error.problem.splitlines()[0], "–"]
    made = {step: files.read_record(paths.record(settings, step)) or {} for step in STEPS}
    return [
        asked,
        str(len(made["install"]["distributions"])),
        size(made["install"]["bytes"]),
        size(made["zip"]["unzipped"]),
        size(made["zip"]["bytes"]),
        f"{made['verify']['modules']} modules",
        duration(time.monotonic() - started),
    ]


def build(settings: Settings) -> None:
    paths.BUILD.mkdir()
    workshop = LayerBuilder(settings, choose.choose(settings))
    try:
        install.run(settings, lambda: workshop)
        prune.run(settings)
        optimize.run(settings, lambda: workshop)
        zip_.run(settings)
        verify.run(settings, lambda: workshop)
    finally:
        workshop.close()
