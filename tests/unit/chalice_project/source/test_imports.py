"""Imports of the app that a rule would break by their names."""

import json
from pathlib import Path

import pytest

from tasks.chalice_project.source import imports as app_imports

NAMES = ("tests", "docs")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import a.tests.b", ["a.tests.b"]),
        ("from a.tests import b", ["a.tests", "a.tests.b"]),
        ("from a import tests", ["a.tests"]),
        ("def f():\n    import docs", ["docs"]),
        ("import_module('a.docs.x')", ["a.docs.x"]),
        ("from .tests import x\nfrom a.testing import y\nz = 'see tests'", []),
        ("print 'a.tests'", []),
    ],
)
def test_only_those_names_count(tmp_path: Path, code: str, found: list[str]) -> None:
    """In app.py and below chalicelib, sorted."""
    (tmp_path / "app.py").write_text(code)
    (tmp_path / "chalicelib/deep").mkdir(parents=True)
    (tmp_path / "chalicelib/deep/x.py").write_text("import z.docs\nimport six")
    (tmp_path / "other.py").write_text("import o.docs")
    assert app_imports.of_app(tmp_path, NAMES) == sorted([*found, "z.docs"])


def test_what_vendor_imports_counts(tmp_path: Path) -> None:
    """Chalice packs it, too. What it may do without is its own matter."""
    (tmp_path / "vendor/ours").mkdir(parents=True)
    (tmp_path / "vendor/ours/x.py").write_text("from a.tests import b\nimport clr")
    assert app_imports.of_app(tmp_path, NAMES) == ["a.tests", "a.tests.b"]
    assert app_imports.of_these(tmp_path, ["clr"]) == set()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("acme.tests.fake", ["acme.tests.fake"]),
        ("acme.tests.fake:Plugin", ["acme.tests.fake"]),
        ("acme.tests.one, acme.docs.two;b.c", ["acme.docs.two", "acme.tests.one"]),
        ("import acme.tests", ["acme.tests"]),
        ("https://tests.example.org/docs", []),
        ("tests.example.com", []),
        ("s3.docs.json tests", []),
        (7, []),
    ],
)  # fmt: skip
def test_what_variables_name_counts(tmp_path: Path, value: object, found: list[str]) -> None:
    """In config.json, of the app, a stage or a function: no host, no file."""
    config = tmp_path / ".chalice/config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"stages": {"dev": {"environment_variables": {"P": value}}}}))
    assert app_imports.of_app(tmp_path, NAMES) == found
    config.write_text("{")
    assert app_imports.of_app(tmp_path, NAMES) == []


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import clr", True),
        ("from clr import System", True),
        ("import clr.x.y as z", True),
        ("def f():\n    import clr", True),
        ("x = importlib.import_module('clr')", True),
        ("try:\n    import clr\n    clr.go()\nexcept ValueError:\n    pass", True),
        ("try:\n    pass\nexcept ImportError:\n    import clr", True),
        ("import clrs\nfrom . import clr\nx = 'clr'", False),
        ("try:\n    import clr\n    clr.go()\nexcept (ImportError, OSError):\n    x = 1", False),
        ("try:\n    import clr\nexcept Exception:\n    clr = None", False),
        ("with suppress(ImportError):\n    import clr", False),
        ("if typing.TYPE_CHECKING:\n    import clr", False),
        ("x = " + "+".join("1" * 5000) + "\nimport os # clr", False),
    ],
)
def test_what_the_app_cannot_do_without(tmp_path: Path, code: str, *, needed: bool) -> None:
    """Imports that it catches, and those of type checkers, are none."""
    (tmp_path / "app.py").write_text(code)
    found = {"clr"} if needed else set()
    assert app_imports.of_these(tmp_path, ["clr", "z.other"]) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from a import b", {"a"}),
        ("import a.b", {"a", "a.b"}),
        ("from a.b import c", {"a", "a.b"}),
        ("from a import b, d", {"a", "a.d"}),
    ],
)
def test_an_attribute_is_no_module(tmp_path: Path, text: str, found: set[str]) -> None:
    """Python looks for it first, and imports a.b only where a has none."""
    (tmp_path / "app.py").write_text(text)
    assert app_imports.of_these(tmp_path, ["a", "a.b", "a.d"], ["a.b"]) == found


def test_a_project_without_an_app(tmp_path: Path) -> None:
    """A layer alone."""
    assert app_imports.of_app(tmp_path, NAMES) == []


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        (
            "vendor/wrapper",
            "#!/usr/bin/env bash\nexec python3 $PKGS/bin/instrument $@",
            "instrument",
        ),
        (".chalice/config.json", '{"AWS_LAMBDA_EXEC_WRAPPER": "/opt/python/bin/run.sh"}', "run.sh"),
        ("app.py", "#!/usr/bin/python3\nrun(['bin/tool', '-x'])", "tool"),
        ("app.py", "run('/usr/local/bin/x', '/bin/sh', '/var/lang/bin/python3', 'robin/x')", ""),
        ("vendor/large", "bin/x" * 100_000, ""),
    ],
)
def test_programs_are_named_by_their_path(tmp_path: Path, path: str, text: str, found: str) -> None:
    """The layer's: those of the system are not in it."""
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text)
    named = app_imports.of_app_and_programs(tmp_path, NAMES)
    assert named == ([f"bin/{found}"] if found else [])


def test_a_check_counts_like_the_app(tmp_path: Path) -> None:
    """Its imports and programs where it is a script; its own name where it is a module."""
    (tmp_path / "proof.py").write_text("import a.tests.tool\nrun('bin/x')\nimport six")
    found = app_imports.of_app_and_programs(tmp_path, NAMES, "proof.py")
    assert found == ["a.tests.tool", "bin/x"]
    assert app_imports.of_app_and_programs(tmp_path, NAMES, "a.tests.run") == ["a.tests.run"]
    assert app_imports.of_app_and_programs(tmp_path, NAMES, "a.run") == []
    assert app_imports.of_app_and_programs(tmp_path, NAMES, "gone.py") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("exec('from a.tests import x')", ["a.tests", "a.tests.x"]),
        ("import_module(f'a.tests.{name}')", ["a.tests"]),
        ("run('a.tests.cli:main')", ["a.tests.cli"]),
        ("'import nothing of tests here'", []),
    ],
)
def test_an_import_may_lie_in_a_text(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "app.py").write_text(text)
    assert app_imports.of_app(tmp_path, NAMES) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("importlib.metadata.metadata('a')['Description']", ["METADATA"]),
        ("from importlib.metadata import metadata\nmetadata('a').get_payload()", ["METADATA"]),
        ("importlib.metadata.metadata('a').json['description']", ["METADATA"]),
        ("importlib.metadata.distribution('a').read_text('WHEEL')", ["WHEEL"]),
        ("importlib.metadata.version('a')", []),
        ("message.get_payload()", []),
    ],
)
def test_what_is_looked_up_in_metadata_is_named(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    """Descriptions and installers' notes are cut otherwise."""
    (tmp_path / "app.py").write_text(text)
    named = app_imports.of_app_and_programs(tmp_path, NAMES)
    assert named == [f"*.dist-info/{each}" for each in found]
