"""Messages are short, active, and say what to do; in the words of people who meet them."""

import re

import pytest

from devtools import error_messages
from devtools.error_messages import Message

MOST = 36  # words of a problem or a remedy, as far as the code writes them out
# Riddles and an author's shorthand, with the reader's word for each.
NEVER = {
    r"\bcorrect (?:it|that)(?: there)?$": "correct FILE, then run the command again",
    r"\bwho(?:ever|se)\b(?!›)": "name who, or what",
    r"\bdo without\b": "leave it out",
    r"\banew at the\b|\bmakes? (?:it|them) anew\b": "again",
    r"\bis none of\b": "is not",
    r"says the same": "repeats",
    r"correct what it says": "say what to correct",
    r"a moment ago": "name what changed",
}
EVERY = {(each.problem, each.fix): each for each in error_messages.every()}.values()


@pytest.mark.parametrize("made", EVERY, ids=lambda made: f"{made.module}:{made.line}")
def test_a_message_says_what_happened_and_what_to_do(made: Message) -> None:
    """Each in one breath, without riddles."""
    for text in (made.problem, made.fix):
        assert len(text.split()) <= MOST, text
        for pattern, better in NEVER.items():
            assert not re.search(pattern, text), f"{text!r}: {better}"
