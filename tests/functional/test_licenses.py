"""Licences and bills of wheels, through the real steps: what is shipped of them."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.report import licenses as report
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import prune, sbom
from tests import handmade_layers

INFO = "pkg-1.0.dist-info"
METADATA = handmade_layers.metadata("pkg", more="License: GPL-3.0-only\nLicense-File: legal.txt\n")
TEXTS = {
    f"{INFO}/licenses/LICENSE": "mine",
    f"{INFO}/legal.txt": "legal",
    "pkg/_vendor/x/COPYING": "theirs",
    "pkg/tests/NOTICE.md": "noted",
    "pkg/docs/LICENSE.md": "mine",
}
FILES = {
    "pkg/__init__.py": "x = 1\n",
    "pkg/tests/test_x.py": "x = 1\n",
    "pkg/licenses/__init__.py": "",
    f"{INFO}/METADATA": METADATA,
    f"{INFO}/sboms/pkg.json": '{"bomFormat": "CycloneDX", "components": '
    '[{"name": "crate", "licenses": [{"license": {"id": "MPL-2.0"}}]}]}',
    f"{INFO}/sboms/other.json": "{",
    **TEXTS,
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    found = handmade_layers.project(tmp_path, monkeypatch)
    handmade_layers.lay(found, FILES)
    return found


def packed(settings: Settings) -> dict[str, str]:
    """{path: text} of the zip."""
    handmade_layers.pack(settings)
    with zipfile.ZipFile(paths.layer_zip(settings)) as archive:
        names = archive.namelist()
        return {
            each.removeprefix("python/"): archive.read(each).decode("latin-1") for each in names
        }


def test_every_text_is_kept(settings: Settings) -> None:
    """Also where a rule takes all around it; RECORD names them. `drop` of one's own wins."""
    found = packed(settings)
    assert {path: found[path] for path in TEXTS} == TEXTS
    assert "pkg/tests/test_x.py" not in found
    assert "pkg/docs/LICENSE.md,," in found[f"{INFO}/RECORD"]
    assert TEXTS.keys() - packed(replace(settings, drop=("pkg/docs",))) == {"pkg/docs/LICENSE.md"}


def test_all_are_bundled_into_one(settings: Settings) -> None:
    """Each text once, with all that it belongs to; dropped, there is none."""
    bundled = packed(replace(settings, licenses="bundle"))
    assert not bundled.keys() & TEXTS
    text = bundled["THIRD-PARTY-NOTICES"]
    assert (text.count("mine\n"), text.count("theirs\n")) == (1, 1)
    assert f"pkg: {INFO}/licenses/LICENSE\npkg: pkg/docs/LICENSE.md\n" in text
    assert "pkg/docs/LICENSE.md" not in bundled[f"{INFO}/RECORD"]
    dropped = packed(replace(settings, licenses="drop"))
    assert dropped.keys() == bundled.keys() - {"THIRD-PARTY-NOTICES"}


def test_a_text_that_gave_way_to_anothers_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two packages wrote LICENSE beside the packages: one text lies there, the other one is in the
    file of notices. Not what its package has elsewhere, too, nor what `drop` takes."""
    settings = handmade_layers.project(tmp_path, monkeypatch)
    packages = {
        "one": {"one.py": "", "LICENSE": "of one\n", "NOTICE": "same\n"},
        "two": {"two.py": "", "LICENSE": "of two\n", "NOTICE": "of two, too\n",
                "two-1.0.dist-info/licenses/NOTICE": "of two, too\n"},
    }  # fmt: skip
    handmade_layers.lay_wheels(settings, packages)
    found = packed(settings)
    assert (found["LICENSE"], found["NOTICE"]) == ("of one\n", "same\n")
    text = found["THIRD-PARTY-NOTICES"]
    assert "two: LICENSE\n" in text
    assert text.count("of two\n") == 1
    assert "too" not in text
    assert "THIRD-PARTY-NOTICES" not in packed(replace(settings, drop=("LICENSE",)))


def test_a_text_of_ten_megabytes_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs; a bundle has no place for it."""
    settings = handmade_layers.project(tmp_path, monkeypatch)
    said: list[str] = []
    monkeypatch.setattr(prune, "say", said.append)
    large = {"pkg/LICENSE.txt": "x" * 10_000_000}
    handmade_layers.lay(settings, FILES | large)
    found = packed(replace(settings, licenses="bundle"))
    assert len(found["pkg/LICENSE.txt"]) == 10_000_000
    assert len(found["THIRD-PARTY-NOTICES"]) < 10_000
    [line] = [each for each in said if each.startswith("warning")]
    assert "pkg: the licence pkg/LICENSE.txt has 10.0 MB" in line
    assert 'drop = ["pkg/LICENSE.txt"]' in line


def test_bills_of_wheels_are_merged_and_licences_reported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is no JSON is named; what asks for attention is said."""
    handmade_layers.pack(settings)
    said: list[str] = []
    monkeypatch.setattr(sbom, "say", said.append)
    sbom.run(settings)
    bill = json.loads(paths.beside_zip(settings, ".cdx.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in bill["components"]] == ["crate", "pkg"]
    assert f"the bill {INFO}/sboms/other.json is no JSON" in said[0]
    [row] = report.gather(settings)
    assert (row.license, row.texts) == ("GPL-3.0-only", len(TEXTS))
    assert row.attention == ["copyleft", "inside of it: crate (MPL-2.0)"]
