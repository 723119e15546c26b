"""What a licence asks for, as far as its name or text tells. No legal advice: it says where a
person should look.
"""

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum

from .dist_metadata import Package

NOTICES = "THIRD-PARTY-NOTICES"  # all texts in one file (`licenses = "bundle"`)
_ENDS = r"(?=v?\.?\d|(?![a-z]))"  # or a version follows: GPLv3, Apachev2
_COPYLEFT = re.compile(
    r"\b(?:[AL]?GPL|GNU\b.*\bLicense|(?:GNU )?.*General Public|MPL|Mozilla|EPL|Eclipse Public|CDDL"
    r"|Common Development|EUPL|European Union Public|CECILL(?!-B)|OSL|CPL|CPAL|SSPL|Server Side"
    r"|QPL|APSL|Sleepycat|MS-RL|Reciprocal|CC[- ]BY(?:-NC)?-SA|copyleft)" + _ENDS,
    re.IGNORECASE,
)
_RESTRICTED = re.compile(
    r"proprietary|commercial|\bNC\b|BUSL|business source|elastic|all rights reserved|nvidia|eula"
    r"|\bBSL[- ]?v?1\.1|\bFSL\b|functional source|commons[- ]clause"  # BSL-1.0 is Boost's
    r"|not open|see .*terms|\bND\b",
    re.IGNORECASE,
)
_PERMISSIVE = re.compile(
    r"\b(?:MIT|X11|BSD|0BSD|Apache|ISC|PSF|Python Software|Python-2|CNRI|Zlib|Unlicense|CC0|HPND"
    r"|Historical Permission|public.domain|BSL|Boost|ZPL|Zope|PostgreSQL|NCSA|WTFPL|W3C|Artistic"
    r"|AFL|Academic Free|FTL|IJG|libtiff|libpng|OpenSSL|curl|Unicode|OFL|CC-BY|Blessing|BlueOak"
    r"|MS-PL|Expat|Eclipse Distribution|EDL|CECILL-B|UPL|bzip2|TCL|JSON|NAIST|SMLNJ"
    r"|MulanPSL|Ruby)" + _ENDS,
    re.IGNORECASE,
)
_LATER = re.compile(r"\s+or\s+(?:\(?at your option\)?\s+)?(?:any\s+)?(?:later|newer|above)\b", re.I)
# Words of the licence itself, as a line of their own where others mention it. What is before them
# ends at the line's beginning: a text of empty lines would be read once for each of them.
_IN_TEXT = {
    name: re.compile(words.replace(" ", r"\s+"), re.MULTILINE | flags)
    for name, words, flags in (
        ("AGPL", r"^[^\S\n]*GNU AFFERO GENERAL PUBLIC LICENSE$", re.IGNORECASE),
        ("LGPL", r"^[^\S\n]*GNU (LESSER|LIBRARY) GENERAL PUBLIC LICENSE$", re.IGNORECASE),
        ("GPL", r"^[^\S\n]*GNU GENERAL PUBLIC LICENSE$", re.IGNORECASE),
        ("MPL", r"^[^\S\n]*Mozilla Public License,? [Vv]ersion [\d.]+$", 0),
        ("EPL", r"^[^\S\n]*Eclipse Public License - v", re.IGNORECASE),
        ("Apache", r"^[^\S\n]*Apache License$", 0),
        ("MIT", "Permission is hereby granted, free of charge", re.IGNORECASE),
        ("BSD", "Redistribution and use in source and binary forms", re.IGNORECASE),
        ("ISC", "Permission to use, copy, modify,? and", re.IGNORECASE),
        ("PSF", "PYTHON SOFTWARE FOUNDATION LICENSE", 0),
        ("Unlicense", "This is free and unencumbered software", re.IGNORECASE),
    )
}


SLASHES = 10  # names at most: any text may come here


class Asks(IntEnum):
    """The more, the later."""

    NOTICE = 0
    SOURCE = 1
    MORE = 2
    UNKNOWN = 3


WORDS = {
    Asks.NOTICE: "",
    Asks.SOURCE: "copyleft",
    Asks.MORE: "restricts its use",
    Asks.UNKNOWN: "unknown licence",
}


def asks(license_: str) -> Asks:
    """Of an SPDX expression or free text: the least of alternatives, the most of what holds
    together. A slash is SPDX's old OR, where it stands between names."""
    text = _LATER.sub("", license_.strip())
    for word, chosen in (("OR", min), ("AND", max)):
        if len(parts := _split(text, word)) > 1:
            return chosen(map(asks, parts))
    if text.startswith("(") and text.endswith(")"):
        return asks(text[1:-1])
    parts = text.split("/", SLASHES)
    names = 1 < len(parts) <= SLASHES and "://" not in text
    if names and Asks.UNKNOWN not in (found := [*map(asks, parts)]):
        return min(found)
    kinds = {Asks.SOURCE: _COPYLEFT, Asks.MORE: _RESTRICTED, Asks.NOTICE: _PERMISSIVE}
    return next((kind for kind, words in kinds.items() if words.search(text)), Asks.UNKNOWN)


def _split(text: str, word: str) -> list[str]:
    """At the word, outside of parentheses."""
    found = [""]
    for piece in re.split(rf"(\s+{word}\s+)", text, flags=re.IGNORECASE):
        if piece.strip().upper() == word and found[-1].count("(") == found[-1].count(")"):
            found.append("")
        else:
            found[-1] += piece
    return found


def named(package: Package, texts: Iterable[str | None] = ()) -> tuple[str, Asks]:
    """(its licence for people, what that asks): the metadata's wording, else classifiers, else
    what the texts look like."""
    by_classifier = ", ".join(package.classifiers)
    asked = max(map(asks, package.classifiers), default=Asks.UNKNOWN)
    if package.license and ((said := asks(package.license)) < Asks.UNKNOWN or not by_classifier):
        asked, by_classifier = said, package.license
    if asked < Asks.UNKNOWN or not (seen := seen_in(texts)):
        return by_classifier or "–", asked
    return f"{' and '.join(seen)}, by its text", max(map(asks, seen))


def seen_in(texts: Iterable[str | None]) -> list[str]:
    """Licences whose own words are in the texts."""
    whole = [text for text in texts if text]
    return [name for name, words in _IN_TEXT.items() if any(map(words.search, whole))]


def bundle(texts: Mapping[str, Mapping[str, str]]) -> str:
    """One text of all, {distribution: {path: text}}, each once."""
    of: dict[str, list[str]] = {}
    for name, files in sorted(texts.items()):
        for path, text in sorted(files.items()):
            of.setdefault(text.strip(), []).append(f"{name}: {path}")
    rule = "=" * 80
    pieces = ["\n".join([rule, *said, rule, "", text, ""]) for text, said in of.items()]
    return "\n".join(pieces)
