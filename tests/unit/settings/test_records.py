"""tasks/settings/records.py: typed records, and fresh only for what they came from."""

from pathlib import Path

import pytest

from tasks.settings import records, step_records
from tasks.settings.model import Settings
from tasks.settings.step_records import ReportRecord, ZipRecord
from tasks.util import files
from tasks.util.errors import BuildError, InputError
from tests import made_records

SETTINGS = Settings(layer="deps")
KINDS = [each for name, each in vars(step_records).items() if name.endswith("Record")]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.STEP)
def test_a_record_of_another_form_is_none(kind: type[records.Record]) -> None:
    """One more field, one less, another type: the step is not done."""
    made_records.put(SETTINGS, kind)
    path = records.path(SETTINGS, kind)
    told = files.read_record(path) or {}
    assert records.read(SETTINGS, kind) == made_records.made(kind)
    first = next(iter(told))
    for other in (told | {"more": 1}, told | {first: 1.5}, {}):
        files.write_record(path, other)
        assert records.read(SETTINGS, kind) is None
    with pytest.raises(BuildError, match=f"step {kind.STEP} has left no record"):
        records.needed(SETTINGS, kind)


def test_fresh_means_made_from_what_stands_here_now() -> None:
    """Missing, of another form, other, same."""
    fresh = records.is_fresh(SETTINGS, ReportRecord, lambda: "a")
    assert not fresh()
    files.write_record(records.path(SETTINGS, ReportRecord), {"fingerprint": "a", "more": 1})
    assert not fresh()
    records.write(SETTINGS, ReportRecord(fingerprint="a"))
    assert fresh()
    assert not records.is_fresh(SETTINGS, ReportRecord, lambda: "b")()


def test_what_cannot_be_compared_is_not_fresh() -> None:
    """The requirements are gone: the step says so, in place of doit's traceback."""

    def gone() -> str:
        raise InputError("there is no file", fix="create it")

    records.write(SETTINGS, ReportRecord(fingerprint="a"))
    assert not records.is_fresh(SETTINGS, ReportRecord, gone)()


def test_a_zip_that_is_not_there_has_no_hash() -> None:
    """The one short way to a field."""
    assert records.zip_sha256(SETTINGS) == ""
    made_records.put(SETTINGS, ZipRecord, sha256="b")
    assert records.zip_sha256(SETTINGS) == "b"
