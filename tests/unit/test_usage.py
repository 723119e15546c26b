"""tasks/core/usage.py: what code says about other files."""

import pytest

from tasks.core.usage import facts


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a/b.py", "import botocore.docs.service", "botocore.docs.service"),
        ("a/b.py", "import os, a.tests as t", "a.tests"),
        ("a/b.py", "from a.tests import helper", "a.tests.helper"),
        ("a/b.py", "from . import tests", "a.tests"),
        ("a/__init__.py", "from .tests import (\n    x,\n    y,\n)", "a.tests.y"),
        ("a/b/c.py", "from ..tests.data import x", "a.tests.data"),
        ("a/b.py", "def f():\n    from a import tests", "a.tests"),
        ("a/b.py", "try: from a import tests\nexcept ImportError: pass", "a.tests"),
        ("a/b.py", "load = import_module('a.docs.page')", "a.docs.page"),
    ],
)
def test_imports_are_seen(path: str, text: str, name: str) -> None:
    """In every form that Python or importlib has."""
    assert name in facts(path, text).imports


def test_words_are_not_imports() -> None:
    """A sentence in a docstring keeps no folder."""
    text = '"""We import nothing from here, see tests."""\nx = "important tests"'
    assert not {name for name in facts("a/b.py", text).imports if "tests" in name}


def test_quoted_file_names_are_seen() -> None:
    """Whole names and suffixes, without the words of a sentence."""
    said = facts("a.py", """open("README.md"), glob('*.md'), "see README for x.md please" """)
    assert {"README.md", "*.md"} <= said.files
    assert "x.md" not in said.files
