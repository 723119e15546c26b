"""tasks/requirements/pylock.py: locks of other tools, in whatever shape."""

import pytest

from tasks.requirements import pylock
from tasks.util.errors import InputError

HEAD = 'lock-version = "1.0"\ncreated-by = "x"\n'
SIX = '[[packages]]\nname = "six"\nversion = "1.0"\n'


@pytest.mark.parametrize(
    "text",
    [
        "packages = 5",
        'packages = ["x"]',
        "packages = {a = 1}",
        "default-groups = 5",
        '[[packages]]\nversion = "1"\nwheels = [{hashes = {sha256 = "a"}}]',
        f'{SIX}archive = "x"',
        f"{SIX}wheels = [1]",
        f"{SIX}wheels = 5",
        f"{SIX}sdist = {{hashes = 5}}",
        f"{SIX}marker = 5\nsdist = {{}}",
        f'{SIX}marker = "extras nonsense"\nsdist = {{hashes = {{sha256 = "a"}}}}',
        '[[packages]]\nname = 5\nversion = 6\nsdist = {hashes = {sha256 = "a"}}',
        '[[packages]]\nname = "six\\nevil==1"\nsdist = {hashes = {sha256 = "a"}}',
        '[[packages]]\nname = "-r x"\nsdist = {hashes = {sha256 = "a"}}',
        '[[packages]]\nname = "six"\nversion = "1\\nevil"\nsdist = {hashes = {sha256 = "a"}}',
        f'{SIX}sdist = {{hashes = {{sha256 = "a\\nevil"}}}}',
    ],
)
def test_another_shape_is_said(text: str) -> None:
    """By the file's name, and no entry becomes a line of its own."""
    with pytest.raises(InputError, match=r"pylock\.toml"):
        pylock.requirements(HEAD + text, "pylock.toml")


@pytest.mark.parametrize(
    "text",
    [
        "package = 5",
        'package = ["x"]',
        "[[package]]\ngroups = 5",
        '[[package]]\ngroups = ["default"]\nfiles = 5',
        '[[package]]\ngroups = ["default"]\nfiles = [5]',
        '[[package]]\nname = "a b"\ngroups = ["default"]\nfiles = [{hash = "sha256:a"}]',
    ],
)
def test_another_shape_of_pdms_is_said(text: str) -> None:
    with pytest.raises(InputError, match=r"pdm\.lock"):
        pylock.of_pdm(text, "pdm.lock", "default")


def test_what_is_well_formed_is_a_line() -> None:
    text = f'{HEAD}{SIX}wheels = [{{hashes = {{sha256 = "aa"}}}}]'
    assert pylock.requirements(text, "pylock.toml") == "six==1.0 \\\n    --hash=sha256:aa\n"
