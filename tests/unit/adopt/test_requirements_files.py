"""adopt/requirements/requirements_files.py: which requirement goes where; what files say."""

from pathlib import Path

import pytest

from tasks.adopt.requirements import requirements_files
from tasks.adopt.requirements.requirements_files import HEADERS, parse_entries, split
from tasks.adopt.requirements.sources import FUNCTION, LAYER, Source
from tasks.requirements import developer_tools, file
from tasks.util.errors import InputError

HERE = Source(file="requirements.txt")


def halves(root: Path, text: str, **more: str) -> tuple[str, str]:
    """(requirements.txt, requirements-all.txt) without their first lines."""
    (root / FUNCTION).write_text(text)
    (root / "mine").touch()
    for name, content in more.items():
        (root / f"{name}.txt").write_text(content)
    _, made = requirements_files.halves(root, HERE, "", {"vendored"}, {"asked"})
    return (
        made[FUNCTION].removeprefix(HEADERS[FUNCTION].strip()).strip("\n"),
        made[LAYER].removeprefix(HEADERS[LAYER].strip()).strip("\n"),
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("./mine", "a local path"),
        ("-e ../mine", "a local path"),
        ("mine @ file:///home/me/mine", "a local path"),
        ("git+https://example.com/a.git", "out of a repository"),
        ("a @ git+ssh://example.com/a.git@v1", "out of a repository"),
        ("chalice==1.32.0", "requirements-dev.txt"),
        ("Doit_Lambda.Layer", "requirements-dev.txt"),
        ("vendored>=1", "vendor/ has it"),
        ("Asked", "you said so"),
        ("=== nonsense", "no requirement"),
    ],
)
def test_what_stays(line: str, why: str) -> None:
    """With the reason that init shows."""
    parts = split(parse_entries(line, Path()), {"vendored"}, {"asked"})
    [(entry, reason)] = parts.stays
    assert (entry.text, parts.goes) == (line, [])
    assert why in reason


@pytest.mark.parametrize(
    "line",
    ["six", "six[a,b]==1.0 ; python_version<'4'", "a @ https://example.com/a-1-py3-none-any.whl",
     "six==1.0 --hash=sha256:0000"],
)  # fmt: skip
def test_what_goes(line: str) -> None:
    """Whatever an index or an address has as a package."""
    assert [entry.text for entry in split(parse_entries(line, Path()), set(), set()).goes] == [line]


@pytest.mark.parametrize(
    "line", ["requests=2.32.3", "requests#x", "; certifi", "Package    Version", "six 1.16.0"]
)
def test_a_line_that_pip_cannot_read_is_refused(line: str, tmp_path: Path) -> None:
    """With file, line and what to write; also in a file that is included. It moved into the
    function, where Chalice failed at it."""
    for text, more in ((f"six\n{line}\n", {}), ("-r more.txt\n", {"more": f"idna\n{line}\n"})):
        with pytest.raises(InputError, match=r"\.txt, line 2: .* is not a requirement") as caught:
            halves(tmp_path, text, **more)
        assert "NAME==VERSION" in caught.value.fix
        assert ("requests==2.32.3?" in caught.value.problem) == (line == "requests=2.32.3")


@pytest.mark.parametrize(
    "line",
    ["https://example.com/a-1-py3-none-any.whl", "git+https://example.com/a.git@v1", "./mine",
     "-e git+https://example.com/a.git#egg=a", "a==1 --config-settings x=y", "a @ file:./mine"],
)  # fmt: skip
def test_what_pip_can_read_stays_with_the_function(line: str, tmp_path: Path) -> None:
    """As before: a layer cannot be made of it."""
    path = tmp_path / "requirements.txt"
    path.write_text(f"six\n{line}\n")
    file.refuse_unreadable(path)


def test_comments_go_with_their_lines(tmp_path: Path) -> None:
    """Those above and those behind."""
    text = "# web\n# really\nrequests # why\n\n# mine\n./mine\nsix\n"
    assert halves(tmp_path, text) == ("# mine\n./mine", "# web\n# really\nrequests # why\n\nsix")


def test_a_line_that_goes_on(tmp_path: Path) -> None:
    """Hashes below it belong to it."""
    text = "six==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n./mine\n"
    assert halves(tmp_path, text) == ("./mine", text.removesuffix("./mine\n").strip("\n"))


def test_options_are_both_halves(tmp_path: Path) -> None:
    """And nobody's where there is no package."""
    text = "-i https://example.com/simple\nsix\n./mine\n"
    assert halves(tmp_path, text) == (
        "-i https://example.com/simple\n./mine", "-i https://example.com/simple\nsix",
    )  # fmt: skip
    assert halves(tmp_path, "-i https://example.com/simple\nsix\n")[0] == ""


def test_includes_are_written_out(tmp_path: Path) -> None:
    """In their place; one that includes itself is refused."""
    assert halves(tmp_path, "-r base.txt\nsix\n", base="idna\nchalice\n") == (
        "chalice", "idna\nsix",
    )  # fmt: skip
    (tmp_path / "base.txt").write_text("-r base.txt\n")
    with pytest.raises(InputError, match="includes itself"):
        parse_entries("-r base.txt", tmp_path)


def test_the_same_again(tmp_path: Path) -> None:
    """Whatever is in them."""
    (tmp_path / FUNCTION).write_text("# a\nsix\n\n# b\n./mine # c\nchalice\n")
    (tmp_path / "mine").touch()
    texts: dict[Path, str] = {}
    for _ in range(2):
        _, made = requirements_files.halves(tmp_path, HERE, "", set(), set())
        for path, text in made.items():
            assert texts.setdefault(path, text) == text
            (tmp_path / path).write_text(text)


def test_another_source_keeps_the_functions_own(tmp_path: Path) -> None:
    """What the layer has goes out of requirements.txt; what cannot go into one comes in."""
    (tmp_path / FUNCTION).write_text("six\nonly-here\n")
    exported = "six==1.0\nmine @ git+https://example.com/a.git\nchalice==1.32\n"
    source = Source(file="uv.lock", group="layer")
    _, made = requirements_files.halves(tmp_path, source, exported, set(), set())
    for path, text in made.items():
        (tmp_path / path).write_text(text)
    assert made[FUNCTION].endswith("\nonly-here\nmine @ git+https://example.com/a.git\n")
    assert made[LAYER].endswith("\nsix==1.0\n")
    assert requirements_files.remembered(tmp_path) == source
    assert requirements_files.halves(tmp_path, source, exported, set(), set())[1] == made


@pytest.mark.parametrize(
    "line",
    ["idna @ file:///tmp/build/80754af9/idna_1637925883363/work", "./libs/x-1.0-py3-none-any.whl",
     "-e ../not-here"],
)  # fmt: skip
def test_a_path_of_another_machine_is_refused(line: str, tmp_path: Path) -> None:
    """conda's freeze has one for each package: what to write is said before a deploy finds out."""
    with pytest.raises(InputError, match="a path that is not on this machine") as caught:
        halves(tmp_path, f"six\n{line}\n")
    assert line in caught.value.problem
    assert "pip list --format=freeze" in caught.value.fix


@pytest.mark.parametrize(
    ("line", "why"),
    [("typing==3.7.4", "Python itself has it"), ("enum34", "Python itself has it"),
     ("futures==3.1.1", "Python itself has it"), ("pkg_resources==0.0.0", "a tool"),
     ("pywin32==306", "for Windows or macOS"), ("appnope==0.1.3", "for Windows or macOS")],
)  # fmt: skip
def test_what_a_freeze_names_for_nobody(line: str, why: str) -> None:
    """Also where the app imports the module of Python that has the name."""
    tools = developer_tools.unused({"typing", "enum", "six"})
    [(_, reason)] = split(parse_entries(line, Path()), set(), set(), tools).stays
    assert why in reason
