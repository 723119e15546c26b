"""Imports of the app that a rule would break by their names."""

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


def test_a_project_without_an_app(tmp_path: Path) -> None:
    """A layer alone."""
    assert app_imports.of_app(tmp_path, NAMES) == []
