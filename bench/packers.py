"""The zip, made by this project and by others: size, time, peak memory. Each in its own process."""

import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import batched
from pathlib import Path

from bench.peers import HERE
from bench.results import Table
from tasks.layer.archive import zip_writer
from tasks.layer.part import LEVELS, Member
from tasks.ui.console import size
from tasks.util import files

Compress = Callable[[bytes], bytes]
THREADS, BATCH = 2, 64  # files that are held in memory at most
# Compared, not used: they live in a folder of the bench's own.
LIBRARIES = HERE / "packers"
PINS = {"zlib-ng 9": "zlib-ng==1.1.0", "ISA-L 3": "isal==1.9.1"}


@dataclass(frozen=True, kw_only=True)
class Packed:
    """One packer's result: bytes of the zip, seconds, peak bytes of memory."""

    packer: str
    bytes: int
    seconds: float
    memory: int


def _deflated(get_compress: Callable[[], Compress], tree: Path, target: Path) -> None:
    """What docker/optimize.py and layer/archive/zip_writer.py do, in one process and two
    threads."""
    compress, part = get_compress(), target.with_suffix(".part")

    def pack(path: Path) -> tuple[Path, bytes, bytes]:
        content = path.read_bytes()
        return path, content, compress(content)

    members = []
    with ThreadPoolExecutor(THREADS) as pool, part.open("wb") as file:
        for some in batched(files.walk(tree), BATCH):
            for path, content, data in pool.map(pack, some):
                smaller = len(data) < len(content)
                members.append(
                    Member(
                        name=path.relative_to(tree / zip_writer.PYTHON).as_posix(), mode=0o644,
                        method=8 if smaller else 0, crc=zlib.crc32(content), size=len(content),
                        path=part, offset=file.tell(), packed=min(len(data), len(content)),
                        made=False,
                    )
                )  # fmt: skip
                file.write(data if smaller else content)
    with target.open("wb") as file:
        zip_writer.write_zip(members, file)


def _libdeflate(level: int) -> Compress:
    import deflate

    return lambda content: bytes(deflate.deflate_compress(content, level))


def _zlib(module: str, level: int) -> Compress:
    """zlib itself, and what has its interface."""
    found = importlib.import_module(module)

    def compress(content: bytes) -> bytes:
        stream = found.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        return bytes(stream.compress(content) + stream.flush())

    return compress


def _zip(tree: Path, target: Path) -> None:
    """What the classic script calls. Info-ZIP."""
    subprocess.run(["zip", "-9", "-q", "-r", target.absolute(), "."], cwd=tree, check=True)


COMPRESS: dict[str, Callable[[], Compress]] = {
    "zlib 9": partial(_zlib, "zlib", 9),
    "zlib-ng 9": partial(_zlib, "zlib_ng.zlib_ng", 9),
    "ISA-L 3": partial(_zlib, "isal.isal_zlib", 3),
    **{f"libdeflate {level}": partial(_libdeflate, level) for level in LEVELS.values()},
}
PACKERS: dict[str, Callable[[Path, Path], None]] = {
    "zip -9": _zip,
    **{name: partial(_deflated, each) for name, each in COMPRESS.items()},
}


def pack(tree: Path, packer: str) -> Packed:
    """Pack the tree in a process of its own. Without `zip` here, zlib at 9."""
    if packer == "zip -9" and not shutil.which("zip"):
        packer = "zlib 9"
    words = [sys.executable, "-m", "bench.packers", packer, str(tree)]
    environment = os.environ | {"PYTHONPATH": str(LIBRARIES.absolute())}
    done = subprocess.run(words, stdout=subprocess.PIPE, env=environment, check=True)
    return Packed(**json.loads(done.stdout))


def ready() -> set[str]:
    """The packers that work here. What keeps the others from it is said."""
    there = {name for name in PACKERS if name not in PINS}
    if not shutil.which("zip"):
        print("without zip -9: no zip here (apt-get install zip)", file=sys.stderr)
        there.remove("zip -9")
    uv = [str(Path(sys.executable).with_name("uv")), "--quiet", "--no-config", "pip", "install"]
    words = [*uv, "--python", sys.executable, "--target", str(LIBRARIES), *PINS.values()]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"without {' and '.join(PINS)}: {done.stderr}", file=sys.stderr)
        return there
    return there | set(PINS)


def _main(packer: str, tree: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target, started = Path(folder, "layer.zip"), time.monotonic()
        PACKERS[packer](tree, target)
        seconds = time.monotonic() - started
        who = resource.RUSAGE_CHILDREN if packer == "zip -9" else resource.RUSAGE_SELF
        memory = resource.getrusage(who).ru_maxrss * 1024
        packed = Packed(packer=packer, bytes=target.stat().st_size, seconds=seconds, memory=memory)
    print(json.dumps(asdict(packed)))


def compare(tree: Path, runs: int) -> list[Packed]:
    """Every packer that is here, over the same tree in turn. The median run of each."""
    there = ready()
    names = [name for name in PACKERS if name in there]
    turns = [{name: pack(tree, name) for name in names} for _ in range(runs)]
    return [
        sorted((turn[name] for turn in turns), key=lambda each: each.seconds)[runs // 2]
        for name in names
    ]


def table(packed: list[Packed]) -> Table:
    titles = {f"libdeflate {level}": setting for setting, level in LEVELS.items()}
    classic = next((each for each in packed if each.packer == "zip -9"), packed[0])
    rows = [
        [
            f"{each.packer} (`{titles[each.packer]}`)" if each.packer in titles else each.packer,
            size(each.bytes), f"{each.bytes / classic.bytes:.3f}", f"{each.seconds:.1f} s",
            size(each.memory),
        ]
        for each in packed
    ]  # fmt: skip
    columns = ("packing the same tree", "zip", f"… against {classic.packer}", "time", "memory")
    caption = (
        f"The layer's files packed by each, {THREADS} threads but for Info-ZIP's zip, in a process "
        "of its own (medians):"
    )
    return Table(caption=caption, columns=columns, rows=rows)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
