"""tasks/layer/archive/secret_scan.py: large files are read in pieces, and nothing is lost
between them."""

import base64
import io
import random
from pathlib import Path
from typing import IO

import pytest

from tasks.layer import part as parts
from tasks.layer.archive import secret_scan, zip_writer
from tasks.layer.cache import Store
from tasks.layer.prune.plan import PrunePlan
from tests import stored_parts
from tests.unit.layer.archive.test_secret_patterns import KEY

SIZE, OVERLAP = secret_scan.BLOCK, secret_scan.OVERLAP


@pytest.mark.parametrize("size", [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE + 7])
def test_pieces_make_the_whole(size: int) -> None:
    """Each goes on where the one before ended, which it repeats the end of; there is always one."""
    content = bytes(range(251)) * (size // 251 + 1)
    first, *more = secret_scan.blocks(io.BytesIO(content[:size]))
    whole = first
    for block in more:
        assert block[:OVERLAP] == whole[-OVERLAP:]
        assert len(block) <= SIZE + OVERLAP
        whole += block[OVERLAP:]
    assert whole == content[:size]


@pytest.mark.parametrize("start", [0, SIZE - 20_000, SIZE - 1, SIZE, 2 * SIZE - 9])
def test_what_is_cut_stands_whole_in_one(start: int) -> None:
    """As long as any key is."""
    secret = b"BEGIN" + b"k" * 13_000 + b"END"
    content = io.BytesIO(b"." * start + secret + b"." * SIZE)
    assert any(secret in block for block in secret_scan.blocks(content))


@pytest.mark.parametrize("before", [SIZE - 10, SIZE - 800, 2 * SIZE - 1600])
def test_a_key_that_lies_across_two_pieces_is_found(before: int, tmp_path: Path) -> None:
    body = base64.encodebytes(random.Random(5).randbytes(1200)).decode()  # noqa: S311 - no secret
    key = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
    path = tmp_path / "data.txt"
    path.write_bytes(b"." * before + b"\n" + key.encode() + b"." * SIZE)
    assert secret_scan._read([("data.txt", path.open("rb"))])


@pytest.mark.parametrize(("count", "last"), [(9, "8"), (10, "9"), (11, "and 1 more file")])
def test_ten_lines_are_shown(count: int, last: str) -> None:
    """Of more, how many. Of ten, no line of none."""
    lines = secret_scan._listed(map(str, range(count))).splitlines()
    assert (len(lines), lines[-1]) == (min(count, 11), last if count != 11 else "and 1 more file")


def test_what_packed_a_part_says_which_files_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files without a word are not unpacked again, whatever else tells by its name is. Where the
    part is gone, all are searched."""
    files = {"a.txt": KEY.encode(), "b.txt": b"text", "pip.conf": b"", "c.txt": b"PRIVATE KEY-----"}
    part = stored_parts.part(tmp_path / "part", files)
    layer = tmp_path / "layer.zip"
    clean = [each._replace(suspect=each.name in ("a.txt", "c.txt")) for each in part.members]
    with layer.open("wb") as file:
        zip_writer.write_zip(clean, file)
    monkeypatch.setattr(
        parts,
        "read_part",
        lambda path: part.__class__(path=path, members=tuple(clean), strip=None, skipped=()),
    )
    opened: list[str] = []
    real = zip_writer.opened

    def open_one(member: parts.Member, file: IO[bytes]) -> IO[bytes]:
        opened.append(member.name)
        return real(member, file)

    monkeypatch.setattr(zip_writer, "opened", open_one)
    plan = PrunePlan(key="k", pin="k", name="d", stay=sorted(files), cut={})
    gone, kept = (Store(root=tmp_path / each, limit=1_000_000) for each in ("gone", "kept"))
    named = {"d": kept.put_bytes(parts.KIND, "key", b"a part").name}
    kept.put_bytes(parts.KIND, "key", b"another one, of the same key")
    found = secret_scan.scan(kept, layer, [plan], named)
    assert opened == ["a.txt", "c.txt", "pip.conf"]
    assert found["d"].keys() == {"a.txt", "pip.conf"}
    assert secret_scan.scan(gone, layer, [plan], named) == found
    assert opened[3:] == sorted(files)


def test_a_glob_names_what_was_found_alone() -> None:
    """Of several of a kind: `drop` may take nothing else."""
    found = ["a/t/1.pem", "a/t/2.pem", "a/x.py", "a/y.py", "a/z.key"]
    assert secret_scan.globs(found, {*found}) == ["a/t/*.pem", "a/*.py", "a/z.key"]
    assert secret_scan.globs(found, {*found, "a/__init__.py", "a/t/x.txt"}) == [
        "a/t/*.pem", "a/x.py", "a/y.py", "a/z.key",
    ]  # fmt: skip


def test_a_glob_reads_as_the_path() -> None:
    """Of an app of Next.js, whose folders have brackets."""
    found = ["a/[id]/1.pem", "a/[id]/2.pem", 'a/"x.pem']
    assert secret_scan.globs(found, found) == ["a/?x.pem", "a/?id?/*.pem"]


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("ecdsa/test_keys.py", "these are keys for a package's own tests"),
        ("jwcrypto/tests.py", "these are keys for a package's own tests"),
        ("ecdsa/keys_test.pyc", "these are keys for a package's own tests"),
        ("a/conftest.py", "these are keys for a package's own tests"),
        ("future/backports/test/keycert.pem", "these are keys for a package's own tests"),
        ("jose/testsuite/key.pem", "these are keys for a package's own tests"),
        ("localstack/aws/accounts.py", "revoke it where it was issued and take it out of the code"),
        ("a/contest.py", "revoke it where it was issued and take it out of the code"),
        ("a/test.key", "revoke it where it was issued and leave the file out"),
        ("a/latest/key.pem", "revoke it where it was issued and leave the file out"),
    ],
)
def test_ways_out(path: str, begins: str) -> None:
    """Tests' keys open nothing, and a module that others import cannot be left out."""
    fix = secret_scan._ways_out([path], {path, "a/__init__.py"})
    assert fix.startswith(begins)
    assert f'harmless = ["{path}"]' in fix
