"""What of a function's package would hide the layer."""

from tasks.chalice_project import package as function_package
from tasks.chalice_project.package import Contents

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
    """Chalice packs its runtime into each function; many packages have a folder `tests`."""
    names = ["app", "chalice", "chalicelib", "tests"]
    assert function_package.hidden(
        Contents(versions={}, modules=names), Contents(versions={}, modules=names)
    ) == []  # fmt: skip


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
