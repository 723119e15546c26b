"""The zip, made by this project and by others: size, time, peak memory. Each in its own process."""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.results import Table
from tasks.core import archive, trees
from tasks.core.console import size


@dataclass(frozen=True, kw_only=True)
class Packed:
    """One packer's result: bytes of the zip, seconds, peak bytes of memory."""

    packer: str
    bytes: int
    seconds: float
    memory: int


def _libdeflate(tree: Path, target: Path) -> None:
    with target.open("wb") as file:
        archive.write_zip(tree, list(trees.walk(tree)), file, lambda more: None)


def _zipfile(tree: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in trees.walk(tree):
            file.write(path, path.relative_to(tree))


def _zip(tree: Path, target: Path) -> None:
    """What the seed calls; Info-ZIP."""
    subprocess.run(["zip", "-9", "-q", "-r", target.absolute(), "."], cwd=tree, check=True)


PACKERS: dict[str, Callable[[Path, Path], None]] = {
    "libdeflate": _libdeflate,
    "zipfile": _zipfile,
    "zip -9": _zip,
}


def pack(tree: Path, packer: str) -> Packed:
    """Pack the tree in a process of its own. Without `zip` here, Python's zipfile at 9."""
    if packer == "zip -9" and not shutil.which("zip"):
        packer = "zipfile"
    words = [sys.executable, "-m", "bench.packers", packer, str(tree)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    return Packed(**json.loads(done.stdout))


def _main(packer: str, tree: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target, started = Path(folder, "layer.zip"), time.monotonic()
        PACKERS[packer](tree, target)
        seconds = time.monotonic() - started
        who = resource.RUSAGE_CHILDREN if packer == "zip -9" else resource.RUSAGE_SELF
        memory = resource.getrusage(who).ru_maxrss * 1024
        packed = Packed(packer=packer, bytes=target.stat().st_size, seconds=seconds, memory=memory)
    print(json.dumps(asdict(packed)))


def compare(tree: Path) -> list[Packed]:
    """Every packer that is here, over the same tree."""
    there = [name for name in PACKERS if name != "zip -9" or shutil.which("zip")]
    return [pack(tree, name) for name in there]


def table(packed: list[Packed]) -> Table:
    rows = [
        [each.packer, size(each.bytes), f"{each.seconds:.1f} s", size(each.memory)]
        for each in packed
    ]
    columns = ("packing the same tree", "zip", "time", "memory")
    return Table(caption="Packing compared on the same tree:", columns=columns, rows=rows)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
