"""tasks/report/: the facts, and how a terminal and a page show them."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.console import Console

from tasks.layer.archive.size_limit import Budget
from tasks.layer.archive.sizes import Kind, Size
from tasks.layer.prune.rules import Rule
from tasks.report import facts, html, terminal
from tasks.report.facts import Offer, Report, Work
from tasks.report.treemap import squarify
from tasks.settings.model import LAMBDA_LIMIT
from tasks.settings.step_records import PruneRecord
from tests import made_records
from tests.sample_reports import OTHER, OURS, example, row


def text_of(found: Report, width: int = 110) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(terminal.render(found))
    return captured.get()


# ---- import seconds -----------------------------------------------------------------------------

IMPORTS = {"a<b>": 0.004, "slow": 12.3456, "same": 0.5, "also": 0.5}


def test_what_takes_longest_to_import_comes_first() -> None:
    """On the terminal and on the page, where the proof came after it was written."""
    shown = [("slow", "12.35 s"), ("also", "0.50 s"), ("same", "0.50 s"), ("a<b>", "0.00 s")]
    assert facts.slowest_first(IMPORTS) == shown
    measured = example(imports=IMPORTS)
    text = text_of(measured)
    assert [text.index(f" {seconds}") for _, seconds in shown[:2]] == sorted(
        text.index(f" {seconds}") for _, seconds in shown[:2]
    )
    assert "what takes long to import" not in text_of(example())
    before = html.render(example())
    assert "Not measured" in before
    page = html.put_imports(before, IMPORTS)
    assert page == html.render(measured)
    assert html.put_imports(page, {}) == before
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th><td>([\d.]+ s)</td></tr>", page)
    assert rows == [(name.replace("<", "&lt;").replace(">", "&gt;"), each) for name, each in shown]


# ---- facts --------------------------------------------------------------------------------------


def test_packages_that_pruning_or_time_took_are_rows_too() -> None:
    """Heaviest first; a file without bytes makes no row."""
    distributions = [made_records.distribution("a", "1")]
    found = facts.package_rows(
        distributions,
        {"a": {Kind.CODE: 5}, "pruned": {Kind.DATA: 9}, ".lock": {Kind.DATA: 0}},
        {"a": {Kind.CODE: 5, Kind.BYTECODE: 6}},
        {"a": 4},
        {"a": 10, "gone": 7},
    )
    assert [(each.package, each.before, each.after) for each in found] == [
        ("a", 5, 11),
        ("pruned", 9, 0),
        ("gone", 0, 0),
    ]
    assert (found[0].version, found[0].direct, found[0].zipped) == ("1", True, 4)


@pytest.mark.parametrize(
    ("after", "published", "shown"),
    [(80, 75, "+5 bytes"), (70, 75, "−5 bytes"), (75, 75, "0"), (75, None, "new"), (0, 75, "gone")],
)
def test_change_is_against_the_published_version(
    after: int, published: int | None, shown: str
) -> None:
    """Of the same package."""
    assert facts.change(example(), row("a", 99, after, published)) == shown


def test_without_a_published_version_there_is_no_change() -> None:
    """Not even `new`."""
    first = example(published=None, published_bytes=None)
    assert facts.change(first, row("a", 9, 9)) == facts.total_change(first) == "–"
    assert facts.total_change(example()) == "+10.0 MB"


def test_work_lists_what_rules_took_or_only_spared() -> None:
    """The largest saving first, each with its reason."""
    pruned = made_records.made(
        PruneRecord,
        rules={"drop": made_records.took(1, 3), "docs": made_records.took(2, 8)},
        spared={"tests": {"a/tests": "used"}},
    )
    rules = [
        Rule(name=name, globs=(), reason=f"why {name}", source="") for name in ("docs", "tests")
    ]
    found = facts.work(pruned, rules)
    assert [(each.rule, each.reason, each.bytes) for each in found] == [
        ("docs", "why docs", 8),
        ("drop", "", 3),
        ("tests", "why tests", 0),
    ]
    assert found[2].spared == {"a/tests": "used"}


def test_an_offer_counts_bytecode_and_respects_exceptions_and_keep() -> None:
    """What the layer would really lose; a recipe that knows no file here is no offer."""
    files = {
        "a/x.py": Size(unzipped=10, zipped=5),
        "a/__pycache__/x.cpython-312.pyc": Size(unzipped=20, zipped=8),
        "a/not.py": Size(unzipped=100, zipped=50),
        "a/kept.py": Size(unzipped=1000, zipped=500),
        "b.py": Size(unzipped=10_000, zipped=5000),
    }
    rule = Rule(name="r", globs=("a",), exceptions=("a/not.py",), reason="", source="")
    idle = Rule(name="idle", globs=("zzz",), reason="", source="")
    (offer,) = facts.offers(files, [rule, idle], ["a/kept.py"])
    assert (offer.rule, offer.files, offer.bytes, offer.zipped) == ("r", 2, 30, 13)


def test_spared_files_are_told_shortly() -> None:
    """Two examples a reason, the rest counted."""
    assert facts.spared_shortly({"a": "x", "b": "x", "c": "x", "d": "y"}) == [
        "x: a, b, 1 more",
        "y: d",
    ]


# ---- terminal -----------------------------------------------------------------------------------


def test_the_tables_show_every_fact() -> None:
    """Sizes, shares, changes, reasons, offers, budget."""
    shown = text_of(example())
    for words in ("big 1.0", "99.0 MB", "80.0 MB", "30.5%", "+5.0 MB", "[/small] 1.0", "new",
                  "110.0 MB", "90.0 MB", "40.0 MB", "34.3%", "+10.0 MB", f"against {OURS}",
                  "3 + 1 cut", "tests & such", "a/tests, b/tests, 1 more", "cv2.so", "a/x.md",
                  "numpy-build", "1.1 MB", "353.8 kB", "numpy.f2py", OTHER, "unknown",
                  "1.0 MB", "91.0 MB"):  # fmt: skip
        assert words in shown


def test_a_narrow_terminal_folds_names_not_numbers() -> None:
    """80 columns and a long name."""
    shown = text_of(example(rows=[row("n" * 70, 254_500_000, 150_500_000)]), width=80)
    assert max(map(len, shown.splitlines())) <= 80
    assert "254.5 MB" in shown
    assert "150.5 MB" in shown


# ---- page ---------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Tags opened and closed, and every attribute."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole() -> None:
    """Every tag closed, every identifier once, every label has its input."""
    reader = Reader(html.render(example()))
    assert reader.open == []
    names = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(names) == len(set(names))
    for _, attributes in reader.tags:
        for reference in ("for", "aria-labelledby"):
            assert attributes.get(reference, names[0]) in names


def test_the_page_loads_nothing() -> None:
    """No script, no address, and a policy that forbids them."""
    page = html.render(example())
    assert not re.search(r"https?:|//|url\(|@import|src=|href=|<script|<link|<img", page)
    assert "default-src 'none'" in page


def test_what_comes_from_packages_is_escaped() -> None:
    """A name, path or reason may hold anything."""
    evil = '"><script>alert(1)</script>$layer'
    page = html.render(
        example(
            layer=evil,
            rows=[replace(row(evil, 9, 9), version=evil)],
            work=[Work(rule=evil, reason=evil, files=1, cut=0, bytes=1, spared={evil: evil})],
            offers=[Offer(rule=evil, reason=evil, breaks=evil, files=1, bytes=1, zipped=1)],
            budget=Budget(layer=9, function=9, others={evil: None}),
            notes=[evil],
            kept=[evil],
        )
    )
    assert "<script" not in page
    assert Reader(page).open == []


def test_the_map_has_a_rectangle_per_package_and_kind() -> None:
    """In both states; a package that is gone has none in the layer's."""
    rows = [row("a", 8, 4), row("gone", 6, 0)]
    before = Reader(html.treemap(rows, lambda each: each.installed)).tags
    after = Reader(html.treemap(rows, lambda each: each.layer)).tags
    assert [tag for tag, _ in before] == ["div", "i", "i", "b"] * 2
    assert [tag for tag, _ in after] == ["div", "i", "b"]
    assert after[1][1] == {
        "class": "library",
        "style": "left:0.000%;top:0.000%;width:100.000%;height:100.000%",
        "title": "a: 4 bytes, of it 4 bytes shared objects",
    }


def test_the_map_is_in_proportion() -> None:
    """The page's percentages give the packages' share of the whole."""
    rows = [row("a", 600, 600), row("b", 300, 300), row("c", 100, 100)]
    boxes = [
        {part.split(":")[0]: float(part.split(":")[1][:-1]) for part in each["style"].split(";")}
        for tag, each in Reader(html.treemap(rows, lambda each: each.layer)).tags
        if tag == "div"
    ]
    assert [box["width"] * box["height"] / 10_000 for box in boxes] == pytest.approx(
        [0.6, 0.3, 0.1], rel=1e-3
    )
    assert len(boxes) == len(squarify([600, 300, 100], html.MAP))


def test_the_budgets_bar_is_the_limit_or_what_is_over_it() -> None:
    """Full width is 262,144,000 bytes, or more where more is used."""
    fits = html.render(example())
    assert f'class="layer" style="width:{100 * 90_000_000 / LAMBDA_LIMIT:.3f}%"' in fits
    assert "size unknown" in fits
    assert "free, or taken by layers of unknown size <b>171.1 MB" in fits
    over = html.render(example(budget=Budget(layer=LAMBDA_LIMIT, function=LAMBDA_LIMIT)))
    assert 'class="function" style="width:50.000%"' in over
    assert "over the limit by <b>262.1 MB" in over
