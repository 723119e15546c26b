"""tasks/requirements/file.py: what is read, what counts, what is refused."""

from contextlib import suppress
from pathlib import Path

import pytest

from tasks.requirements import references
from tasks.requirements.file import direct_names, files, normalised, read_requirements
from tasks.util.errors import InputError


def write(root: Path, text: str, name: str = "requirements.txt") -> Path:
    path = root / name
    path.write_text(text, encoding="utf-8")
    return path


def test_comments_order_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    """Two files that mean the same normalise to the same lines."""
    one = write(tmp_path, "# AI\nnumpy==1.26.4\n\nrequests == 2.32.4  # http\n", "one.txt")
    two = write(tmp_path, "requests==2.32.4\nnumpy==1.26.4", "two.txt")
    assert (
        normalised(read_requirements(one))
        == normalised(read_requirements(two))
        == ["numpy==1.26.4", "requests==2.32.4"]
    )


def test_a_changed_pin_counts(tmp_path: Path) -> None:
    """What is installed changes, so the lines do."""
    one, two = write(tmp_path, "a==1", "one.txt"), write(tmp_path, "a==2", "two.txt")
    assert normalised(read_requirements(one)) != normalised(read_requirements(two))


def test_hashes_and_continuations_are_one_requirement(tmp_path: Path) -> None:
    """A lock's entry spreads over lines; its hashes count, in any order."""
    path = write(tmp_path, "a==1 \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\n")
    lines = read_requirements(path)
    assert direct_names(lines) == ["a"]
    assert normalised(lines) == ["a==1 --hash=sha256:aa --hash=sha256:bb"]


def test_includes_are_followed_and_constraints_marked(tmp_path: Path) -> None:
    """`-r` adds requirements, `-c` only limits them; both files are inputs."""
    write(tmp_path, "b==2\n", "more.txt")
    write(tmp_path, "b==2\nz==9\n", "limits.txt")
    path = write(tmp_path, "a==1\n-r more.txt\n-c limits.txt\n")
    lines = read_requirements(path)
    assert direct_names(lines) == ["a", "b"]
    assert "-c z==9" in normalised(lines)
    assert [file.name for file in files(path)] == ["requirements.txt", "more.txt", "limits.txt"]


def test_names_are_normalised(tmp_path: Path) -> None:
    """SQLAlchemy and sqlalchemy are one package (PEP 503)."""
    assert direct_names(read_requirements(write(tmp_path, "SQLAlchemy\nGoogle_Cloud.Storage"))) == [
        "google-cloud-storage",
        "sqlalchemy",
    ]


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    """File and line number of each, in one message."""
    path = write(tmp_path, "numpy==1.26.4\nnumpy==\n./mine\n-e .\nrequests >> 2\n")
    with pytest.raises(InputError) as caught:
        read_requirements(path)
    message = str(caught.value)
    for number in (2, 3, 4, 5):
        assert f"line {number}:" in message
    assert "line 1:" not in message
    assert "local path" in message


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "--index-url https://example.org/simple\n"])
def test_a_file_that_names_no_package_is_refused(tmp_path: Path, text: str) -> None:
    """An empty layer is never what was meant."""
    with pytest.raises(InputError, match="names no package"):
        read_requirements(write(tmp_path, text))


def test_missing_and_binary_files(tmp_path: Path) -> None:
    """Both say what to do."""
    with pytest.raises(InputError, match="does not exist\n→ create it"):
        read_requirements(tmp_path / "none.txt")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\x00a\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_requirements(binary)
    assert files(tmp_path / "none.txt") == []
    assert files(binary) == [binary]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_mark_at_its_start_says_how_it_is_written(tmp_path: Path, encoding: str) -> None:
    """PowerShell's `pip freeze >` writes UTF-16, Notepad a mark before UTF-8; pip reads both."""
    path = tmp_path / "requirements.txt"
    path.write_bytes("six==1.16.0\r\nidna==3.10\r\n".encode(encoding))
    assert [(line.text, line.number) for line in read_requirements(path)] == [
        ("six==1.16.0", 1), ("idna==3.10", 2),
    ]  # fmt: skip


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    """A cycle is an error for reading, and ends for `file_dep`."""
    path = write(tmp_path, "a==1\n-r requirements.txt\n")
    with pytest.raises(InputError, match="includes itself"):
        read_requirements(path)
    assert files(path) == [path]


LONG = "AbCdEf0123456789"
GITHUB = f"ghp_{LONG}{LONG}"


@pytest.mark.parametrize(
    "line",
    [
        f"--extra-index-url https://{LONG}:@packagecloud.io/me/r/pypi/simple",
        f"--extra-index-url https://{LONG}@pypi.fury.io/me/",
        "--extra-index-url https://bob:@pypi.fury.io/me/",
        f"--index-url https://{LONG}:NOPASS@pypi.fury.io/me/",
        f"six @ git+https://{GITHUB}@github.com/o/six.git@v1",
        f"six @ git+https://{GITHUB}:x-oauth-basic@github.com/o/six.git",
        f"six @ https://h/six-1.whl?access_token={GITHUB}",
        f"six @ https://h/six-1.whl?private_token=glpat-{LONG}{LONG}",
        f"--index-url https://__token__:pypi-AgE{LONG}@h/",
        "--index-url https://me:word@h/",
        "--index-url https://${USER}:word@h/",
        "--index-url https://me:w@rd@h/",
        f"--index-url https://{LONG}:${{PASSWORD}}@h/",
    ],
)
def test_a_secret_in_an_address_is_refused(tmp_path: Path, line: str) -> None:
    """In each form that services document, and the line is not repeated."""
    with pytest.raises(InputError, match=r"line 2: an address with a password or token") as caught:
        read_requirements(write(tmp_path, f"b==1\n{line}\n"))
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://${USER}:${TOKEN}@h/",
        "--index-url https://aws:${TOKEN}@d-1.d.codeartifact.eu-central-1.amazonaws.com/pypi/r/",
        "--index-url https://oauth2accesstoken@europe-python.pkg.dev/p/r/simple",
        "six @ git+https://${TOKEN}@github.com/o/six.git",
        "six @ git+https://${TOKEN}:x-oauth-basic@github.com/o/six.git",
        "six @ git+https://x-access-token:${TOKEN}@github.com/o/six.git",
        "six @ git+https://bob@bitbucket.org/o/six.git",
        "six @ git+https://bob.with.a.long.name%40corp.test@h/o/six.git",
        "six @ git+ssh://git@github.com/o/six.git",
        "six @ git+ssh://APKAEIBAERJR2EXAMPLE@git-codecommit.eu-central-1.amazonaws.com/v1/repos/s",
        "six @ https://h/@scope/six-1.0-py3-none-any.whl",
    ],
)
def test_a_name_in_an_address_opens_nothing(tmp_path: Path, line: str) -> None:
    """Bitbucket's clone addresses and CodeCommit's SSH keys have one."""
    assert read_requirements(write(tmp_path, f"b==1\n{line}\n"))[1].text == line


@pytest.mark.parametrize("word", [":", "#", "#&", "@", "://", "a://:"])
def test_a_long_line_is_read_once(tmp_path: Path, word: str) -> None:
    """A pattern that looks back for each character would take hours."""
    path = write(tmp_path, f"b==1\nx @ https://h{word * 1_000_000}\n")
    with suppress(InputError):
        read_requirements(path)
    assert references.name_of(f"https://h{word * 1_000_000}") == ""
