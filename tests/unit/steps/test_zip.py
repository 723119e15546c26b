"""tasks/steps/zip.py: the zip, its record, and what a second run makes of them."""

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import installed
from tasks.layer import part as parts
from tasks.layer.archive import zip_writer
from tasks.settings import paths, records
from tasks.settings.model import Settings
from tasks.settings.step_records import BytecodeReport, OptimizeRecord, ZipRecord
from tasks.steps import zip as zip_step
from tasks.util import files as file_tools
from tasks.util.errors import BuildError
from tests import handmade_layers, made_records, stored_parts

CACHED = "__pycache__/six.cpython-312.pyc"
CODE = BytecodeReport(files=1, bytes=9, skipped=[], left_out=[], seconds=0.0)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One finished part in an empty project."""
    found = handmade_layers.project(tmp_path, monkeypatch)
    Path(found.requirements).write_text("six==1.17.0\n", encoding="utf-8")
    put(found, {"six.py": b"x = 1\n"})
    return found


def put(settings: Settings, files: dict[str, bytes], code: BytecodeReport | None = CODE) -> Path:
    """As optimize leaves it; the part in the store. Bytecode, if any, is ours."""
    made = stored_parts.part(Path("part"), files, made=[CACHED])
    key = file_tools.digest(sorted(files))
    path = installed.store(settings).put(parts.KIND, key, made.path)
    made_records.put(
        settings, OptimizeRecord, parts={"six": key}, made={"six": path.name}, bytecode=code
    )
    return path


def names(settings: Settings) -> list[str]:
    with zipfile.ZipFile(paths.layer_zip(settings)) as found:
        assert found.testzip() is None
        return found.namelist()


def test_the_record_describes_the_zip(settings: Settings) -> None:
    """What upload and publish rely on."""
    record = zip_step.run(settings)
    path = paths.layer_zip(settings)
    assert record.sha256 == file_tools.file_digest(path)
    assert record.bytes == path.stat().st_size
    assert (record.files, record.unzipped) == (1, 6)
    assert len(record.built) == len("20250101-000000")
    assert record.input
    assert record.fingerprint == zip_step.fingerprint(settings)
    assert records.read(settings, ZipRecord) == record
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(settings) == ["python/six.py"]


def test_the_same_content_keeps_its_date(settings: Settings) -> None:
    """`built` is part of the key in S3: the same zip must not get another."""
    first = zip_step.run(settings)
    records.write(settings, replace(first, built="20250101-000000"))
    assert zip_step.run(settings).built == "20250101-000000"
    put(settings, {"six.py": b"x = 1\n", "more.py": b""})
    assert zip_step.run(settings).built != "20250101-000000"


def test_another_part_or_input_makes_it_stale(settings: Settings) -> None:
    """Also where the zip would come out the same: `input` is what lookup compares."""
    seen = {zip_step.fingerprint(settings)}
    Path(settings.requirements).write_text("six==1.16.0\n", encoding="utf-8")
    seen.add(zip_step.fingerprint(settings))
    put(settings, {"six.py": b"x = 1\n", "more.py": b""})
    seen.add(zip_step.fingerprint(settings))
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("code", "there"),
    [(CODE, True), (None, False), (replace(CODE, left_out=["six.py"]), False)],
    ids=["fits", "switched off", "left out"],
)
def test_bytecode_is_in_it_unless_optimize_says_no(
    settings: Settings, code: BytecodeReport | None, there: bool
) -> None:
    """The parts hold it either way."""
    put(settings, {"six.py": b"x = 1\n", CACHED: b"compiled"}, code)
    record = zip_step.run(settings)
    assert (f"python/{CACHED}" in names(settings)) is there
    assert (record.files, record.unzipped) == ((2, 14) if there else (1, 6))


def test_a_failure_leaves_the_old_zip_and_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written to a temporary name, moved when whole."""
    zip_step.run(settings)
    before = paths.layer_zip(settings).read_bytes()

    def fail(*args: object, **named: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zip_writer, "write_zip", fail)
    with pytest.raises(OSError, match="space"):
        zip_step.run(settings)
    assert paths.layer_zip(settings).read_bytes() == before
    assert [path.name for path in paths.BUILD.iterdir() if path.is_file()] == ["t.zip"]


@pytest.mark.parametrize("content", [None, b"damaged"], ids=["gone", "damaged"])
def test_a_part_that_is_not_whole_is_never_shipped(
    settings: Settings, content: bytes | None
) -> None:
    """The next run makes it again: optimize's record goes, too."""
    part = put(settings, {"six.py": b"x = 1\n"})
    part.unlink() if content is None else part.write_bytes(content)
    with pytest.raises(BuildError, match="gone from the store") as caught:
        zip_step.run(settings)
    assert "again" in caught.value.fix
    assert not paths.record(settings, "optimize").exists()
    assert not paths.layer_zip(settings).exists()


def test_a_damaged_zip_is_noticed(settings: Settings) -> None:
    """Then doit makes it again, without anything else."""
    zip_step.run(settings)
    path, record = paths.layer_zip(settings), paths.record(settings, "zip")
    whole = path.read_bytes()
    assert file_tools.is_whole(path, record)
    path.write_bytes(whole[:45] + b"\xff" + whole[46:])
    os.utime(path, (1, 1))
    assert not file_tools.is_whole(path, record)
    zip_step.run(settings)
    assert path.read_bytes() == whole
    assert file_tools.is_whole(path, record)


def test_an_empty_layer_is_an_error(settings: Settings) -> None:
    """Lambda refuses one; `drop` can take too much."""
    put(settings, {})
    with pytest.raises(BuildError, match="no file"):
        zip_step.run(settings)
    assert not paths.layer_zip(settings).exists()


def test_without_parts_it_says_what_to_run(settings: Settings) -> None:
    """No traceback after someone tidied up."""
    with pytest.raises(BuildError, match="step optimize has left no record"):
        zip_step.run(Settings(layer="other", builder="host"))


@pytest.mark.parametrize("of_link", [True, False])
def test_a_folder_in_its_place_is_no_traceback(settings: Settings, of_link: bool) -> None:
    """A link to one is replaced, a folder of yours is not."""
    path = paths.layer_zip(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "mine").mkdir()
    path.symlink_to("mine") if of_link else path.mkdir()
    assert not file_tools.is_whole(path, paths.record(settings, "zip"))
    if of_link:
        zip_step.run(settings)
        assert not path.is_symlink()
        assert names(settings) == ["python/six.py"]
    else:
        with pytest.raises(BuildError, match="is a folder"):
            zip_step.run(settings)


def test_a_record_of_another_form_is_not_done(settings: Settings) -> None:
    """Of another version of the tool, or a person's: the zip is made again."""
    zip_step.run(settings)
    path = paths.record(settings, "zip")
    told = file_tools.read_record(path) or {}
    for other in (told | {"more": 1}, told | {"bytes": "30"}, {"sha256": told["sha256"]}):
        file_tools.write_record(path, other)
        assert records.read(settings, ZipRecord) is None
        assert records.zip_sha256(settings) == ""
    assert zip_step.run(settings).sha256 == told["sha256"]
    assert records.read(settings, ZipRecord)
