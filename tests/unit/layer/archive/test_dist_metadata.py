"""tasks/layer/archive/dist_metadata.py: what a zip's metadata says, and who needs whom."""

import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tasks.layer.archive import dist_metadata
from tasks.requirements.tags import marker_environment
from tasks.settings.model import Settings

LAMBDA = marker_environment(Settings())


def made(name: str, *requires: str) -> dist_metadata.Package:
    lines = "".join(f"Requires-Dist: {each}\n" for each in requires)
    return dist_metadata.parse_metadata(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{lines}")


def needs(found: list[dist_metadata.Package], *asked: str) -> dict[str, list[str]]:
    return dist_metadata.needs(found, [Requirement(each) for each in asked], LAMBDA)


def test_only_what_has_metadata_in_the_zip_is_read(tmp_path: Path) -> None:
    """In the order of the names; a METADATA elsewhere is some package's data."""
    layer = tmp_path / "l.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/six.py", "")
        archive.writestr("python/b-1.dist-info/METADATA", "Name: B_b.x\nVersion: 1\n")
        archive.writestr("python/a-2.dist-info/METADATA", "Name: a\nVersion: 2\n")
        archive.writestr("python/E_e-3.dist-info/METADATA", "no headers")
        archive.writestr("python/a/vendor/c-1.dist-info/METADATA", "Name: c\nVersion: 1\n")
        archive.writestr("python/d-1.dist-info/RECORD", "")
    assert [(each.name, each.version) for each in dist_metadata.read_packages(layer)] == [
        ("a", "2"),
        ("b-b-x", "1"),
        ("e-e", ""),
    ]


@pytest.mark.parametrize(
    ("headers", "license_", "classifiers"),
    [
        ("License-Expression: MIT OR Apache-2.0\nLicense: old", "MIT OR Apache-2.0", ()),
        ("License: BSD 3-Clause", "BSD 3-Clause", ()),
        ("License: UNKNOWN", "", ()),
        ("License: Copyright\n        All rights\n        reserved", "", ()),
        (
            "Classifier: License :: OSI Approved\n"
            "Classifier: License :: OSI Approved :: MIT License\n"
            "Classifier: Topic :: Software",
            "",
            ("MIT License",),
        ),
        ("Summary: none", "", ()),
    ],
)
def test_the_licence_is_what_metadata_says_shortly(
    headers: str, license_: str, classifiers: tuple[str, ...]
) -> None:
    """Never a whole text."""
    found = dist_metadata.parse_metadata(f"Name: a\nVersion: 1\n{headers}\n")
    assert (found.license, found.classifiers) == (license_, classifiers)


def test_markers_are_judged_for_lambda() -> None:
    """Not for the machine that runs this."""
    a = made("a", 'b; sys_platform == "win32"', 'c; python_version >= "3.12"', "d; extra == 'x'")
    found = needs([a, made("b"), made("c"), made("d")], "a")
    assert found == {"a": ["c"], "b": [], "c": [], "d": []}


def test_an_extra_counts_where_somebody_asks_for_it() -> None:
    """The requirements, or a package that is there; also through another extra."""
    found = [
        made("a", "b[x]"),
        made("b", 'c[y]; extra == "x"', 'e; extra == "z"'),
        made("c", 'd; extra == "y"'),
        made("d"),
        made("e"),
    ]
    assert needs(found, "a")["b"] == ["c"]
    assert needs(found, "a")["c"] == ["d"]
    assert needs(found, "a", "b[z]")["b"] == ["c", "e"]


def test_what_is_not_in_the_layer_is_no_edge() -> None:
    """Pruned packages, such as the runtime's boto3; nor does a package need itself."""
    assert needs([made("a", "boto3", "A[x]", "this is no requirement")], "a") == {"a": []}
