"""What of a function's package would hide the layer."""

from pathlib import Path

import pytest

from tasks.chalice_project import package as function_package
from tasks.chalice_project.package import Contents
from tasks.util.errors import DeployError

LAYER = Contents(
    versions={"six": "1.16.0", "google-api-core": "2.0"}, modules=["google.api_core", "six"]
)


def test_a_packages_distributions_and_modules() -> None:
    """By the names of its files; of a namespace what is in it."""
    found = function_package.contents([
        "app.py", "chalice/__init__.py", "chalice/app.py", "chalicelib/db.py",
        "Foo_Bar-1.0.dist-info/METADATA", "foo_bar/__init__.py", "foo_bar/x.py",
        "google/auth/__init__.py", "fast.cpython-312-x86_64-linux-gnu.so", "data.json",
    ])  # fmt: skip
    assert found.versions == {"foo-bar": "1.0"}
    assert found.modules == [
        "app", "chalice", "chalicelib.db", "fast", "foo_bar", "google.auth",
    ]  # fmt: skip


def test_a_layers_zip_has_two_places() -> None:
    """Both are on Lambda's path; what lies elsewhere is not."""
    found = function_package.of_layer([
        "python/six.py", "python/six-1.16.0.dist-info/METADATA",
        "python/lib/python3.12/site-packages/idna/__init__.py", "bin/tool.py",
    ])  # fmt: skip
    assert found == Contents(versions={"six": "1.16.0"}, modules=["idna", "six"])


def test_a_module_of_the_same_name_hides_the_layers() -> None:
    """So does a package around it; one beside it does not."""
    assert function_package.hidden(Contents(versions={}, modules=["six"]), LAYER) == ["six"]
    google = Contents(versions={}, modules=["google"])
    assert function_package.hidden(google, LAYER) == ["google.api_core"]
    assert function_package.hidden(Contents(versions={}, modules=["google.auth"]), LAYER) == []


def test_the_apps_own_modules_hide_nothing_that_it_needs() -> None:
    """Many packages have a folder `tests`."""
    names = ["app", "chalicelib", "tests"]
    assert function_package.hidden(
        Contents(versions={}, modules=names), Contents(versions={}, modules=names)
    ) == []  # fmt: skip


def test_a_chalice_in_the_layer_runs_in_no_function() -> None:
    """Chalice packs its own into each."""
    both = Contents(versions={}, modules=["chalice"])
    assert function_package.hidden(both, both) == ["chalice"]
    assert function_package.differences("f", both, both) == [
        "function f runs its own module chalice"
    ]


HIDING = {
    "six.py": b"", "six/__init__.py": b"", "six.pyc": b"",
    "six.cpython-312-x86_64-linux-gnu.so": b"", "google/__init__.py": b"",
}  # fmt: skip
HARMLESS = {
    "six/moves.py": b"", "google/api_core/x.py": b"",  # folders hide no module
    "sixx.py": b"", "google/auth/x.py": b"", "__pycache__/six.cpython-312.pyc": b"",
    "tests/six.py": b"", "six.txt": b"",
    "google/__init__.py": b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "source", "refused"),
    [*((path, HIDING[path], True) for path in HIDING),
     *((path, HARMLESS[path], False) for path in HARMLESS)],
)  # fmt: skip
def test_what_lies_in_vendor_is_known_before_chalice_packs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, source: bytes, refused: bool
) -> None:
    """Packages, extensions, code without its source; behind a link, too."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "elsewhere" / path
    file.parent.mkdir(parents=True)
    file.write_bytes(source)
    Path("vendor").symlink_to("elsewhere", target_is_directory=True)
    if not refused:
        function_package.refuse_hidden(LAYER)
        return
    with pytest.raises(DeployError, match=r"\(vendor/\)"):
        function_package.refuse_hidden(LAYER)


def test_what_differs_is_said_with_both_versions() -> None:
    """A module alone where no distribution says which it is of."""
    function = Contents(versions={"six": "1.17.0"}, modules=["six"])
    assert function_package.differences("f", function, LAYER) == [
        "function f runs its own six 1.17.0 (the layer has 1.16.0)"
    ]
    function = Contents(versions={}, modules=["six"])
    assert function_package.differences("f", function, LAYER) == [
        "function f runs its own module six"
    ]
    assert function_package.differences("f", Contents(versions={"idna": "1"}), LAYER) == []
