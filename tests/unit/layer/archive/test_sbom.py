"""tasks/layer/archive/sbom.py: a valid CycloneDX document, the same for the same layer."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tasks.layer.archive import embedded_bills, sbom
from tasks.layer.archive.dist_metadata import Package

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def package(name: str, license_: str = "", *classifiers: str) -> Package:
    return Package(name=name, version="1.0", license=license_, classifiers=classifiers, requires=())


CONTENTS = sbom.Contents(
    layer="my-layer",
    sha256="a" * 64,
    built="20250102-030405",
    packages=[
        package("a", "MIT OR Apache-2.0"),
        package("b", "BSD 3-Clause", "BSD License"),
        package("c"),
    ],
    direct=["a", "pruned"],
    needs={"a": ["b", "c"], "b": [], "c": ["b"]},
    hashes={"a": [ONE], "b": [ONE, TWO], "pruned": [ONE]},
)


def document(contents: sbom.Contents = CONTENTS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sbom.to_json(contents))
    return found


def component(name: str, contents: sbom.Contents = CONTENTS) -> dict[str, Any]:
    return next(each for each in document(contents)["components"] if each["name"] == name)


def test_it_is_valid() -> None:
    """By the Foundation's own schema, strictly."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.to_json(CONTENTS)) is None


def test_the_same_layer_gives_the_same_bytes() -> None:
    """Serial number and time are the zip's; another zip has another number."""
    assert sbom.to_json(CONTENTS) == sbom.to_json(replace(CONTENTS))
    other = document(replace(CONTENTS, sha256="b" * 64))
    assert other["serialNumber"] != document()["serialNumber"]
    assert document()["metadata"]["timestamp"] == "2025-01-02T03:04:05+00:00"


def test_the_order_in_which_packages_come_does_not_matter() -> None:
    """Nor does that of their hashes."""
    turned = replace(
        CONTENTS, packages=CONTENTS.packages[::-1], hashes={"b": [TWO, ONE], "a": [ONE]}
    )
    assert sbom.to_json(turned) == sbom.to_json(CONTENTS)


def test_the_root_is_the_layer_and_needs_what_was_asked_for() -> None:
    """As far as it is there."""
    found = document()
    root = found["metadata"]["component"]
    assert (root["name"], root["version"]) == ("my-layer", "a" * 12)
    assert root["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    edges = {each["ref"]: each.get("dependsOn", []) for each in found["dependencies"]}
    assert edges == {
        "my-layer": ["pkg:pypi/a@1.0"],
        "pkg:pypi/a@1.0": ["pkg:pypi/b@1.0", "pkg:pypi/c@1.0"],
        "pkg:pypi/b@1.0": [],
        "pkg:pypi/c@1.0": ["pkg:pypi/b@1.0"],
    }


def test_a_hash_is_a_components_only_where_the_lock_allows_one() -> None:
    """Of several artefacts nobody can tell here which one was installed."""
    assert component("a")["hashes"] == [{"alg": "SHA-256", "content": "1" * 64}]
    assert "hashes" not in component("b")
    (reference,) = component("b")["externalReferences"]
    assert reference["type"] == "distribution"
    assert [each["content"][0] for each in reference["hashes"]] == ["1", "2"]
    assert not {"hashes", "externalReferences"} & component("c").keys()


@pytest.mark.parametrize(
    ("wording", "classifiers", "licenses"),
    [
        ("mit", ("MIT License",), [{"license": {"id": "MIT"}}]),
        ("MIT AND PSF-2.0", (), [{"expression": "MIT AND PSF-2.0"}]),
        ("Apache", ("Apache License",), [{"license": {"name": "Apache License"}}]),
        ("Dual", ("B", "A"), [{"license": {"name": "A"}}, {"license": {"name": "B"}}]),
        ("my own", (), [{"license": {"name": "my own"}}]),
        ("", ("ISC",), [{"license": {"id": "ISC"}}]),
    ],
)
def test_a_licence_is_spdx_where_it_can_be(
    wording: str, classifiers: tuple[str, ...], licenses: list[object]
) -> None:
    """Otherwise classifiers, otherwise the wording itself."""
    alone = replace(CONTENTS, packages=[package("a", wording, *classifiers)], needs={"a": []})
    assert component("a", alone)["licenses"] == licenses


INSIDE = embedded_bills.read_bill(
    CONTENTS.packages[0],
    "a-1.0.dist-info/sboms/a.json",
    json.dumps(
        {
            "bomFormat": "CycloneDX",
            "metadata": {"component": {"bom-ref": "r", "name": "a", "version": "1.0"}},
            "components": [
                {"bom-ref": "c", "name": "c", "purl": "pkg:cargo/c@2", "type": "library",
                 "hashes": [{"alg": "SHA-256", "content": "3" * 64}, {"alg": "X", "content": "3"},
                            {"alg": "SHA-1", "content": "no hash"}]},
                {"bom-ref": "b", "name": "b", "purl": "no purl", "type": "no type",
                 "licenses": [{"expression": "MIT OR ISC"}]},
                {"name": "alone"},
            ],
            "dependencies": [{"ref": "r", "dependsOn": ["c"]}, {"ref": "c", "dependsOn": ["b"]}],
        }
    ),
)  # fmt: skip


def test_what_lies_inside_of_a_package_is_in_it() -> None:
    """What the wheel's own bill lists, with its relations, and libraries that auditwheel bundled:
    the package leads to each."""
    libraries = {"a.libs/libz-1a2b3c4d.so.1.3": "a"}
    whole = replace(CONTENTS, bills=[INSIDE], libraries=libraries)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.to_json(whole)) is None
    found = document(whole)
    base = "pkg:pypi/a@1.0|a-1.0.dist-info/sboms/a.json|"
    mine = {each["bom-ref"]: each for each in found["components"] if "|" in each["bom-ref"]}
    assert {each["name"] for each in mine.values()} == {"c", "b", "alone", "libz.so.1.3"}
    assert mine[f"{base}c"]["hashes"] == [{"alg": "SHA-256", "content": "3" * 64}]
    assert mine[f"{base}b"]["licenses"] == [{"expression": "MIT OR ISC"}]
    assert mine[f"{base}c"]["properties"] == [
        {"name": sbom.LISTED_BY, "value": "a-1.0.dist-info/sboms/a.json"}
    ]
    edges = {each["ref"]: each.get("dependsOn", []) for each in found["dependencies"]}
    assert {*edges["pkg:pypi/a@1.0"]} == {
        "pkg:pypi/b@1.0", "pkg:pypi/c@1.0", f"{base}c", f"{base}3",
        "pkg:pypi/a@1.0|a.libs/libz-1a2b3c4d.so.1.3",
    }  # fmt: skip
    assert edges[f"{base}c"] == [f"{base}b"]


def test_a_bill_that_lies_leaves_ours_valid() -> None:
    """Whatever stands in it: ours is a document that scanners read."""
    odd = [
        {"bom-ref": "a", "name": "\ud800", "version": "\0", "type": "platform", "purl": "pkg:x"},
        {"bom-ref": "a", "name": "twice", "licenses": [{"expression": "MIT OR"}, {"license": {}}]},
        {"bom-ref": "urn:cdx:1/1#a", "name": "x" * 10_000, "hashes": [{"alg": "MD5"}]},
        {"name": "c", "purl": "pkg:pypi/a@1.0", "licenses": [{"license": {"id": "No-Such"}}]},
    ]
    needs = [{"ref": "a", "dependsOn": ["a", "urn:cdx:1/1#a"]}, {"ref": "b"}]
    text = json.dumps({"bomFormat": "CycloneDX", "components": odd, "dependencies": needs})
    bill = embedded_bills.read_bill(CONTENTS.packages[0], "x.json", text)
    said = sbom.to_json(replace(CONTENTS, bills=[bill]))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(said) is None
    said.encode()


def test_bundled_libraries_are_told_by_their_folder() -> None:
    """As auditwheel names it. An older one, and ortools, write `.libs` inside of the package."""
    paths = ["a.libs/libz-1a2b3c4d.so.1", "a/lib/libz.so", "a.libs/README", "x/a.libs/liby.so"]
    paths += ["ortools/.libs/libabsl_die_if_null.so.2407.0.0", ".libs/libx.so"]
    owners = dict.fromkeys(paths, "a")
    assert list(sbom.bundled(paths, owners)) == [paths[0], *paths[3:]]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "libgfortran.so.5.0.0"),  # scipy's
        ("libquadmath-96973f99-934c22de.so.0.0.0", "libquadmath.so.0.0.0"),
        ("libopenblasp-r0-01191904.3.30.so", "libopenblasp-r0.3.30.so"),
        ("libz.so.1", "libz.so.1"),
    ],
)
def test_a_library_is_named_without_tags(file: str, name: str) -> None:
    """Repaired twice, it has two."""
    found = document(replace(CONTENTS, libraries={f"a.libs/{file}": "a"}))
    assert name in {each["name"] for each in found["components"]}
