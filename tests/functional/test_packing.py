"""What Chalice packs of requirements.txt, with its own code and pip, beside a layer."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.package_index import Index, serving
from tests.project import ROOT, clean_environment


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """alpha needs beta, which needs gamma; click is one of Chalice's own needs."""
    (tmp_path / "index").mkdir()
    with serving(tmp_path / "index") as found:
        extra = ("Provides-Extra: x", "Requires-Dist: delta; extra == 'x'")
        found.add("alpha", "1.0", "Requires-Dist: beta>=1", *extra)
        found.add("beta", "1.0", "Requires-Dist: gamma")
        found.add("beta", "2.0", "Requires-Dist: gamma")
        for name in ("gamma", "delta", "click"):
            found.add(name, "1.0")
        yield found


def packed(index: Index, text: str | bytes, **layer: str) -> set[str]:
    """The modules that are left for the function."""
    folder = index.root.parent / "app"
    folder.mkdir(exist_ok=True)
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "requirements.txt").write_bytes(content)
    target = folder / "target"
    shutil.rmtree(target, ignore_errors=True)
    words = ["cp312", "x86_64", "requirements.txt", str(target), str(folder / "report.json")]
    environment = {"PIP_INDEX_URL": index.url, "PYTHONPATH": str(ROOT), "PIP_NO_CACHE_DIR": "1"}
    subprocess.run(
        [sys.executable, "-m", "tasks.chalice_project.packing", *words], cwd=folder, check=True,
        env=clean_environment() | environment, input=json.dumps(layer), text=True,
    )  # fmt: skip
    return {path.stem for path in target.glob("*.py")} if target.exists() else set()


def hashed(index: Index, *names: str) -> str:
    """Lines as pip-compile writes them with hashes."""
    lines = []
    for name in names:
        [wheel] = (index.root / "simple" / name).glob(f"{name}-1.0-*.whl")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n")
    return "".join(lines)


def test_what_the_layer_has_stays_out(index: Index) -> None:
    """Named or needed, whatever the version."""
    assert packed(index, "alpha\n") == {"alpha", "beta", "gamma"}
    assert packed(index, "alpha\nbeta==1.0\n", beta="2.0") == {"alpha", "gamma"}
    assert packed(index, "alpha\n", beta="2.0", gamma="1.0") == {"alpha"}
    assert packed(index, "alpha==1.0\nbeta\n", alpha="1.0", beta="2.0") == set()


def test_a_file_with_hashes_is_taken_whole_by_pip(index: Index) -> None:
    """It refuses what no line names, so the lines stay and the wheels go."""
    text = hashed(index, "alpha", "beta", "gamma")
    assert packed(index, text, beta="1.0") == {"alpha", "gamma"}


def test_extras_bring_what_the_layer_does_not_have(index: Index) -> None:
    """alpha is the layer's, delta nobody's."""
    assert packed(index, "alpha[x]\n", alpha="1.0", beta="1.0", gamma="1.0") == {"delta"}


def test_a_compiled_file_packs_nothing_of_chalices(index: Index) -> None:
    """Its comments say who needs what; a freeze says nothing, so what it names is packed."""
    compiled = "chalice==1.34.0\n    # via -r requirements.in\nclick==1.0\n    # via chalice\n"
    assert packed(index, compiled) == set()
    assert packed(index, f"{compiled}gamma==1.0\n    # via -r requirements.in\n") == {"gamma"}
    assert packed(index, "chalice==1.34.0\nclick==1.0\n") == {"click"}


def test_includes_and_constraints(index: Index) -> None:
    """The layer's own file may be included: then nothing is left."""
    folder = index.root.parent / "app"
    folder.mkdir()
    (folder / "all.txt").write_text("beta\n")
    (folder / "limits.txt").write_text("beta<2\n")
    assert packed(index, "-r all.txt\n-c limits.txt\n", beta="1.0", gamma="1.0") == set()
    assert packed(index, "-r all.txt\n-c limits.txt\nalpha\n", gamma="1.0") == {"alpha", "beta"}
    metadata = next((folder / "target").glob("beta-*.dist-info"))
    assert metadata.name == "beta-1.0.dist-info"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_as_powershell_and_notepad_write_it(index: Index, encoding: str) -> None:
    """Chalice alone cannot read the one, and asks pip for a package `\\ufeffalpha` in the other."""
    text = "alpha==1.0\r\ndelta==1.0\r\n".encode(encoding)
    assert packed(index, text) == {"alpha", "beta", "gamma", "delta"}
    assert packed(index, text, alpha="1.0") == {"delta"}


def test_markers_files_and_addresses(index: Index) -> None:
    """Whatever form a line has, what the layer has of it stays out, and what it needs comes in."""
    [wheel] = (index.root / "simple" / "alpha").glob("*.whl")
    shutil.copytree(wheel.parent, index.root.parent / "app" / "wheels")
    path, address = f"./wheels/{wheel.name}", wheel.as_uri()
    for line in (path, address, f"alpha @ {address}", "alpha ; python_version > '3'"):
        assert packed(index, f"{line}\nchalice\n", beta="2.0") == {"alpha", "gamma"}, line
        assert packed(index, f"{line}\ndelta\n", alpha="1.0") == {"delta"}, line
    assert packed(index, "alpha ; python_version < '3'\ndelta\n") == {"delta"}
