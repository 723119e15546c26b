"""What a person sees: plain lines in CI, live progress on a terminal (rich)."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

Advance = Callable[[int], None]
MB = 1_000_000
MARK = re.compile(r"@ (\d+)/(\d+)")  # what jobs print of their progress
WIDTH = 110  # columns of tables where there is no terminal to ask
PLAIN_EVERY = 5.0  # seconds between progress lines where there is no terminal


@cache
def console() -> Console:
    """doit swaps sys.stdout while an action runs; progress needs the terminal itself."""
    return Console(file=sys.__stdout__, highlight=False, soft_wrap=True, emoji=False)


def say(line: str) -> None:
    """One line for a person, indented under its step. Taken literally: no markup."""
    console().print(f"   {line}", markup=False)


def show_tables(tables: RenderableType) -> None:
    """As wide as the terminal; their text is folded, never cut."""
    plain = None if console().is_terminal else WIDTH
    Console(file=sys.__stdout__, highlight=False, emoji=False, width=plain).print(tables)


def size(count: float) -> str:
    """Bytes as people (and Lambda's quota pages) write them: 12.3 MB, 4.5 kB, 17 bytes."""
    if count >= MB:
        return f"{count / MB:.1f} MB"
    return f"{count / 1000:.1f} kB" if count >= 1000 else f"{count:.0f} bytes"


def signed(count: int) -> str:
    """+1.2 MB, −3.4 kB, 0"""
    return f"{'+' if count > 0 else '−'}{size(abs(count))}" if count else "0"


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"


@contextmanager
def progress(what: str, total: int | None, unit: Callable[[int], str] = size) -> Iterator[Advance]:
    """Show how much is done of `total` (None: unknown), in bytes unless `unit` says otherwise.
    Yields a function that takes how much more."""
    if console().is_terminal:
        count = DownloadColumn() if unit is size else MofNCompleteColumn()
        columns = (TextColumn("   {task.description}"), BarColumn(), count)
        with Progress(*columns, TimeElapsedColumn(), console=console(), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda more: bar.advance(task, more)
    else:
        yield _plain(what, total, unit)


@contextmanager
def following(what: str) -> Iterator[Callable[[str], None]]:
    """Progress of a job that prints `@ done/total` now and then. Yields what hears its lines."""
    with ExitStack() as stack:
        advance, before = None, 0

        def hear(line: str) -> None:
            nonlocal advance, before
            if mark := MARK.fullmatch(line):
                done, total = int(mark[1]), int(mark[2])
                advance = advance or stack.enter_context(progress(what, total, str))
                advance(done - before)
                before = done

        yield hear


def _plain(what: str, total: int | None, unit: Callable[[int], str]) -> Advance:
    done, shown = 0, time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, shown
        done += more
        if time.monotonic() - shown >= PLAIN_EVERY:
            shown = time.monotonic()
            say(f"{what}: {unit(done)}" + (f" of {unit(total)}" if total else ""))

    return advance
