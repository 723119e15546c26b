"""tasks/ui/console.py: sizes and durations as people write them."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tasks.sandbox.protocol import Outcome
from tasks.ui.console import console, count, duration, following, progress, size, text
from tasks.util import invoked_as
from tests import terminal

ROOT = Path(__file__).parents[3]
HELD = """
from tasks.ui import console
console.hold("a step")
{work}
console.say("done")
console.release()
console.write("the end")
"""
# {its words: what draws it}
BARS = {
    "writing ": 'with console.progress("writing", 200) as go: go(200)',
    "compiling ": 'with console.following("compiling") as hear: hear("@ 120/120")',
    "pulling ": """
from tasks.sandbox.container import docker_images
from tasks.settings.model import Settings
docker_images._show_pull(
    [{"id": "a", "status": "Downloading", "progressDetail": {"current": 200}}], Settings()
)""",
}

COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:[349][0-8]|10[0-7])[\d;]*m")
# What rich draws: {its name: code}
DRAWN = {
    "bar": BARS["writing "],
    "table": """
from rich.table import Table
grid = Table("a [red]word[/red]")
console.show_tables(grid)""",
    "diff": """
from pathlib import Path
from tasks.commands import init
from tasks.adopt.text_files import FileChange
init.show(FileChange(path=Path("dodo.py"), before="a = 1\\n", after="a = 2\\n", why="a reason"))""",
}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (17, "17 bytes"),
        (4_500, "4.5 kB"),
        (12_345_678, "12.3 MB"),
        (262_144_000, "262.1 MB"),
        (9_999_900_000, "9999.9 MB"),
        (10_000_000_000, "10.0 GB"),  # from here on in GB: Lambda's image limit
        (84_134_900_000, "84.1 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    """Decimal units, as in Lambda's quota."""
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (59.2, "59.2 s"),
        (59.98, "1 min 00 s"),
        (61, "1 min 01 s"),
        (3599.9, "60 min 00 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """Seconds with a tenth, minutes above."""
    assert duration(seconds) == text


def test_progress_without_a_terminal_takes_any_amount() -> None:
    """In CI the same calls work, with an unknown total too."""
    with progress("Uploading", None) as advance:
        advance(5)


def test_a_jobs_marks_are_progress_in_plain_lines(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Counts of things; what else the job says is not for people."""
    monkeypatch.setattr("tasks.ui.console.PLAIN_EVERY", 0.0)
    console.cache_clear()
    with following("compiling") as hear:
        for line in ("@ 50/120", "anything", "@ 100/120"):
            hear(line)
    console.cache_clear()
    assert capfd.readouterr().out.split("\n") == [
        "   compiling: 50 of 120", "   compiling: 100 of 120", "",
    ]  # fmt: skip


def test_plain_lines_do_not_load_rich() -> None:
    """Most builds in CI find everything done: nothing is loaded for them that draws."""
    program = HELD.format(work=BARS["writing "]) + "\nimport sys\nassert 'rich' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", BARS)
def test_a_bar_is_drawn_on_a_terminal_and_erased(words: str) -> None:
    """While the step's spinner stands still; then the step's line is all that is left."""
    command = [sys.executable, "-c", HELD.format(work=BARS[words])]
    code, seen = terminal.shown(command, ROOT, terminal.plain(os.environ))
    assert code == 0, seen
    drawn = terminal.without_colours(seen)
    assert f"   {words}━" in drawn
    assert "120/120" in drawn or "200" in drawn
    assert terminal.left_standing(seen) == ["the end"]


@pytest.mark.parametrize("kind", DRAWN)
def test_no_color(kind: str) -> None:
    """no-color.org, also for what rich draws."""
    command = [sys.executable, "-c", HELD.format(work=DRAWN[kind])]
    around = terminal.plain(os.environ)
    (_, coloured), (code, seen) = (
        terminal.shown(command, ROOT, around | more) for more in ({}, {"NO_COLOR": "1"})
    )
    assert code == 0, seen
    assert COLOUR.search(coloured)
    assert not COLOUR.search(seen)


def test_an_error_shows_a_jobs_last_words_without_its_marks() -> None:
    outcome = Outcome(code=1, output="a\n@ 50/120\nwhat went wrong\n@ 100/120\n")
    assert outcome.tail == "a\nwhat went wrong"


@pytest.mark.parametrize(
    ("number", "noun", "more", "said"),
    [(1, "file", "", "1 file"), (2, "file", "", "2 files"), (0, "library", "libraries",
     "0 libraries"), (1, "library", "libraries", "1 library")],
)  # fmt: skip
def test_plurals(number: int, noun: str, more: str, said: str) -> None:
    assert count(number, noun, more) == said


def test_tables_are_as_wide_as_the_terminal_behind_a_pager(tmp_path: Path) -> None:
    """`./doitw history | less`: stdout is a pipe, the terminal is still there; else 80 columns."""
    script = tmp_path / "wide.py"
    script.write_text(
        f"import os, sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom tasks.ui import console\n"
        "print(console.width(), file=open(sys.argv[1], 'w'))\n"
    )
    answer = tmp_path / "answer"
    piped = ["sh", "-c", f"{sys.executable} {script} {answer} | cat"]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 133, 0, 0))
    subprocess.run(piped, stdin=theirs, stderr=theirs, check=True)
    os.close(ours)
    os.close(theirs)
    assert answer.read_text() == "133\n"
    alone = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    for columns, wide in (({}, "80\n"), ({"COLUMNS": "99"}, "99\n")):
        subprocess.run(
            piped, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            env=alone | columns,
        )  # fmt: skip
        assert answer.read_text() == wide


def test_a_cell_names_commands_as_people_type_them_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every line does: an app has no ./doitw."""
    monkeypatch.setattr(invoked_as, "CALL", "doit")
    assert text("./doitw invoke stage=local").plain == "doit invoke stage=local"
