"""tasks/ui/visible.py: text of others, as people may see it; and that nothing goes around it."""

import ast
import os
import re
import shlex
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.ui.ci import error, summary
from tasks.ui.visible import fenced, html, markdown, one_line, visible

ROOT = Path(__file__).parents[3]
HOSTILE = "\x1b]0;owned\x07\x9b31m\r\x08\u202egnp.exe\u2066\u200b\ufeff\U000e0041\udc80\x85\u2028"
# What .NET's `Trim` takes away before GitHub's runner looks for `::`.
BLANKS = "".join(c for c in map(chr, range(0x3100)) if c.isspace())
ANY = st.text(st.characters(codec=None, exclude_categories=()) | st.sampled_from(BLANKS + ":#[]\n"))


def is_command(line: str) -> bool:
    """As actions/runner's ActionCommand reads a line (v2, and v1 anywhere in it), any of whose
    names may be one."""
    text = line.strip()
    new = text.startswith("::") and "::" in text[2:]
    return new or bool(re.search(r"##\w*\[", line))


@given(ANY)
@example("a\n\u3000::error::x")
@example("###[error]")
@example("::::")
def test_nothing_is_hidden_and_nothing_commands(text: str) -> None:
    shown = visible(text)
    assert {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} <= {"Cc"}
    assert not set(shown) & set(map(chr, range(0x20))) - set("\n\t")
    assert not any(map(is_command, shown.splitlines()))
    assert visible(shown) == shown
    assert "\n" not in one_line(text)


FILLERS = "\u115f\u1160\u3164\uffa0"  # letters that nobody sees
IGNORABLE = [
    *"\u00ad\u034f\u061c\u17b4\u17b5\u2064\ufff0\ufff8\ufeff\U0001d173\U000e0fff", *FILLERS,
    *(chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))),
    *map(chr, range(0xE0100, 0xE01F0)),
]  # fmt: skip


def test_what_is_not_shown_by_itself_is_named() -> None:
    """Words in text that people do not see: variants can spell any byte (of an order to an agent,
    say), fillers make two names of one."""
    for char in IGNORABLE:
        shown = visible(f"a{char}b")
        assert shown.isascii(), ascii(char)
        assert f"{ord(char):x}" in shown


@pytest.mark.parametrize("sign", "⚠✓▶❤↔ℹ‼#1™⌚〰㊗")
def test_a_sign_may_be_an_emoji(sign: str) -> None:
    """Once: what follows the selector is none of it."""
    assert visible(f"{sign}\ufe0f") == f"{sign}\ufe0f"
    assert visible(f"{sign}\ufe0f\ufe0f") == f"{sign}\ufe0f\\ufe0f"
    assert visible(f"{sign}\ufe0e") == f"{sign}\\ufe0e"


SEEN = st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters=f":#{FILLERS}")


@given(st.text(SEEN))
def test_what_everybody_can_see_stays(text: str) -> None:
    """Letters of every language, signs, blanks; lines and tabs."""
    assert visible(f"{text}\n\t{text}") == f"{text}\n\t{text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;t\x07", r"\x1b]0;t\x07"),
        ("100%\r1%", r"100%\x0d1%"),
        ("a\u202eb", r"a\u202eb"),
        ("\x9b31m", r"\x9b31m"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("  ::error::x", "  : :error::x"),
        ("see std::vector::push", "see std::vector::push"),
        ("a ##[error]b ##vso[task]", "a # #[error]b # #vso[task]"),
        ("→ 한국어 · é 👍", "→ 한국어 · é 👍"),
    ],
)
def test_forms(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY)
@example("a\n```\n<img src=x>")
@example("````")
def test_a_fence_holds_what_is_in_it(text: str) -> None:
    """No line of it is a fence that would end it (CommonMark: as many backticks, up to three
    blanks before)."""
    begin, *lines, end = "\n".join(fenced(text.split("\n"))).split("\n")
    assert begin == end
    assert not any(re.fullmatch(rf" {{0,3}}`{{{len(begin)},}}\s*", line) for line in lines)


def test_markup_is_text() -> None:
    """In a page and in markdown."""
    assert html('<b a="1">\x1b') == r"&lt;b a=&quot;1&quot;&gt;\x1b"
    assert markdown("a|<b>[c](d)`e`\n&lt;") == r"a\|\<b\>\[c\](d)\`e\`\\x0a\&lt;"


def test_a_summary_is_one_table_whatever_its_cells_hold() -> None:
    row = ("✓", "zip", "1\n|x|<img src=y>", "2 s")
    lines = summary([row], ["```", "<script>"]).strip().splitlines()
    assert lines[2] == r"| ✓ | zip | 1\\x0a\|x\|\<img src=y\> | 2 s |"
    assert lines[3:] == ["", "````", "```", "<script>", "````"]


def test_an_error_for_github_is_one_command() -> None:
    """Neither its text nor a place that the text claims ends it, or begins another."""
    said = error(
        "verify", "bad\n  --> a,line=9::x\r:7\n::stop-commands::t", {"GITHUB_ACTIONS": "1"}
    )
    assert said.count("\n") == 1
    assert said.startswith(r"::error title=verify failed,file=a%2Cline=9%3A%3Ax\x0d,line=7::bad%0A")
    assert "%0A: :stop" in said


PRINTED = """
import sys, warnings
from rich.table import Table
from tasks.ui import console, streams
streams.prepare_streams()
said = sys.argv[1].encode("utf-8", "surrogateescape").decode("unicode_escape")
{how}
"""
IN_TURN = """
print(said)
print(said, file=sys.stderr)
sys.stdout.writelines([said, "\\n"])
sys.__stdout__.write(f"{said}\\n")
warnings.warn(said)
console.write(said, ('red', said))
console.say(said)
console.plain(said)
console.hold(said)
console.say(f"warning: {said}")
print(console.release())
grid = Table(said, title=said)
grid.add_row(said)
grid.add_row(console.text(said))
console.show_tables(grid)
console.console().print(said, style='bold')
with console.progress(said, 9) as go:
    go(9)
"""
WAYS = {
    "in turn": (IN_TURN, 14),
    "a traceback": ("raise ValueError(said)", 1),
    "how a program ends": ("sys.exit(said)", 1),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("terminal", [False, True])
def test_every_way_to_print(way: str, *, terminal: bool) -> None:
    """Escapes that reach a terminal are those that the tool draws with."""
    how, times = WAYS[way]
    text = f"A{HOSTILE}B\n  ::error::x\n##[error]y".encode("unicode_escape").decode()
    command = [sys.executable, "-c", PRINTED.format(how=how), text]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    if terminal:
        command = ["script", "-qec", f"exec {shlex.join(command)}", "/dev/null"]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    output = done.stdout.decode(errors="surrogateescape").replace("\r\n", "\n")
    if terminal:
        output = re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", output)  # colors and the cursor
    assert not {unicodedata.category(c) for c in output} & {"Cf", "Cs", "Zl", "Zp"}, output
    assert not [c for c in output if unicodedata.category(c) == "Cc" and c != "\n"], output
    assert not any(map(is_command, output.split("\n"))), output
    shown = r"A\x1b]0;owned\x07\x9b31m\x0d\x08\u202egnp.exe\u2066\u200b\ufeff\U000e0041\udc80\x85"
    assert output.count(shown) >= times, output


# What writes to people, or could: in these modules alone.
WRITERS = {"tasks/ui/console.py", "tasks/ui/streams.py"}
ALONE = {
    "rich.console.Console": WRITERS,
    "rich.text.Text": WRITERS,
    "html.escape": {"tasks/ui/visible.py"},
    "GITHUB_STEP_SUMMARY": {"tasks/cli/step_reporter.py"},
    "sys.__stdout__": WRITERS | {"tasks/cli/step_reporter.py"},
    "sys.__stderr__": WRITERS,
}


def used(path: Path) -> set[str]:
    """Names that a module imports, and those of `sys`, and its texts."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), level=0):
                found |= {f"{module}.{each.name}" for each in node.names}
            case ast.Attribute(value=ast.Name(id="sys"), attr=name):
                found.add(f"sys.{name}")
            case ast.Constant(value=str(text)):
                found.add(text)
    return found


def test_nothing_goes_around_it() -> None:
    for path in (ROOT / "tasks").rglob("*.py"):
        name = str(path.relative_to(ROOT))
        wrong = {each for each in used(path) & ALONE.keys() if name not in ALONE[each]}
        assert not wrong, f"{name}: {wrong}"
