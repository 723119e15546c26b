"""tasks/requirements/references.py: pip's syntax for other files, folders and addresses."""

from pathlib import Path

import pytest

from tasks.requirements import file, references
from tasks.util.errors import InputError
from tests import handmade_wheels


def read(root: Path, text: str) -> list[file.Line]:
    (root / "requirements.txt").write_text(text)
    return file.read_requirements(root / "requirements.txt")


@pytest.mark.parametrize(
    "line",
    ['-r "my base.txt"', "-r 'my base.txt'", '--requirement="my base.txt"', '-r"my base.txt"',
     "-r ${PLACE}/base.txt", "-rbase.txt", "--requirement base.txt", "-r in/../base.txt",
     "-r\tbase.txt", "--requirement\tbase.txt", "-r \t base.txt"],
)  # fmt: skip
def test_includes_as_pip_reads_them(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quoted names, variables, with and without a space; `file_dep` knows them, too."""
    monkeypatch.setenv("PLACE", str(tmp_path))
    (tmp_path / "in").mkdir()
    for name in ("base.txt", "my base.txt"):
        (tmp_path / name).write_text("six==1.17.0\n")
    assert [each.text for each in read(tmp_path, line)] == ["six==1.17.0"]
    assert len(file.files(tmp_path / "requirements.txt")) == 2


def test_a_variable_that_nobody_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named with its line."""
    monkeypatch.delenv("PLACE", raising=False)
    with pytest.raises(InputError, match=r"requirements.txt, line 2: PLACE is not set"):
        read(tmp_path, "six\n-r ${PLACE}/base.txt\n")


@pytest.mark.parametrize("word", ["-c", "-r", "--constraint", "--requirement"])
def test_a_file_on_the_network_is_fetched_by_a_person(word: str, tmp_path: Path) -> None:
    """It may change while nothing here does; the commands to write are said."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"six\n{word} https://example.com/a/limits.txt\n")
    assert "may change while nothing here does" in caught.value.problem
    assert "requirements.txt:2" in caught.value.problem
    assert "curl -o limits.txt https://example.com/a/limits.txt" in caught.value.fix
    assert f"`{word} limits.txt`" in caught.value.fix


@pytest.mark.parametrize(
    "line", ["--find-links ./vendor", "-f vendor", '--find-links="vendor"', "-f\tvendor"]
)
def test_a_folder_of_wheels_lies_beside_the_file_that_names_it(line: str, tmp_path: Path) -> None:
    """In an included file of another folder, too; its wheels go with the job, and what is in them
    decides what is built."""
    folder = tmp_path / "base/vendor"
    made = handmade_wheels.wheel(folder, "mine", {"mine.py": b"x = 1\n"})
    (tmp_path / "base/base.txt").write_text(f"{line}\nmine==1.0\n")
    lines = read(tmp_path, "-r base/base.txt\n")
    inputs = file.as_inputs(lines)
    assert inputs["links/mine-1.0-py3-none-any.whl"] == folder / made.name
    assert inputs["requirements.txt"] == b"--find-links ./links\nmine==1.0\n"
    before = file.normalised(lines)
    handmade_wheels.wheel(folder, "mine", {"mine.py": b"x = 2\n"})
    assert file.normalised(lines) != before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Said before anything is installed."""
    lines = read(tmp_path, "--find-links ./gone\nsix\n")
    with pytest.raises(InputError, match=r"there is no folder .*gone"):
        file.normalised(lines)


def test_an_address_of_wheels_stays(tmp_path: Path) -> None:
    """Nothing is carried for it."""
    lines = read(tmp_path, "--find-links https://example.com/wheels\nsix\n")
    assert file.as_inputs(lines) == {
        "requirements.txt": b"--find-links https://example.com/wheels\nsix\n"
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("https://example.com/six-1.17.0-py2.py3-none-any.whl",
         "six @ https://example.com/six-1.17.0-py2.py3-none-any.whl"),
        ("git+https://example.com/team/tool.git@v1", "tool @ git+https://example.com/team/tool.git@v1"),
        ("git+ssh://git@example.com/team/tool.git", "tool @ git+ssh://git@example.com/team/tool.git"),
        ("git+https://example.com/a.git#egg=real-name", "real-name @ git+https://example.com/a.git"),
        ("https://example.com/archive/main.zip", "NAME @ https://example.com/archive/main.zip"),
        ("mine @ file:///home/me/mine-1.0-py3-none-any.whl", "--find-links ./FOLDER"),
        ("mine @ ./mine-1.0-py3-none-any.whl", "--find-links ./FOLDER"),
        ("mine[x] @ file:///home/me/mine", "--find-links ./FOLDER"),
        ("./wheels/mine-1.0-py3-none-any.whl", "--find-links ./FOLDER"),
    ],
)  # fmt: skip
def test_how_an_address_is_written(line: str, said: str, tmp_path: Path) -> None:
    """What to write stands in the message; a file of this machine is refused."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"six\n{line}\n")
    assert "line 2:" in caught.value.problem
    assert said in caught.value.problem


@pytest.mark.parametrize("line", ["six @ https://e.org/@/six-1.0.tar.gz", "a@git+https://e.org/a"])
def test_a_named_address_is_a_requirement(line: str, tmp_path: Path) -> None:
    """Nothing of it is a local path."""
    [found] = read(tmp_path, line)
    assert found.text == line
    assert references.advice(line) == ""
