"""What a person sees: plain lines in CI, live progress on a terminal (rich)."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
MB = 1_000_000
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


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Show bytes done of `total` (None: unknown). Yields a function that takes bytes more."""
    if console().is_terminal:
        columns = (TextColumn("   {task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console(), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda more: bar.advance(task, more)
    else:
        yield _plain(what, total)


def _plain(what: str, total: int | None) -> Advance:
    done, shown = 0, time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, shown
        done += more
        if time.monotonic() - shown >= PLAIN_EVERY:
            shown = time.monotonic()
            say(f"{what}: {size(done)}" + (f" of {size(total)}" if total else ""))

    return advance
