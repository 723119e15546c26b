"""Sizes and import times, side by side: ./doitw bench:sizes.

Columns: as pip leaves it, the seed's pruning, this project without and with bytecode. All trees
are made from build/install of the current settings, in one run, in the sandbox of the settings.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import packers, variants
from bench.results import Result, Table, write
from tasks.clients import sandboxes
from tasks.core import distributions, paths, records, trees
from tasks.core.console import size
from tasks.core.errors import BuildError
from tasks.core.sandbox import Job, Sandbox
from tasks.core.settings import Settings, current

PROBE = Path(__file__).with_name("probe.py")
TIMED = ("google.generativeai", "sqlalchemy", "numpy", "psycopg2", "pydantic")  # issue 3's
ROUNDS, RUNS = 3, 3  # the trees take turns, so that a slow minute is no tree's alone
SEED = "seed's pruning"
ZIPPED = {SEED: "zip -9", "here, no bytecode": "libdeflate", "here": "libdeflate"}


def main() -> None:
    settings = current()
    source = paths.tree(settings, "install")
    if not (source / "python").is_dir():
        raise BuildError(f"{source} is not there", fix="run `./doitw install` first")
    sandbox = sandboxes.choose(settings)
    with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-bench-") as folder:
        made = make(source, Path(folder), sandbox, settings)
        rows = measure(made, sandbox, request(source, settings))
        packed = packers.compare(made["here"])
    caption = (
        f"Sizes and import times in {sandbox.title}, of the same installation; the times are "
        f"medians of {ROUNDS * RUNS}:"
    )
    table = Table(caption=caption, columns=["", *made], rows=rows)
    write(Result(part="sizes", tables=[table, packers.table(packed)]))


def make(source: Path, folder: Path, sandbox: Sandbox, settings: Settings) -> dict[str, Path]:
    """{column: tree}"""
    plain = replace(settings, strip=True, bytecode="none")
    full = replace(plain, bytecode="compile")
    makers: dict[str, Callable[[Path], None]] = {
        "pip": lambda target: variants.pip(source, target, sandbox),
        SEED: lambda target: variants.seed(source, target),
        "here, no bytecode": lambda target: variants.ours(source, target, sandbox, plain),
        "here": lambda target: variants.ours(source, target, sandbox, full),
    }
    made = {}
    for index, (name, maker) in enumerate(makers.items()):
        print(f"making: {name}", file=sys.stderr)
        made[name] = folder / str(index) / "opt"
        maker(made[name])
    return made


def request(source: Path, settings: Settings) -> dict[str, Any]:
    """What the probe is asked, the same for every tree."""
    found = distributions.read(source / "python")
    record = records.read(paths.record(settings, "install")) or {}
    direct = {each["name"] for each in record.get("distributions", []) if each["direct"]}
    modules = [module(each) for each in found if each.name in direct]
    timed = [name for name in TIMED if name in modules] or modules
    return {
        "direct": modules,
        "timed": timed,
        "distributions": [each.name for each in found],
        "runs": RUNS,
    }


def module(distribution: distributions.Distribution) -> str:
    """Its uppermost package or module: google-generativeai → google.generativeai."""
    files = [Path(name) for name in distribution.files]
    packages = [file.parent.parts for file in files if file.name == "__init__.py"]
    single = [(file.stem,) for file in files if len(file.parts) == 1 and file.suffix == ".py"]
    return ".".join(min(packages or single, key=lambda parts: (len(parts), parts)))


def measure(
    made: Mapping[str, Path], sandbox: Sandbox, asked: Mapping[str, Any]
) -> list[list[str]]:
    """The table's rows."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in made}
    for turn in range(ROUNDS):
        for name, tree in made.items():
            print(f"measuring: {name}, turn {turn + 1} of {ROUNDS}", file=sys.stderr)
            answers[name].append(ask(sandbox, tree, asked))
    zips = {name: packers.pack(tree, ZIPPED.get(name, "zip -9")) for name, tree in made.items()}
    seconds = {
        name: statistics.median(each for answer in given for each in answer["seconds"])
        for name, given in answers.items()
    }
    direct, all_ = len(asked["direct"]), len(asked["distributions"])
    first = {name: given[0] for name, given in answers.items()}
    return [
        ["unzipped", *(size(trees.measure(tree)["bytes"]) for tree in made.values())],
        ["zip", *(size(each.bytes) for each in zips.values())],
        [
            "direct requirements that import",
            *(f"{a['imports']} of {direct}" for a in first.values()),
        ],
        ["distributions with metadata", *(f"{a['metadata']} of {all_}" for a in first.values())],
        ["modules compiled anew at import", *(str(a["compiled"]) for a in first.values())],
        ["import, read-only /opt", *(f"{seconds[name]:.2f} s" for name in made)],
        ["… against the seed's", *(f"{seconds[name] / seconds[SEED]:.2f}" for name in made)],
    ]


def ask(sandbox: Sandbox, tree: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Run the probe over the tree, read-only."""
    job = Job(
        argv=("{python}", "{work}/probe.py", "{opt}/python", "{work}/request.json"),
        inputs={"probe.py": PROBE.read_bytes(), "request.json": json.dumps(asked).encode()},
        opt=tree,
    )
    outcome = sandbox.run(job)
    if outcome.code:
        raise BuildError(f"the probe failed:\n{outcome.output}", fix="see the lines above")
    answer: dict[str, Any] = json.loads(outcome.output.strip().rpartition("\n")[2])
    return answer
