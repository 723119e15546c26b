"""stdout and stderr as every command has them from its first line on, doit's own commands too."""

import codecs
import io
import sys
from functools import cache

from . import readers

ERRORS = "doit-lambda-layer"
# What a terminal of another encoding gets instead.
SUBSTITUTES = {
    "▶": ">", "✓": "+", "✗": "x", "●": "*", "·": "-", "→": "->", "…": "...", "–": "-", "—": "-",
    "−": "-", "‹": "<", "›": ">", "≤": "<=", "“": '"', "”": '"', "’": "'",
}  # fmt: skip


@cache
def begin() -> None:
    """Nothing that is printed ends in a traceback: not for its characters, not for want of a
    reader."""
    codecs.register_error(ERRORS, _substitute)
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)
    readers.end_with_them()


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Where the encoding has no ▶ or →, something like it."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(SUBSTITUTES.get(char, "?") for char in text), error.end
