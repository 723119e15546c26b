"""tasks/image/gzip_pieces.py: one stream of gzip out of pieces, the same bytes everywhere."""

import gzip
import hashlib
import io
import random
import zlib
from pathlib import Path

import pytest

from tasks.image import gzip_pieces, tar_layer
from tasks.image.tar_layer import File

NOISE = random.Random(1).randbytes(300_000)  # noqa: S311 - no secret
TEXT = b"".join(f"line {number} of a text\n".encode() for number in range(20_000))


def packed(data: bytes, level: int = 6) -> bytes:
    return b"".join(gzip_pieces.packed(io.BytesIO(data), level))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"x" * 65_536, bytes(1_000_000), NOISE, TEXT, TEXT + NOISE + TEXT,
        b"".join(TEXT[x : x + 3000] + NOISE[x : x + 3000] for x in range(0, 200_000, 3000)),
        Path(zlib.__file__).read_bytes(), NOISE[:65_535], NOISE[:9_999], bytes(range(256)) * 700,
    ],
    ids=range(12),
)  # fmt: skip
@pytest.mark.parametrize("level", [6, 12])
def test_it_is_one_stream_that_holds_the_data(data: bytes, level: int) -> None:
    made = packed(data, level)
    inflater = zlib.decompressobj(31)
    assert inflater.decompress(made) == data
    assert inflater.eof
    assert inflater.unused_data == b""
    assert gzip.decompress(made) == data  # with another reader of heads and tails


def test_the_bytes_are_always_the_same() -> None:
    digest = hashlib.sha256(packed(TEXT + NOISE)).hexdigest()
    assert digest == hashlib.sha256(packed(TEXT + NOISE)).hexdigest()


def test_it_is_hardly_larger() -> None:
    assert len(packed(TEXT * 5)) < 1.2 * len(gzip.compress(TEXT * 5, 6))


def test_a_large_layer_is_made_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its digests are those of what it holds."""
    monkeypatch.setattr(gzip_pieces, "WHOLE", 1000)
    content = File(name="a", mode=0o644, size=len(TEXT), blocks=lambda: iter([TEXT]))
    made = tar_layer.write_layer([content], tmp_path / "blob", 6)
    blob = (tmp_path / "blob").read_bytes()
    assert made.digest == f"sha256:{hashlib.sha256(blob).hexdigest()}"
    assert made.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(blob)).hexdigest()}"
    assert made.size == len(blob)
