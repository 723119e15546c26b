"""tasks/requirements/file.py: whatever stands in the file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from tasks.requirements import file
from tasks.requirements.file import Line
from tasks.util.errors import LayerError
from tests.reliability_counts import answer

ROW = "requirements: any bytes"
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True)
PINS = st.from_regex(r"(==|>=|~=|<)[0-9]{1,2}(\.[0-9]{1,2}){1,2}", fullmatch=True)
REQUIREMENTS = st.builds("{}{}".format, NAMES, PINS)
PIECES = [
    "six", "==1.16.0", "-r ", "-c ", "-e ", "--hash=", "sha256:aa", "\\\n", "\n", "\r", " ", "#",
    "[x]", "; ", "python_version", "< '3'", "@ ", "https://e/x.whl", "./", "\0", "\x0c", "한", "=",
    "requirements.txt", "(", ")", "extra == 'x'", "--index-url ", "file:", "'", "a" * 300,
]  # fmt: skip


def read(content: bytes) -> list[Line] | LayerError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_bytes(content)
        found = answer(ROW, lambda: file.read_requirements(path))
        file.files(path)
        return found


def lines(text: str) -> list[Line]:
    found = read(text.encode())
    assert isinstance(found, list), found
    return found


@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    """Lines, or an error."""
    read(content)


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
@example("-r \0")
@example("-r " + "a" * 300)
def test_lines_that_nearly_are_requirements(text: str) -> None:
    """What is accepted reads the same when it is written down for the installer."""
    found = read(text.encode())
    if isinstance(found, list):
        assert again(found) == file.normalised(found)


def again(found: list[Line]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in file.as_texts(found).items():
            (Path(folder) / name).write_bytes(content)
        return file.normalised(file.read_requirements(Path(folder) / "requirements.txt"))


@given(st.lists(REQUIREMENTS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_what_does_not_count_changes_nothing(wanted: list[str], random: object) -> None:
    """Order, comments, blank lines, spaces at the end, line ends, a line twice."""
    plain = file.normalised(lines("\n".join(wanted)))
    shuffled = [*wanted, wanted[0]]
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis' own kind of random.Random
    noisy = "\ufeff# head\r\n\r\n" + "  # why\r\n\r\n".join(shuffled)
    assert file.normalised(lines(noisy)) == plain
    assert plain == sorted(set(plain))


@given(st.lists(st.tuples(NAMES, PINS), min_size=1, max_size=5))
def test_names_are_asked_for_once(wanted: Sequence[tuple[str, str]]) -> None:
    """However they are spelled."""
    spelled = [(name.upper().replace("-", "_"), pin) for name, pin in wanted]
    text = "\n".join(f"{name}{pin}" for name, pin in [*wanted, *spelled])
    expected = sorted({canonicalize_name(name) for name, _ in wanted})
    assert file.direct_names(lines(text)) == expected


@given(st.lists(REQUIREMENTS, min_size=1, max_size=4, unique=True), st.integers(0, 10**6))
def test_another_pin_counts(wanted: list[str], patch: int) -> None:
    """The layer would be another."""
    changed = [*wanted[:-1], f"{wanted[-1]}.{patch}"]
    assert file.normalised(lines("\n".join(wanted))) != file.normalised(lines("\n".join(changed)))
