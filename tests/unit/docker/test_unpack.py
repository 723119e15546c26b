"""docker/unpack.py: layers over each other, as Lambda lays them."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import deflate
import pytest

from tests import sandbox_scripts

SCRIPT = sandbox_scripts.FOLDER / "unpack.py"


def pack(path: Path, files: Mapping[str, str], mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16 | 0x20  # DOS: archive
            archive.writestr(member, text, zipfile.ZIP_DEFLATED)
    return path


@pytest.fixture(params=["deflate", "zlib"], autouse=True)
def tools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With libdeflate, and without."""
    there = Path(deflate.__file__).parents[1]
    monkeypatch.setenv("TOOLS", str(there) if request.param == "deflate" else "/nowhere")


def run(target: Path, *layers: Path) -> subprocess.CompletedProcess[str]:
    words = (SCRIPT, target, os.environ["TOOLS"], *layers)
    command = [sys.executable, "-I", "-S", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def unpack(target: Path, *layers: Path) -> dict[str, str]:
    """What lies there afterwards."""
    done = run(target, *layers)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return {
        str(path.relative_to(target)): path.read_text(encoding="utf-8")
        for path in target.rglob("*")
        if path.is_file()
    }


def test_later_layers_cover_earlier_ones(tmp_path: Path) -> None:
    """File by file; what only one has stays."""
    first = pack(tmp_path / "1.zip", {"python/a.py": "1", "python/p/b.py": "1"})
    second = pack(tmp_path / "2.zip", {"python/a.py": "2", "python/p/c.py": "2"})
    expected = {"python/a.py": "2", "python/p/b.py": "1", "python/p/c.py": "2"}
    assert unpack(tmp_path / "opt", first, second) == expected
    assert unpack(tmp_path / "opt", second, first) == expected | {"python/a.py": "1"}


def test_what_lay_there_is_gone(tmp_path: Path) -> None:
    """Files, folders and links, without what a link leads to."""
    target, elsewhere = tmp_path / "opt", tmp_path / "elsewhere"
    for folder in (target / "python/old", elsewhere):
        folder.mkdir(parents=True)
        (folder / "x").write_text("", encoding="utf-8")
    (target / "link").symlink_to(elsewhere)
    layer = pack(tmp_path / "1.zip", {"python/a.py": "1"})
    assert unpack(target, layer) == {"python/a.py": "1"}
    assert (elsewhere / "x").exists()
    assert [path.name for path in target.iterdir()] == ["python"]


def test_many_files_are_all_unpacked(tmp_path: Path) -> None:
    """By several processes, each with a position of its own in the zip."""
    files = {f"python/p{n % 7}/m{n}.py": f"X = {n}\n" * (n % 400) for n in range(600)}
    assert unpack(tmp_path / "opt", pack(tmp_path / "1.zip", files)) == files


def test_folders_of_a_zip_are_no_files(tmp_path: Path) -> None:
    """Other tools write members for them."""
    layer = tmp_path / "1.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.mkdir("python")
        archive.writestr("python/a.py", "1")
    assert unpack(tmp_path / "opt", layer) == {"python/a.py": "1"}


@pytest.mark.parametrize(("mode", "expected"), [(0o100755, 0o755), (0o100600, 0o600), (0, 0o644)])
def test_files_get_their_modes(tmp_path: Path, mode: int, expected: int) -> None:
    """A zip that names none leaves them readable."""
    unpack(tmp_path / "opt", pack(tmp_path / "1.zip", {"bin/x": "#!/bin/sh"}, mode))
    assert (tmp_path / "opt/bin/x").stat().st_mode & 0o777 == expected


def test_a_later_mode_counts(tmp_path: Path) -> None:
    """Also over a file that nobody may write."""
    first = pack(tmp_path / "1.zip", {"bin/x": "1"}, 0o100444)
    second = pack(tmp_path / "2.zip", {"bin/x": "2"}, 0o100755)
    assert unpack(tmp_path / "opt", first, second) == {"bin/x": "2"}
    assert (tmp_path / "opt/bin/x").stat().st_mode & 0o777 == 0o755


def test_damage_is_an_error(tmp_path: Path) -> None:
    """A CRC-32 that does not fit; nothing is proven with half a layer."""
    layer = tmp_path / "1.zip"
    with zipfile.ZipFile(layer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("python/a.py", "X = 'alpha'")
    layer.write_bytes(layer.read_bytes().replace(b"alpha", b"alphb"))
    done = run(tmp_path / "opt", layer)
    assert done.returncode != 0
    assert "python/a.py" in done.stderr
    assert "CRC" in done.stderr


def test_what_is_no_zip_is_an_error(tmp_path: Path) -> None:
    """Cut off, for example."""
    layer = pack(tmp_path / "1.zip", {"python/a.py": "1"})
    layer.write_bytes(layer.read_bytes()[:-10])
    assert run(tmp_path / "opt", layer).returncode != 0


def test_a_file_that_is_a_folder_too_is_an_error(tmp_path: Path) -> None:
    """As is a link, of which a layer has none; in one zip, or in two. No traceback."""
    both = pack(tmp_path / "1.zip", {"python": "/etc", "python/p/b.py": "1"}, 0o120777)
    file = pack(tmp_path / "2.zip", {"python/p": "1"})
    folder = pack(tmp_path / "3.zip", {"python/p/b.py": "1"})
    for layers in ([both], [file, folder], [folder, file]):
        done = run(tmp_path / "opt", *layers)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "python" in done.stderr or layers[-1].name in done.stderr


@pytest.mark.parametrize("name", ["../out.py", "python/../../out.py", "{root}/out.py"])
def test_a_name_that_leads_out_is_an_error(tmp_path: Path, name: str) -> None:
    """A layer of others may hold anything; nothing is written."""
    (tmp_path / "in").mkdir()
    name = name.format(root=tmp_path)
    layer = pack(tmp_path / "1.zip", {"python/a.py": "1", name: "2"})
    done = run(tmp_path / "in" / "opt", layer)
    assert done.returncode == 1
    assert "leads out of the layer" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.zip", "in"]
