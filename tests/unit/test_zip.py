"""tasks/steps/zip.py: the zip, its record, and what a second run makes of them."""

import zipfile
from pathlib import Path

import pytest

from tasks.core import archive, paths, records
from tasks.core.errors import BuildError
from tasks.core.settings import Settings
from tasks.steps import zip as zip_step


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An optimized tree in an empty project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements-all.txt").write_text("six==1.17.0\n", encoding="utf-8")
    found = Settings(layer="t", builder="host")
    path = paths.tree(found, "optimize") / "python" / "six.py"
    path.parent.mkdir(parents=True)
    path.write_text("x = 1\n", encoding="utf-8")
    records.write(paths.record(found, "optimize"), {"fingerprint": "f", "tree": "a"})
    return found


def test_the_record_describes_the_zip(settings: Settings) -> None:
    """What upload and publish rely on."""
    record = zip_step.run(settings)
    path = paths.layer_zip(settings)
    assert record["sha256"] == records.file_digest(path)
    assert record["bytes"] == path.stat().st_size
    assert (record["files"], record["unzipped"]) == (1, 6)
    assert len(record["built"]) == len("20250101-000000")
    assert record["input"]
    assert record["fingerprint"] == zip_step.fingerprint(settings)
    assert records.read(paths.record(settings, "zip")) == record
    assert path.stat().st_mode & 0o777 == 0o644
    assert zipfile.ZipFile(path).namelist() == ["python/six.py"]


def test_the_same_content_keeps_its_date(settings: Settings) -> None:
    """`built` is part of the key in S3: the same zip must not get another."""
    first = zip_step.run(settings)
    records.write(paths.record(settings, "zip"), first | {"built": "20250101-000000"})
    assert zip_step.run(settings)["built"] == "20250101-000000"
    (paths.tree(settings, "optimize") / "python/six.py").write_text("x = 2", encoding="utf-8")
    assert zip_step.run(settings)["built"] != "20250101-000000"


def test_another_tree_or_input_makes_it_stale(settings: Settings) -> None:
    """Also where the zip would come out the same: `input` is what lookup compares."""
    before = zip_step.fingerprint(settings)
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    assert zip_step.fingerprint(settings) != before


def test_a_failure_leaves_the_old_zip_and_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written to a temporary name, moved when whole."""
    zip_step.run(settings)
    before = paths.layer_zip(settings).read_bytes()

    def fail(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write_zip", fail)
    with pytest.raises(OSError, match="space"):
        zip_step.run(settings)
    assert paths.layer_zip(settings).read_bytes() == before
    assert [path.name for path in paths.BUILD.iterdir() if path.is_file()] == ["t.zip"]


def test_a_damaged_zip_is_noticed(settings: Settings) -> None:
    """Read back by another implementation before it is moved into place."""
    zip_step.run(settings)
    path = paths.layer_zip(settings)
    with pytest.raises(BuildError, match="5 bytes"):
        zip_step.check(path, 5)
    content = bytearray(path.read_bytes())
    content[45] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises((BuildError, zipfile.BadZipFile)):
        zip_step.check(path, 6)


def test_an_empty_tree_is_an_error(settings: Settings) -> None:
    """Lambda refuses an empty layer."""
    with pytest.raises(BuildError, match="no file"):
        zip_step.run(Settings(layer="other", builder="host"))
