"""The style sheet: short sentences, no semicolons, one word for one thing (tests/prose.py)."""

import pytest

from tests import prose

TEXTS = prose.texts()
# of docstrings, by room: a number may only fall
DOCSTRINGS = {
    "tasks/image": 4,
    "tasks/layer": 64,
    "tasks/proof": 45,
    "tasks/steps": 19,
    "docker": 57,
}


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_are_plain(name: str) -> None:
    """In pages, messages and help."""
    assert [(fault, each) for each in TEXTS[name] for fault in prose.faults(each)] == []


@pytest.mark.parametrize(("room", "said"), prose.docstrings().items())
def test_docstrings_are_plain(room: str, said: list[str]) -> None:
    """As pages are. Rooms that are not mended yet have a number."""
    found = [(fault, each) for each in said for fault in prose.faults(each)]
    assert len(found) <= DOCSTRINGS.get(room, 0), "\n".join(map(str, found))


@pytest.mark.parametrize("name", [each for each in TEXTS if each.startswith("docs/guides/")])
def test_guides_have_short_sentences(name: str) -> None:
    """Of 13 words at most on the median; README, too."""
    for page in ("README.md", "docs/tutorial.md", name):
        sizes = sorted(map(prose.length, TEXTS[page]))
        assert sizes[len(sizes) // 2] <= 13
        assert sum(size > 25 for size in sizes) <= 0.03 * len(sizes)


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("a; b", "semicolon"), ("It is as the seed had it.", "the seed"),
        (" ".join("a" * 31), "31 words"), ("An emulator prints `a; b`.", ""),
    ],
)  # fmt: skip
def test_faults_are_found(sentence: str, fault: str) -> None:
    [read] = prose.sentences(sentence)
    assert fault in " ".join(prose.faults(read))
    assert bool(fault) == bool([*prose.faults(read)])
