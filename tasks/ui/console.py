"""What a person sees: plain lines in CI, live progress on a terminal (rich)."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import IO, TYPE_CHECKING, Any, cast

from ..util.invoked_as import typed
from .streams import raw
from .visible import visible

if TYPE_CHECKING:  # at run time where it is needed: most runs only say that nothing changed
    from rich.console import Console, RenderableType
    from rich.status import Status
    from rich.text import Text

Advance = Callable[[int], None]
STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33}
MB = 1_000_000
GB = 10_000 * MB  # from here on in GB: nothing that Lambda takes is as large
MARK = re.compile(r"@ (\d+)/(\d+)")  # what jobs print of their progress
WIDTH = 80  # columns of tables where there is no terminal to ask
PLAIN_EVERY = 5.0  # seconds between progress lines where there is no terminal
URGENT = ("warning", "note")  # lines that begin so are shown at once, whatever is held back


@cache
def console() -> "Console":
    """doit swaps sys.stdout while an action runs. Progress needs the terminal itself."""
    return _rich(soft_wrap=True)


def _is_live() -> bool:
    """Is there a terminal to move things on? Rich is asked where there may be one."""
    asked = os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE")
    return (bool(asked) or raw(sys.__stdout__).isatty()) and console().is_terminal


def _rich(**options: Any) -> "Console":
    """A console whose escapes are its own: text is taken literally, hidden characters are shown."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.text import Text

    class Literal(Console):
        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(visible(text), **how)

        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterator[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else visible(text), style, control)

    stream = cast("IO[str]", raw(sys.__stdout__))
    return Literal(file=stream, highlight=False, emoji=False, markup=False, **options)


def text(value: str) -> "Text":
    """A table's cell. As wide as it will be shown."""
    from rich.text import Text

    return Text(visible(typed(value)))


def write(*pieces: str | tuple[str, str], end: str = "\n") -> None:
    """One line, of plain pieces and (style, text), taken literally: what rich would print of it."""
    stream = raw(sys.__stderr__ if _aside else sys.__stdout__)
    colours = stream.isatty() and not os.environ.get("NO_COLOR")
    colours = colours and os.environ.get("TERM") not in ("dumb", "unknown")
    for piece in pieces:
        style, text = ("", piece) if isinstance(piece, str) else piece
        shown = visible(text)
        stream.write(f"\x1b[{STYLES[style]}m{shown}\x1b[0m" if style and colours else shown)
    stream.write(end)
    stream.flush()


def mark(text: str) -> None:
    """A mark of ours for a CI system (ui/ci.py), as it is."""
    stream = raw(sys.__stdout__)
    stream.write(text)
    stream.flush()


def step_aside() -> None:
    """From here on all that is for people goes to stderr: a program reads stdout."""
    global _aside
    _aside = True


_aside = False
_details = True
_held: list[str] | None = None
_spinner: "Status | None" = None


def hold(name: str) -> None:
    """From here on `say` keeps its lines. On a terminal the last one stands beside the name."""
    global _held, _spinner
    _held = []
    if _is_live():
        spinner = "dots" if console().encoding.startswith("utf") else "line"
        _spinner = console().status(visible(name), spinner=spinner)
        _spinner.start()


def release() -> list[str]:
    """Print again. What was kept."""
    global _held, _spinner
    if _spinner:
        _spinner.stop()
    kept, _held, _spinner = _held or [], None, None
    return kept


@contextmanager
def _still() -> Iterator[None]:
    """The terminal shows one moving thing at a time."""
    if _spinner is None:
        yield
        return
    _spinner.stop()
    try:
        yield
    finally:
        _spinner.start()


def say(line: str) -> None:
    """One line for a person, indented under its step. Taken literally: no markup."""
    if _held is not None:
        _held.append(line)
        if _spinner:
            from rich.text import Text

            shown = visible(typed(line))
            _spinner.update(Text(shown, overflow="ellipsis", no_wrap=True))
        if not line.startswith(URGENT):
            return
    shown = "   " + typed(line).replace("\n", "\n   ")  # none of its lines looks like a step's
    if _spinner:
        console().print(shown)
    else:
        write(shown)


def detail(line: str) -> None:
    """A line for who types -v 2, and for pipes and CI."""
    if _details:
        say(line)


def show_details(wanted: bool) -> None:
    global _details
    _details = wanted


@cache
def say_once(line: str) -> None:
    """What several steps of a run know."""
    say(line)


def ask_hidden(prompt: str) -> str:
    """What a person types on the terminal, unseen."""
    import getpass

    with _still():
        return getpass.getpass(visible(prompt))


def plain(line: str) -> None:
    """One line of a command's answer, not indented. Taken literally, too."""
    write(typed(line))


def show_tables(tables: "RenderableType") -> None:
    """As wide as the terminal, also where a pager is between. Their text is folded, never cut."""
    _rich(width=None if console().is_terminal else width()).print(tables)


def width() -> int:
    """Columns of whatever terminal this run has: of a pager's, errors and input are still there."""
    for stream in (2, 0):
        try:
            return os.get_terminal_size(stream).columns or WIDTH
        except OSError:
            continue
    return int(os.environ.get("COLUMNS", "")) if os.environ.get("COLUMNS", "").isdigit() else WIDTH


def few(lines: Sequence[str], noun: str, most: int = 10) -> list[str]:
    """The first of them, and how many more there are of what each is about: `and 2 more files`."""
    more = len(lines) - most
    return [*lines[:most], *([f"and {count(more, f'more {noun}')}"] if more > 0 else [])]


def count(number: int, noun: str, more: str = "") -> str:
    """1 file, 2 files. `more`: its plural, where that is not one `s` longer."""
    return f"{number} {noun if number == 1 else more or noun + 's'}"


def size(count: float) -> str:
    """Bytes as people (and Lambda's quota pages) write them: 12.3 MB, 4.5 kB, 17 bytes."""
    if count >= GB:
        return f"{count / 1000 / MB:.1f} GB"
    if count >= MB:
        return f"{count / MB:.1f} MB"
    return f"{count / 1000:.1f} kB" if count >= 1000 else f"{count:.0f} bytes"


def signed(count: int) -> str:
    """+1.2 MB, −3.4 kB, 0"""
    return f"{'+' if count > 0 else '−'}{size(abs(count))}" if count else "0"


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{seconds:.1f} s" if seconds < 59.95 else f"{minutes} min {rest:02} s"


@contextmanager
def progress(what: str, total: int | None, unit: Callable[[int], str] = size) -> Iterator[Advance]:
    """Show how much is done of `total` (None: unknown), in bytes unless `unit` says otherwise.
    Yields a function that takes how much more."""
    if _is_live():
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        count = DownloadColumn() if unit is size else MofNCompleteColumn()
        columns = (TextColumn("   {task.description}"), BarColumn(), count)
        bar = Progress(*columns, TimeElapsedColumn(), console=console(), transient=True)
        with _still(), bar:
            task = bar.add_task(visible(what), total=total)
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
