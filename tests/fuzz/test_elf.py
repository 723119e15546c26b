"""docker/elf.py and strip_libraries.py: shared objects of which anybody changed any number."""

import io
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import libraries, sandbox_scripts
from tests.elves import elf

STRIP = sandbox_scripts.load("strip_libraries")
READ = STRIP.elf_files
OURS = {STRIP.__file__, READ.__file__}
NEEDS = elf("libc.so.6", soname="x.so", versions={"libc.so.6": ["GLIBC_2.17", "GLIBC_2.36"]})
FILES = [NEEDS, libraries.PLAIN, libraries.with_symbols(200), libraries.FOUND.read_bytes()]
NUMBERS = st.sampled_from([0, 1, 2**16 - 1, 2**31, 2**32 - 1, 2**45, 2**62, 2**63, 2**64 - 1])
CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from([1, 2, 4, 8]), NUMBERS)
)


class TooManyStepsError(Exception):
    pass


@contextmanager
def limited(steps: int) -> Iterator[None]:
    """TooManyStepsError where it takes more lines of the two scripts."""
    left = steps

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in OURS:
            return None
        left -= event == "line"
        if left < 0:
            raise TooManyStepsError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def changed(content: bytes, changes: list[tuple[float, int, int]], span: int) -> bytes:
    """Numbers of 1 to 8 bytes, anywhere within the first `span` bytes, or the last."""
    out = bytearray(content)
    for where, width, value in changes:
        start = int(where * 2 * span) - span  # a list of sections is at the end
        place = start % len(out) // width * width
        out[place : place + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
    return bytes(out[: len(content)])


def spoken(work: Callable[[], object], size: int) -> None:
    """It takes no more steps than the file has bytes, and what is wrong is said as one error."""
    with suppress(READ.UnreadableError), limited(2000 + 2 * size):
        work()


def tried(content: bytes) -> None:
    spoken(lambda: READ.needs(io.BytesIO(content)), len(content))
    spoken(lambda: READ.segments_of(io.BytesIO(content)), len(content))
    spoken(lambda: STRIP.run_paths(content), len(content))
    found = b""

    def stripped() -> None:
        nonlocal found
        found = STRIP.strip(content)

    spoken(stripped, len(content))
    assert len(found) <= 6 * len(content)


@given(st.sampled_from(FILES), CHANGES, st.sampled_from([64, 700, 3000]))
def test_any_number_may_be_wrong(
    content: bytes, changes: list[tuple[float, int, int]], span: int
) -> None:
    """Neither time nor memory without end, and no error but the one."""
    tried(changed(content, changes, span))


@given(st.binary(max_size=400), st.integers(0, 400))
@example(b"\xff" * 400, 24)
@example(bytes(400), 0)
def test_any_bytes_behind_a_header(content: bytes, kept: int) -> None:
    """And any end."""
    tried(NEEDS[:kept] + content)
    tried(b"\x7fELF\x02\x01" + content)


@pytest.mark.parametrize("content", FILES, ids=["handmade", "stripped", "symbols", "real"])
def test_what_is_whole_is_read(content: bytes) -> None:
    """Or the tests above would say nothing; within the same steps."""
    with limited(2000 + 2 * len(content)):
        assert READ.needs(io.BytesIO(content))["needed"]
        assert STRIP.strip(content)


def test_a_loop_would_be_seen() -> None:
    """By what counts the steps."""
    with pytest.raises(TooManyStepsError), limited(1000):
        STRIP.longest([b"%d" % number for number in range(10_000)])


@given(st.lists(st.text("ab.", max_size=5).map(str.encode)))
@example([b"ab", b"b", b"bb", b"b", b""])
def test_names_share_what_they_end_with(names: list[bytes]) -> None:
    """The first of the longest: as trying each with each finds it."""
    assert STRIP.longest(names) == {
        name: max((other for other in names if other.endswith(name)), key=len) for name in names
    }


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 40), st.binary(max_size=60))))
def test_notes(notes: list[tuple[int, int, bytes]]) -> None:
    """Of any sizes."""
    content = b"".join(struct.pack("<3I", *head, 256) + rest for *head, rest in notes)
    spoken(lambda: STRIP.merged(content), len(content))
