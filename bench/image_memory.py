"""`python -m bench.image_memory FOLDER`: 3 GB of finished parts as one blob of an image. Prints the
peak memory of that in bytes."""

import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from bench.peers import HERE
from tasks.image import tar_layer
from tasks.layer import part
from tasks.layer.part import Member

FILES, EACH = 10, 300_000_000  # bytes
BLOCK = 1 << 20


def measure() -> int:
    """In a process of its own."""
    HERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        words = [sys.executable, "-m", "bench.image_memory", folder]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout)


def _part(folder: Path) -> list[Member]:
    """Files of a part: deflated, as the store keeps them."""
    packed, path = _deflated(), folder / "part"
    path.write_bytes(packed[0])
    found = []
    for number in range(FILES):
        found.append(
            Member(
                path=path, name=f"big/{number}.bin", mode=0o644, method=part.DEFLATED, size=EACH,
                crc=packed[1], offset=0, packed=len(packed[0]), made=False,
            )
        )  # fmt: skip
    return found


def _deflated() -> tuple[bytes, int]:
    """(a raw stream of EACH bytes, their CRC-32)"""
    block = bytes(range(256)) * (BLOCK // 256)
    deflater, made, crc, left = zlib.compressobj(1, zlib.DEFLATED, -15), [], 0, EACH
    while left:
        piece = block[:left]
        made.append(deflater.compress(piece))
        crc, left = zlib.crc32(piece, crc), left - len(piece)
    return b"".join([*made, deflater.flush()]), crc


def main() -> None:
    folder = Path(sys.argv[1])
    made = tar_layer.write_layer(
        tar_layer.of_members(_part(folder)), folder / "blob", part.LEVELS["default"]
    )
    assert made.unpacked > FILES * EACH
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    print(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")))


if __name__ == "__main__":
    main()
