"""What others wrote, as people may see it: no character of it steers a terminal, none is hidden.
No line of it is a command to a CI system or markup to a page.

Everything that is shown goes through here: ui/console.py, ui/streams.py (all that is printed),
ui/ci.py (the job's summary) and report/html.py.
"""

import re
import unicodedata
from html import escape
from itertools import groupby

# Control characters (C0, C1), format characters (bidi overrides, joiners, tags), lone surrogates,
# and the two that break a line without being a line's end.
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# What is not shown by itself, whatever its category (Unicode: DerivedCoreProperties.txt,
# Default_Ignorable_Code_Point): selectors of a variant, fillers.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
COLORED = "\ufe0f"  # behind a sign: shown as an emoji
_SIGNS = "#*0123456789\u203c\u2049\u2139\u3030"  # emoji that are no symbols by their category
_UNUSUAL = re.compile(r"[^\n\t -~]")
# `::error::…` is a command to GitHub's runner behind nothing but blanks; `##[error]` (its older
# form, and Azure's `##vso[…]`, TeamCity's `##teamcity[…]`) anywhere in a line.
_COMMAND = re.compile(r"^([^\S\n]*:)(?=:.*::)", re.M)
_OLD_COMMAND = re.compile(r"#(?=#\w*\[)")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~&$!])")


def visible(text: str) -> str:
    """Line ends and tabs stay. Hidden characters stand as `\\x1b`, `\\u202e`. A command to a CI
    system gets a blank that makes it text. Twice is the same as once."""
    plain = text.isascii() and text.isprintable()
    shown = text if plain else _UNUSUAL.sub(_shown, text)
    if "::" in shown:
        shown = _COMMAND.sub(r"\1 ", shown)
    return _OLD_COMMAND.sub("# ", shown) if "##" in shown else shown


def one_line(text: str) -> str:
    """For a value that is one line's part: it cannot begin a line of its own."""
    return visible(text).replace("\n", r"\x0a")


def html(text: str) -> str:
    """Text of an HTML page, and of an attribute in quotes."""
    return escape(visible(text))


def markdown(text: str) -> str:
    """One line of text in GitHub's markdown, a table's cell for instance."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def fenced(lines: list[str]) -> list[str]:
    """Lines of text as a block of markdown that none of them can end."""
    text = visible("\n".join(lines))
    longest = max((len([*run]) for char, run in groupby(text) if char == "`"), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, text, fence]


def _is_sign(char: str) -> bool:
    """May it be an emoji?"""
    known = char in _SIGNS or (not char.isascii() and unicodedata.category(char) in ("So", "Sm"))
    return bool(char) and known


def _shown(found: re.Match[str]) -> str:
    char = found[0]
    is_hidden = unicodedata.category(char) in HIDDEN or _IGNORABLE.match(char)
    before = found.string[max(found.start() - 1, 0) : found.start()]
    if not is_hidden or (char == COLORED and _is_sign(before)):
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
