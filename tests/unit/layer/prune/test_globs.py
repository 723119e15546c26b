"""tasks/layer/prune/globs.py: what a glob in `keep`, `drop` or a rule means."""

import pytest

from tasks.layer.prune.globs import matcher, unmatched


@pytest.mark.parametrize(
    ("glob", "path", "named"),
    [
        ("numpy/doc", "numpy/doc/constants.py", "numpy/doc"),
        ("numpy/doc/", "numpy/doc/constants.py", "numpy/doc"),
        ("numpy/doc", "other/numpy/doc/x.py", None),
        ("**/tests", "tests/x.py", "tests"),
        ("**/tests", "a/tests/data/tests/x", "a/tests"),
        ("**/tests", "a/latests/x", None),
        ("*.py", "six.py", "six.py"),
        ("*.py", "a/six.py", None),
        ("**/*.md", "a/b/README.md", "a/b/README.md"),
        ("a/**/c.txt", "a/c.txt", "a/c.txt"),
        ("a/**/c.txt", "a/b/b/c.txt", "a/b/b/c.txt"),
        ("a/**", "a/b/c", "a/b"),
        ("a/**", "ab/c", None),
        ("a?c", "abc", "abc"),
        ("a?c", "a/c", None),
        ("v1beta[23]", "v1beta3/x.py", "v1beta3"),
        ("v1beta[!23]", "v1beta2", None),
        ("a[!b]c", "a/c", None),
        ("[", "[", "["),
        ("a.py", "aXpy", None),
    ],
)
def test_a_glob_names(glob: str, path: str, named: str | None) -> None:
    """The part of the path that the glob names, or nothing."""
    assert matcher((glob,))(path) == named


def test_no_globs_match_nothing() -> None:
    """An empty setting removes and keeps nothing."""
    assert matcher(())("a") is None


def test_a_glob_that_matches_nothing_is_found() -> None:
    """So that a misspelt `keep` can be named."""
    assert unmatched(["a/*.py", "b"], ["a/x.py", "c/b"]) == ["b"]
