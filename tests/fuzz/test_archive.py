"""tasks/layer/archive/zip_writer.py: whatever the files are called and hold, every unzip gets
them back."""

import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.layer import part
from tasks.layer.archive import zip_writer
from tasks.util import files
from tests import sandbox_scripts
from tests.reliability_counts import answer

OPTIMIZE = sandbox_scripts.load("optimize")

ROW = "zip: trees"
PARTS = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="/\\"), min_size=1
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 60)
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
CONTENTS = st.binary(max_size=300) | st.integers(0, 70_000).map(lambda size: b"ab" * size)
TREES = st.dictionaries(NAMES, st.tuples(CONTENTS, st.booleans()), min_size=1, max_size=5)
UTF8 = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def lay(root: Path, tree: dict[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    """What of it can lie side by side (a file is no folder)."""
    laid = {}
    for name, (content, program) in tree.items():
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        path.chmod(0o755 if program else 0o644)
        laid[name] = content, program
    return laid


def packed(root: Path, names: Iterable[str]) -> bytes:
    """The zip of a distribution of these files, through the sandbox's own packing."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        request = {root.name: {"as": "part", "stay": sorted(names), "cut": {}}}
        making = OPTIMIZE.Making(str(root.parent), folder, request, False, False, 6)
        OPTIMIZE.make(making, folder)
        members = part.together([part.read_part(Path(folder, "part"))], bytecode=True)
        answer(ROW, lambda: zip_writer.write_zip(members, out))
    return out.getvalue()


@given(TREES)
@example({"a": (b"", False), "b/c": (b"#!", True)})
@example({"no\N{NO-BREAK SPACE}break": (b"", False)})
def test_zipfile_gets_it_back(tree: dict[str, tuple[bytes, bool]]) -> None:
    """Names, contents, execute bits; the same bytes once more."""
    with tempfile.TemporaryDirectory() as folder:
        laid = lay(Path(folder), tree)
        data = packed(Path(folder), laid)
        assert packed(Path(folder), laid) == data
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert {
            info.filename.removeprefix("python/"): (
                found.read(info),
                bool(info.external_attr >> 16 & 0o100),
            )
            for info in found.infolist()
        } == laid  # fmt: skip


@given(TREES)
@settings(max_examples=25)  # a process each
def test_unzip_gets_it_back(tree: dict[str, tuple[bytes, bool]]) -> None:
    """Info-ZIP's, as people have it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in"), Path(folder, "out")
        laid = lay(source, tree)
        Path(folder, "a.zip").write_bytes(packed(source, laid))
        command = ["unzip", "-q", f"{folder}/a.zip", "-d", str(target)]
        done = subprocess.run(command, capture_output=True, text=True, env=UTF8, check=False)
        assert done.returncode == 0, done.stderr
        assert {
            path.relative_to(target / "python").as_posix(): (
                path.read_bytes(), bool(path.stat().st_mode & 0o100)
            )
            for path in files.walk(target)
        } == laid  # fmt: skip
