"""tasks/layer/archive/embedded_bills.py: bills that wheels bring, whatever stands in them."""

import json
import time
from typing import Any

import pytest

from tasks.layer.archive import embedded_bills
from tasks.layer.archive.dist_metadata import Package
from tasks.layer.archive.embedded_bills import Bill

OURS = Package(name="a-b", version="1.0", license="", classifiers=(), requires=())
ROOT = {"bom-ref": "r", "name": "a_b", "purl": "pkg:pypi/a_b@1.0?file_name=a_b.whl"}


def read(text: str | None) -> Bill:
    return embedded_bills.read_bill(OURS, "s.json", text)


def cyclonedx(*components: object, about: object = None, needs: object = ()) -> Bill:
    document: dict[str, Any] = {"bomFormat": "CycloneDX", "components": components}
    return read(json.dumps(document | {"metadata": {"component": about}, "dependencies": needs}))


def test_what_it_lists() -> None:
    """Components within others, too; relations between what is there; the wheel itself is ours."""
    found = cyclonedx(
        ROOT,
        {"bom-ref": "c", "name": "c", "version": "2", "licenses": [{"license": {"id": "MIT"}}],
         "components": [{"name": "inner", "type": "file"}]},
        about=ROOT,
        needs=[{"ref": "r", "dependsOn": ["c", "gone", 3]}, {"ref": "gone", "dependsOn": ["c"]}],
    )  # fmt: skip
    assert [(each.name, each.version, each.license) for each in found.entries] == [
        ("c", "2", "MIT"),
        ("inner", "", ""),
    ]
    assert found.own == {"r"}
    assert found.needs == {"r": ("c",)}
    assert not found.warnings


def test_each_component_is_listed_whatever_its_ref() -> None:
    """Without one, with one that looks like a number of ours, or with that of another."""
    unnamed = [{"name": name} for name in "abc"]
    found = cyclonedx(ROOT, {"bom-ref": "1", "name": "d"}, {"bom-ref": "2", "name": "e"}, *unnamed)
    assert sorted(each.name for each in found.entries) == ["a", "b", "c", "d", "e"]
    assert not found.warnings
    twice = [{"bom-ref": "x", "name": name} for name in ("f", "g", "h", "h")]
    found = cyclonedx(
        {"bom-ref": "x (2)", "name": "i"}, *twice, needs=[{"ref": "x (2)", "dependsOn": ["x"]}]
    )
    assert {each.ref: each.name for each in found.entries} == {
        "x (2)": "i", "x": "f", "x (3)": "g", "x (4)": "h"
    }  # fmt: skip
    assert found.needs == {"x (2)": ("x",)}
    [warning] = found.warnings
    assert "bom-ref of another" in warning
    started = time.process_time()
    many = [{"bom-ref": "x", "name": f"n{number}"} for number in range(embedded_bills.MOST)]
    assert len(cyclonedx(*many).entries) == embedded_bills.MOST
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "about",
    [
        ROOT | {"purl": "pkg:cargo/a-b@1.0"},
        ROOT | {"purl": "pkg:pypi/a-b@1.0#a.c"},
        ROOT | {"purl": "", "name": "a-b-rust"},
    ],
)
def test_a_crate_of_the_same_name_is_another(about: dict[str, str]) -> None:
    """So is an extension module of it."""
    found = cyclonedx(about=about)
    assert len(found.entries) == 1
    assert not found.own
    assert not found.warnings


def test_one_that_speaks_of_another_distribution_is_named() -> None:
    """What it lists is taken all the same: a scanner had better see too much."""
    found = cyclonedx({"name": "c"}, about=ROOT | {"purl": "pkg:pypi/a-b@0.9", "version": "0.9"})
    assert [each.name for each in found.entries] == ["a_b", "c"]
    [warning] = found.warnings
    assert "the bill s.json speaks of a_b 0.9, not of a-b 1.0" in warning


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "is too large"),
        ("", "is no JSON"),
        ("\udcff{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is neither CycloneDX nor SPDX"),
        ('{"components": [{"name": "c"}]}', "is neither CycloneDX nor SPDX"),
    ],
)
def test_what_is_no_bill_is_a_warning(text: str | None, why: str) -> None:
    """And nothing else."""
    found = read(text)
    assert found.entries == ()
    assert [why in line and "s.json" in line for line in found.warnings] == [True]


@pytest.mark.parametrize(
    "document",
    [
        {"components": "c"},
        {"components": [None, 1, "c", {"name": 3}, {"name": " "}]},
        {"metadata": [], "dependencies": {"ref": "r"}},
        {"metadata": {"component": "c"}, "dependencies": [None, {"ref": 1, "dependsOn": 5}]},
        {"components": [{"name": "c", "licenses": "MIT", "hashes": {"alg": 1}, "purl": []}]},
    ],
)
def test_what_is_not_well_formed_is_left_out(document: dict[str, object]) -> None:
    """Of any shape; those that have no name are counted."""
    found = read(json.dumps(document | {"bomFormat": "CycloneDX"}))
    assert {each.name for each in found.entries} <= {"c"}
    if document.get("components", "c")[0] is None:  # type: ignore[index]
        assert ["lists 5 that have no name" in line for line in found.warnings] == [True]


def test_one_that_lists_too_much_is_cut() -> None:
    """Nobody waits for a million of lies."""
    found = cyclonedx(*({"name": f"c{number}"} for number in range(6000)))
    assert len(found.entries) == embedded_bills.MOST
    assert ["lists 6000 components: only 5000" in line for line in found.warnings] == [True]


def test_spdx_is_read_too() -> None:
    """With its relations, both ways round."""
    links = [{"referenceType": "purl", "referenceLocator": "pkg:cargo/c@2"}]
    packages = [
        {"SPDXID": "r", "name": "a.b", "versionInfo": "1.0"},
        {"SPDXID": "c", "name": "c", "versionInfo": "2", "externalRefs": links,
         "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT"},
        {"SPDXID": "d", "name": "d"},
    ]  # fmt: skip
    said = [("DOC", "DESCRIBES", "r"), ("r", "DEPENDS_ON", "c"), ("d", "BUILD_DEPENDENCY_OF", "c")]
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    relations = [dict(zip(keys, each, strict=True)) for each in said]
    document = {"spdxVersion": "SPDX-2.3", "packages": packages, "relationships": relations}
    found = read(json.dumps(document))
    assert [(each.name, each.purl, each.license) for each in found.entries] == [
        ("c", "pkg:cargo/c@2", "MIT"),
        ("d", "", ""),
    ]
    assert found.own == {"r"}
    assert found.needs == {"r": ("c",), "c": ("d",)}
