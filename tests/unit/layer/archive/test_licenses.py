"""tasks/layer/archive/licenses.py: what a licence asks for, by its name or text."""

import pytest

from tasks.layer.archive import licenses
from tasks.layer.archive.dist_metadata import Package
from tasks.layer.archive.licenses import Asks

GPL = "  GNU GENERAL PUBLIC LICENSE\n     Version 3, 29 June 2007\n"


VERSIONS = (
    "GPLv3", "GPLv2+", "LGPLv3", "AGPLv3", "MPLv2", "MPLv2.0", "EUPLv1.2", "EPLv2", "GNU GPLv3",
    "GPL3", "LGPLv2.1+", "GPLv.3", "gplv3+", "CeCILLv2", "OSLv3",
)  # fmt: skip


RESTRICTED = (
    "BSL-1.1", "BSL 1.1", "Apache-2.0 WITH Commons-Clause", "MIT + Commons Clause",
    "FSL-1.1-MIT", "FSL-1.1-Apache-2.0", "Functional Source License, Version 1.1, MIT Future",
)  # fmt: skip


def package(license_: str, *classifiers: str) -> Package:
    return Package(name="a", version="1", license=license_, classifiers=classifiers, requires=())


@pytest.mark.parametrize(
    ("license_", "asked"),
    [
        ("MIT", Asks.NOTICE),
        ("3-Clause BSD License", Asks.NOTICE),
        ("MIT OR GPL-2.0-only", Asks.NOTICE),
        ("MIT AND MPL-2.0", Asks.SOURCE),
        ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", Asks.NOTICE),
        ("(MIT AND LGPL-2.1-or-later) OR GPL-3.0-only", Asks.SOURCE),
        ("GPL v2 or later", Asks.SOURCE),
        ("GNU Lesser General Public License v3 (LGPLv3)", Asks.SOURCE),
        ("LGPL with exceptions", Asks.SOURCE),
        *((each, Asks.SOURCE) for each in VERSIONS),
        ("Apachev2", Asks.NOTICE),
        ("GPLed", Asks.UNKNOWN),
        ("Apache-2.0 WITH LLVM-exception", Asks.NOTICE),
        ("CC-BY-NC-4.0", Asks.MORE),
        ("Other/Proprietary License", Asks.MORE),
        ("NVIDIA Proprietary Software", Asks.MORE),
        ("Mine", Asks.UNKNOWN),
        # Business Source, Functional Source and Commons Clause, as their authors write them
        *((each, Asks.MORE) for each in RESTRICTED),
        ("BSL-1.0", Asks.NOTICE),
        # crates' and others' slash
        *(
            (each, Asks.NOTICE)
            for each in ("GPL-2.0/MIT", "GPLv2+ / MIT", "(MIT/GPL-3.0)", "Expat")
        ),
        ("MPL-2.0/LGPL-2.1", Asks.SOURCE),
        ("https://mit.example/gpl", Asks.SOURCE),
        ("Other/GPL", Asks.SOURCE),
        *((each, Asks.NOTICE) for each in ("Eclipse Distribution License v1.0", "CeCILL-B")),
        ("CeCILL-C", Asks.SOURCE),
        ("/" * 1_000_000, Asks.UNKNOWN),
        ("(", Asks.UNKNOWN),
        ("", Asks.UNKNOWN),
    ],
)
def test_what_a_licence_asks(license_: str, asked: Asks) -> None:
    """The least of alternatives, the most of what holds together."""
    assert licenses.asks(license_) == asked


@pytest.mark.parametrize(
    ("said", "texts", "named"),
    [
        (package("MIT", "GPL"), [GPL], ("MIT", Asks.NOTICE)),
        (package("see LICENSE", "BSD License", "Apache"), [], ("BSD License, Apache", Asks.NOTICE)),
        (package(""), [GPL, None], ("GPL, by its text", Asks.SOURCE)),
        (package("Mine"), ["Permission is hereby granted,\nfree of charge"],
         ("MIT, by its text", Asks.NOTICE)),
        (package("Mine"), ["You may."], ("Mine", Asks.UNKNOWN)),
        (package(""), [], ("–", Asks.UNKNOWN)),
    ],
)  # fmt: skip
def test_metadata_come_before_texts(
    said: Package, texts: list[str | None], named: tuple[str, Asks]
) -> None:
    """Texts count where the metadata say nothing that is known."""
    assert licenses.named(said, texts) == named


def test_a_text_that_mentions_another_licence_is_not_that_one() -> None:
    """The PSF's history does."""
    text = "compatible with the GNU General Public License (GPL).\nMozilla Public License, too"
    assert licenses.seen_in([text]) == []
    assert licenses.seen_in(["Mozilla Public License, version 2.0", GPL]) == ["GPL", "MPL"]


def test_a_bundle_has_each_text_once() -> None:
    """With all that it is the text of, in the same order always."""
    texts = {"b": {"b/L": "one\n"}, "a": {"a/L": "one", "a/N": "two"}}
    bundle = licenses.bundle(texts)
    assert bundle.count("one") == bundle.count("two") == 1
    assert bundle.index("a: a/L\nb: b/L") < bundle.index("one") < bundle.index("a: a/N")
