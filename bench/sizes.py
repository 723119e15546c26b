"""Sizes and import times, side by side: ./doitw bench:sizes.

Columns: as pip leaves it, the classic script, this project without and with bytecode. All trees
are made from the lock of the current settings, in one run, in the sandbox of the settings.
"""

import json
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import packers, variants
from bench.results import Result, Table, write
from tasks.context.settings import current
from tasks.layer.installed import Installed, InstalledDistribution
from tasks.requirements import file as requirements_file
from tasks.sandbox import choose
from tasks.sandbox.protocol import Job, Sandbox
from tasks.settings.model import Settings
from tasks.ui.console import size
from tasks.util import files as file_tools
from tasks.util.errors import BuildError

PROBE = Path(__file__).with_name("probe.py")
TIMED = ("google.generativeai", "sqlalchemy", "numpy", "psycopg2", "pydantic")  # issue 3's
ROUNDS, RUNS = 3, 3  # the trees take turns, so that a slow minute is no tree's alone
CLASSIC = "classic script"
ZIPPED = {CLASSIC: "zip -9", "here, no bytecode": "libdeflate 6", "here": "libdeflate 6"}


def main(rounds: int = ROUNDS) -> None:
    settings = current()
    sandbox = choose.choose(settings)
    with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-bench-") as folder:
        made, found = make(Path(folder), sandbox, settings)
        rows = measure(made, sandbox, request(found, settings), rounds)
        packed = packers.compare(made["here"], rounds)
    sandbox.close()
    caption = (
        f"Sizes and import times in {sandbox.title}, of the same lock; the times are "
        f"medians of {rounds * RUNS}:"
    )
    table = Table(caption=caption, columns=["", *made], rows=rows)
    write(Result(part="sizes", tables=[table, packers.table(packed)]))


def make(folder: Path, sandbox: Sandbox, settings: Settings) -> tuple[dict[str, Path], Installed]:
    """({column: tree}, what was installed)"""
    plain = replace(settings, strip=True, bytecode="none")
    full = replace(plain, bytecode="compile")
    names = ("pip", CLASSIC, "here, no bytecode", "here")
    made = {name: folder / str(index) / "opt" for index, name in enumerate(names)}
    print("making the trees", file=sys.stderr)
    variants.installed(settings, sandbox, made["pip"], compiled=True)
    variants.installed(settings, sandbox, folder / "raw", compiled=False)
    variants.classic(folder / "raw", made[CLASSIC])
    variants.ours(plain, sandbox, folder / "plain", made["here, no bytecode"])
    return made, variants.ours(full, sandbox, folder / "full", made["here"])


def request(found: Installed, settings: Settings) -> dict[str, Any]:
    """What the probe is asked, the same for every tree."""
    direct = requirements_file.direct_names(
        requirements_file.read_requirements(Path(settings.requirements))
    )
    modules = [module(each) for each in found.distributions if each.name in direct]
    timed = [name for name in TIMED if name in modules] or modules
    return {
        "direct": modules,
        "timed": timed,
        "distributions": [each.name for each in found.distributions],
        "runs": RUNS,
    }


def module(distribution: InstalledDistribution) -> str:
    """Its uppermost package or module: google-generativeai → google.generativeai."""
    files = [Path(name) for name in distribution.files]
    packages = [file.parent.parts for file in files if file.name == "__init__.py"]
    single = [(file.stem,) for file in files if len(file.parts) == 1 and file.suffix == ".py"]
    return ".".join(min(packages or single, key=lambda parts: (len(parts), parts)))


def measure(
    made: Mapping[str, Path], sandbox: Sandbox, asked: Mapping[str, Any], rounds: int
) -> list[list[str]]:
    """The table's rows."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in made}
    for turn in range(rounds):
        for name, tree in made.items():
            print(f"measuring: {name}, turn {turn + 1} of {rounds}", file=sys.stderr)
            answers[name].append(ask(sandbox, tree, asked))
    zips = {name: packers.pack(tree, ZIPPED.get(name, "zip -9")) for name, tree in made.items()}
    seconds = {
        name: statistics.median(each for answer in given for each in answer["seconds"])
        for name, given in answers.items()
    }
    direct, all_ = len(asked["direct"]), len(asked["distributions"])
    first = {name: given[0] for name, given in answers.items()}
    return [
        ["unzipped", *(size(total(tree)) for tree in made.values())],
        ["zip", *(size(each.bytes) for each in zips.values())],
        [
            "direct requirements that import",
            *(f"{a['imports']} of {direct}" for a in first.values()),
        ],
        ["distributions with metadata", *(f"{a['metadata']} of {all_}" for a in first.values())],
        ["modules compiled anew at import", *(str(a["compiled"]) for a in first.values())],
        ["import, read-only /opt", *(f"{seconds[name]:.2f} s" for name in made)],
        ["… against the classic", *(f"{seconds[name] / seconds[CLASSIC]:.2f}" for name in made)],
    ]


def total(tree: Path) -> int:
    """Bytes of its files."""
    return sum(path.lstat().st_size for path in file_tools.walk(tree))


def ask(sandbox: Sandbox, tree: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Run the probe over the tree, read-only."""
    job = Job(
        argv=("{python}", "{work}/probe.py", "{opt}/python", "{work}/request.json"),
        inputs={"probe.py": PROBE.read_bytes(), "request.json": json.dumps(asked).encode()},
        opt=(stored(tree),),
    )
    outcome = sandbox.run(job)
    if outcome.code:
        raise BuildError(f"the probe failed:\n{outcome.output}", fix="see the lines above")
    answer: dict[str, Any] = json.loads(outcome.output.strip().rpartition("\n")[2])
    return answer


def stored(tree: Path) -> Path:
    """The tree as a zip beside it, unpacked in no time."""
    target = tree.with_name("stored.zip")
    if not target.exists():
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for path in file_tools.walk(tree):
                archive.write(path, path.relative_to(tree))
    return target
