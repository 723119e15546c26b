"""tasks/steps/sbom.py: what goes into the bill of materials, and when it is written anew."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.settings import paths, records
from tasks.settings.model import Settings
from tasks.settings.step_records import SbomRecord, ZipRecord
from tasks.steps import sbom
from tasks.util.errors import BuildError
from tests import stored_parts

PACKED = ZipRecord(
    sha256="a" * 64, built="20250102-030405", bytes=1, unzipped=2, files=1, inputs={}, input=""
)
METADATA = "Name: {}\nVersion: 1.0\nRequires-Dist: b; extra == 'x'\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A zip of two packages with its record, in an empty project."""
    monkeypatch.chdir(tmp_path)
    Path("requirements-all.txt").write_text("A[x]==1.0\nc\n-c limits.txt\n", encoding="utf-8")
    Path("limits.txt").write_text("b<2\n", encoding="utf-8")
    found = Settings(layer="t", builder="host")
    records.write(found, PACKED)
    with zipfile.ZipFile(paths.layer_zip(found), "w") as archive:
        for name in ("a", "b"):
            archive.writestr(f"python/{name}-1.0.dist-info/METADATA", METADATA.format(name))
    stored_parts.keep(found, [stored_parts.distribution(name) for name in ("a", "b", "pruned")])
    return found


def test_the_requirements_decide_what_is_direct_and_which_extras_count(settings: Settings) -> None:
    """Constraints ask for nothing."""
    found = sbom.contents(settings, paths.layer_zip(settings), PACKED)
    assert [each.name for each in found.packages] == ["a", "b"]
    assert found.direct == ["a", "c"]
    assert found.needs == {"a": ["b"], "b": []}
    assert found.hashes == {}


def test_hashes_are_the_locks(settings: Settings) -> None:
    """Under normalised names."""
    Path("requirements-all.lock").write_text("A.b==1.0 --hash=sha256:2 --hash=sha256:1\n")
    found = sbom.contents(settings, paths.layer_zip(settings), PACKED)
    assert found.hashes == {"a-b": ["sha256:1", "sha256:2"]}


def test_it_is_written_with_its_record(settings: Settings) -> None:
    """The record last, with a fingerprint that is still right afterwards."""
    record = sbom.run(settings)
    assert record.components == 2
    assert paths.beside_zip(settings, ".cdx.json").is_file()
    assert records.is_fresh(settings, SbomRecord, lambda: sbom.fingerprint(settings))()


def test_what_bills_of_wheels_list_is_in_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is in the layer; one that cannot be read is named."""
    bill = '{"bomFormat": "CycloneDX", "components": [{"name": "crate"}]}'
    found = [
        stored_parts.distribution(name, sboms={"x.json": bill, "y.json": "{"})
        for name in ("a", "pruned")
    ]
    stored_parts.keep(settings, found)
    said: list[str] = []
    monkeypatch.setattr(sbom, "say", said.append)
    assert sbom.run(settings).inside == 1
    assert said[0] == "warning: a: the bill y.json is no JSON: what it lists is not in ours"
    assert said[1].endswith("2 packages, 1 component inside of them")


def test_the_fingerprint_follows_zip_requirements_and_lock(settings: Settings) -> None:
    """Any of them makes another bill."""
    seen = {sbom.fingerprint(settings)}
    records.write(settings, replace(PACKED, sha256="b" * 64))
    seen.add(sbom.fingerprint(settings))
    Path("requirements-all.txt").write_text("a==1.0\n", encoding="utf-8")
    seen.add(sbom.fingerprint(settings))
    Path("requirements-all.lock").write_text("a==1.0 --hash=sha256:2\n")
    seen.add(sbom.fingerprint(settings))
    stored_parts.keep(settings, [stored_parts.distribution("a")])
    seen.add(sbom.fingerprint(settings))
    assert len(seen) == 5


def test_without_a_zip_it_says_what_to_run(settings: Settings) -> None:
    """No traceback after someone tidied up."""
    paths.layer_zip(settings).unlink()
    with pytest.raises(BuildError, match=r"t\.zip is not there"):
        sbom.run(settings)
