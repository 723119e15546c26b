"""The style sheet: short sentences, no semicolons, one word for one thing (tests/prose.py).

FAULTS counts what is not mended yet, file by file: a number may only fall."""

import pytest

from tests import prose

FAULTS: dict[str, int] = {
    "docs/architecture.md": 117,
}
TEXTS = prose.texts()


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_are_plain(name: str) -> None:
    """In pages, messages and help."""
    found = [(fault, each) for each in TEXTS[name] for fault in prose.faults(each)]
    assert len(found) <= FAULTS.get(name, 0), "\n".join(map(str, found))


@pytest.mark.parametrize("name", [each for each in TEXTS if each.startswith("docs/guides/")])
def test_guides_have_short_sentences(name: str) -> None:
    """Of 13 words at most on the median; README, too."""
    for page in ("README.md", "docs/tutorial.md", name):
        sizes = sorted(map(prose.length, TEXTS[page]))
        assert sizes[len(sizes) // 2] <= 13
        assert sum(size > 25 for size in sizes) <= 0.03 * len(sizes)


def test_what_is_mended_is_not_allowed_any_more() -> None:
    assert FAULTS.keys() <= TEXTS.keys()
    assert 0 not in FAULTS.values()


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
