"""Texts of a package that a search could read over and over: each ends soon, in little memory.

Each of these took minutes or hours, or all memory, where a pattern began anew at every line. In a
process of its own: a pattern holds the interpreter, so that nothing else here could end it."""

import subprocess
import sys

import pytest

LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))  # bytes
"""
READ = {
    "secrets": """
from tasks.layer.archive.secret_patterns import inside
for name, content in {
    "a.pem": b"-----BEGIN PRIVATE KEY-----\\n" * 100_000,
    "b.pem": b"PRIVATE KEY-----" + b"-----BEGIN A A A A " * 100_000,
    "a.txt": b"aws_secret_access_key " * 50_000 + b" " * 1_000_000,
    "direct_url.json": b'"url" : "a://' * 100_000 + b"a" * 1_000_000,
    "a.pyc": b"AKIA" + b"a\\xff\\xff\\0\\0" * 200_000,
}.items():
    inside(name, content)
""",
    "licences": """
from tasks.layer.archive.licenses import seen_in
for line in ("\\n", " \\n", "\\t", "GNU ", "Apache License x ", "Permission is "):
    assert seen_in([line * (1_000_000 // len(line))]) == []
""",
    "metadata": """
from tasks.layer.archive.dist_metadata import parse_metadata
from tasks.layer.archive.licenses import named
for header in (
    "Classifier: License :: " + "GNU " * 200_000,
    "License: " + "GNU " * 200_000,
    "Requires-Dist: a ; " + "extra == 'a' and " * 100_000 + "extra == 'b'",
    "Requires-Dist: a " + "(" * 200_000,
    "Name: " + "-_." * 200_000,
):
    named(parse_metadata(f"Metadata-Version: 2.1\\n{header}\\n"))
""",
    "errors of imports": """
from tasks.proof import causes
for text in (
    "x", "X_", "a.so.", "lib ", "library called ", "pip install ", "the a ", "environ A_ "
):
    for line in ("ImportError: ", "OSError: not an environ"):
        causes.of(line + text * (50_000 // len(text)))
""",
}


@pytest.mark.parametrize("what", READ)
def test_it_ends(what: str) -> None:
    subprocess.run([sys.executable, "-c", LIMITED + READ[what]], check=True, timeout=120)
