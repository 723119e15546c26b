"""tasks/requirements/lockfile.py: what a lock answers for. The real one:
tests/functional/test_lock."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.requirements import lockfile
from tasks.settings.model import Settings
from tasks.util.errors import InputError

SETTINGS = Settings()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirements file and its lock."""
    monkeypatch.chdir(tmp_path)
    Path("requirements-all.txt").write_text("b==2\na==1\n", encoding="utf-8")
    text = lockfile.header(SETTINGS) + "a==1 --hash=sha256:0\n"
    Path("requirements-all.lock").write_text(text, encoding="utf-8")


def test_a_lock_of_these_requirements_is_fine() -> None:
    """Whatever their order and comments."""
    lockfile.refuse_outdated_lock(SETTINGS)
    Path("requirements-all.txt").write_text("# c\na == 1\n\nb==2 # d\n", encoding="utf-8")
    lockfile.refuse_outdated_lock(SETTINGS)


def test_no_lock_is_fine() -> None:
    """It is optional."""
    Path("requirements-all.lock").unlink()
    lockfile.refuse_outdated_lock(SETTINGS)


@pytest.mark.parametrize(
    ("other", "wanted"),
    [({"python": "3.13"}, "Python 3.13 on x86_64"), ({"architecture": "arm64"}, "3.12 on arm64")],
)
def test_another_platform_makes_it_stale(other: dict[str, str], wanted: str) -> None:
    """It was resolved for one, and the error says which; the requirements are not to blame."""
    with pytest.raises(InputError, match=r"requirements-all\.lock was made for") as caught:
        lockfile.refuse_outdated_lock(replace(SETTINGS, **other))  # type: ignore[arg-type] # any values
    assert "made for Python 3.12 on x86_64, this layer is for" in caught.value.problem
    assert wanted in caught.value.problem
    assert "older" not in caught.value.problem


def test_another_python_beside_the_projects_has_a_lock_of_its_own() -> None:
    """Made by a command of its own, from the versions that the project's own lock has."""
    variant = replace(SETTINGS, python="3.13", variant="py313")
    assert variant.lock == "requirements-all.py313.lock"
    lockfile.refuse_outdated_lock(variant)  # there is none yet
    assert "a==1 --hash" in lockfile.start(variant)
    Path(variant.lock).write_text(lockfile.header(variant) + "a==2\n", encoding="utf-8")
    lockfile.refuse_outdated_lock(variant)
    assert "a==2" in lockfile.start(variant)
    Path("requirements-all.txt").write_text("a==3\n", encoding="utf-8")
    with pytest.raises(InputError, match="made from other requirements") as caught:
        lockfile.refuse_outdated_lock(variant)
    assert "run `./doitw lock python=3.13`" in caught.value.fix


@pytest.mark.parametrize("text", ["", "a==1\n", f"{lockfile.MARK}0\n", "pip-compile\n"])
def test_a_lock_that_is_not_of_them_is_stale(text: str) -> None:
    """Also one that another tool made."""
    Path("requirements-all.lock").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        lockfile.refuse_outdated_lock(SETTINGS)
    assert "./doitw lock" in caught.value.fix


def test_an_included_file_counts() -> None:
    """It is part of the requirements."""
    Path("requirements-all.txt").write_text("-r more.txt\nb==2\n", encoding="utf-8")
    Path("more.txt").write_text("a==1\n", encoding="utf-8")
    lockfile.refuse_outdated_lock(SETTINGS)
    Path("more.txt").write_text("a==3\n", encoding="utf-8")
    with pytest.raises(InputError):
        lockfile.refuse_outdated_lock(SETTINGS)


def test_pins_are_read_from_a_locks_text() -> None:
    """With extras, markers, continuation lines and comments around them."""
    text = "# c\na==1 \\\n    --hash=sha256:1\nb[x]==2 ; python_version > '3'\n--index-url u\n"
    assert lockfile.locked_versions(text) == {"a": "1", "b[x]": "2"}


def test_the_lock_names_the_base_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly which one, so that a build asks no registry; of another image it says nothing, and
    what names a digest itself needs none. Without the line all is as it was."""
    monkeypatch.chdir(tmp_path)
    digest = f"sha256:{64 * 'a'}"
    line = lockfile.image_line(Settings(), digest)
    assert line == f"# base image: public.ecr.aws/lambda/python:3.12@{digest}\n"
    assert lockfile.image_line(Settings(), "") == ""
    assert lockfile.with_image(Settings()) == Settings()
    Path("requirements-all.lock").write_text(f"# Made\n{line}six==1.16.0\n")
    found = lockfile.with_image(Settings())
    assert found.base_image == f"public.ecr.aws/lambda/python:3.12@{digest}"
    assert found.image_name == Settings().base_image
    for other in (Settings(python="3.13"), Settings(image="mine"), Settings(image=f"x@{digest}")):
        assert lockfile.with_image(other) == other
    Path("requirements-all.lock").write_bytes(b"\xff")
    assert lockfile.with_image(Settings()) == Settings()


# Renovate 42 finds the command so (lib/modules/manager/pip-compile/common.ts).
ITS_PATTERN = re.compile(r"^(?:#.*?\r?\n)+# {4}(?P<command>\S*)(?P<arguments> .*?)?\r?\n")
ITS_OPTIONS = {"--generate-hashes", "--python-version", "--output-file", "--universal"}


def test_renovate_finds_its_command_in_the_lock() -> None:
    """Where it looks, with options that it knows, each with its `=`; also below a base image."""
    image = lockfile.image_line(SETTINGS, f"sha256:{64 * 'a'}")
    found = ITS_PATTERN.match(lockfile.header(SETTINGS) + image + "a==1 --hash=sha256:0\n")
    assert found
    assert found["command"] == "uv"
    words = found["arguments"].split()
    assert {each.partition("=")[0] for each in words if each.startswith("-")} <= ITS_OPTIONS
    assert [each for each in words if not each.startswith("-")] == [
        "pip", "compile", "requirements-all.txt",
    ]  # fmt: skip
    package = '[[packages]]\nname = "a"\nversion = "1"\nwheels = [{hashes = {sha256 = "0"}}]\n'
    Path("pylock.toml").write_text(f'lock-version = "1.0"\n{package}')
    assert "    " not in lockfile.header(replace(SETTINGS, requirements="pylock.toml"))


def test_renovates_own_lock_is_taken() -> None:
    """uv writes it, without our lines. It has to pin all that is asked for, with hashes."""
    command = "uv pip compile --generate-hashes --python-version=3.12 "
    command += "--output-file=requirements-all.lock requirements-all.txt"
    head = f"# This file was autogenerated by uv via the following command:\n#    {command}\n"
    whole = "a==1 \\\n    --hash=sha256:0\n    # via -r x\nb==2 --hash=sha256:1\n"
    lock = Path("requirements-all.lock")
    lock.write_text(head + whole, encoding="utf-8")
    lockfile.refuse_outdated_lock(SETTINGS)
    wanted = Path("requirements-all.txt")
    wanted.write_text("a>=1\nb==2\nc==3; python_version < '3.12'\n", encoding="utf-8")
    lockfile.refuse_outdated_lock(SETTINGS)
    for text in ("a==2\nb==2\n", "a==1\nb==2\nc==3\n"):
        wanted.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="made from other requirements"):
            lockfile.refuse_outdated_lock(SETTINGS)
    wanted.write_text("a==1\nb==2\n", encoding="utf-8")
    for text in (
        head + "a==1\nb==2 --hash=sha256:1\n",
        whole,
        head.replace("3.12", "3.11") + whole,
    ):
        lock.write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            lockfile.refuse_outdated_lock(SETTINGS)
    lock.write_text(head + whole, encoding="utf-8")
    with pytest.raises(InputError):
        lockfile.refuse_outdated_lock(replace(SETTINGS, architecture="arm64"))
