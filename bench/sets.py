"""Other requirement sets through the build: python -m bench.sets [NAME …]

Each is installed, pruned by the built-in rules alone, optimized, zipped and proven, its own
check (bench/sets/<name>.py: real calls, beyond imports) included. Nothing of the project's own
build is touched.
"""

import sys
import tempfile
import time
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tasks.clients import sandboxes
from tasks.core import paths, records
from tasks.core.console import duration, size
from tasks.core.errors import LayerError
from tasks.core.sandbox import Sandbox
from tasks.core.settings import Settings, current
from tasks.steps import install, optimize, prune, verify
from tasks.steps import zip as zip_

ROOT = Path(__file__).resolve().parents[1]
SETS = ROOT / "bench" / "sets"
STEPS = ("install", "prune", "optimize", "zip", "verify")


def main(names: list[str]) -> None:
    base = replace(current(), recipes=(), keep=(), drop=(), check_timeout=300)
    table = Table(
        "requirements",
        "packages",
        "installed",
        "layer",
        "zip",
        "import as before",
        "took",
        box=box.MARKDOWN,
    )
    for name in names or sorted(path.stem for path in SETS.glob("*.txt")):
        with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-bench-") as folder:
            Path(folder, paths.DOCKER).symlink_to(ROOT / paths.DOCKER)
            with chdir(folder):
                table.add_row(*row(name, base))
    Console(width=150).print(table)


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
    made = {step: records.read(paths.record(settings, step)) or {} for step in STEPS}
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
    def sandbox() -> Sandbox:
        return sandboxes.choose(settings)

    paths.BUILD.mkdir()
    install.run(settings, sandbox)
    prune.run(settings)
    optimize.run(settings, sandbox)
    zip_.run(settings)
    verify.run(settings, sandbox)


if __name__ == "__main__":
    main(sys.argv[1:])
