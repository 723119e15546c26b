"""docs/site and the size report, in a real browser: no broken links, readable on a phone."""

import shutil
from pathlib import Path

import pytest

from devtools import site_pages
from tasks.report import html
from tests import browser, ci_jobs, documents, sample_reports
from tests.browser import Seen
from tests.project import ROOT, small

LETTERS = 12.0  # CSS pixels, at least
MANY = 40  # packages: the example project has 37


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `./doitw docs` makes of the documents as they are; and the report of a build, one of
    many packages beside it."""
    project = small(tmp_path_factory.mktemp("site") / "project")
    ci_jobs.repository(project.path, "docs", "CHANGELOG.md", "CONTRIBUTING.md")
    run = project.doit("docs", "build")
    assert run.code == 0, run.output
    made = project.path / "docs/site"
    shutil.copy(project.path / "build/deps.report.html", made / "report.html")
    (made / "many.html").write_text(html.render(sample_reports.many(MANY)))
    return made


@pytest.fixture(scope="module")
def seen(site: Path) -> dict[str, Seen]:
    names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    return {each.page.removeprefix("/"): each for each in browser.look(site, names)}


def test_every_document_is_a_page(seen: dict[str, Seen]) -> None:
    """The translations, too; and none is empty."""
    wanted = {page.replace(".md", ".html") for page in site_pages.pages(ROOT)}
    assert wanted <= set(seen)
    assert {page for page in wanted if seen[page].words < 500} == set()


def test_no_link_is_broken(seen: dict[str, Seen]) -> None:
    """Pages, anchors, images, styles, scripts; nothing is loaded from elsewhere."""
    # a page that is not found has links from the site's root, wherever that is served
    wrong = {page: each.broken for page, each in seen.items() if page != "404.html"}
    assert {page: links for page, links in wrong.items() if links} == {}


def test_no_page_is_wider_than_a_phone(seen: dict[str, Seen]) -> None:
    """What is wide scrolls by itself."""
    wide = {page: (each.width, each.wide) for page, each in seen.items()}
    assert {page: found for page, found in wide.items() if found[0] > browser.PHONE} == {}


def test_the_letters_can_be_read_on_a_phone(seen: dict[str, Seen]) -> None:
    """The page tells the phone not to shrink it; no text is tiny."""
    assert {page for page, each in seen.items() if not each.viewport} == set()
    assert {page: each.smallest for page, each in seen.items() if each.smallest < LETTERS} == {}


def test_nothing_else_is_changed_by_building_it(site: Path) -> None:
    """docs/troubleshooting.md is what is committed."""
    name = "docs/troubleshooting.md"
    assert (site.parents[1] / name).read_bytes() == (ROOT / name).read_bytes()


def test_a_map_of_many_packages_names_the_large_ones(seen: dict[str, Seen]) -> None:
    """On a phone, too: what has no room for a name has none, and its title."""
    assert seen["many.html"].labels >= 5


def test_a_transcript_copies_its_commands_alone(seen: dict[str, Seen]) -> None:
    """Neither prompts nor output."""
    page = documents.FOLDER / "guides/change-requirements.md"
    commands = [command for command, _ in documents.transcript(page)]
    copied = seen["guides/change-requirements.html"].copied
    assert [line for block in copied for line in block.splitlines()] == commands


def test_light_and_dark_can_be_chosen(seen: dict[str, Seen]) -> None:
    assert [seen[page].palettes for page in ("index.html", "guides/adopt.html")] == [2, 2]


def test_no_script_fails(seen: dict[str, Seen]) -> None:
    assert {page: each.errors for page, each in seen.items() if each.errors} == {}


def test_the_browser_sees_what_is_wrong(tmp_path: Path) -> None:
    """The looker itself: a broken link, a missing anchor, a foreign image, a wide table, scripts
    that fail at once and later."""
    (tmp_path / "bad.html").write_text(
        "<!doctype html><script>nothing.at.all</script><script>Promise.reject('later')</script>"
        "<p id='here' style='font-size: 5px'>tiny <a href='none.html'>a</a>"
        "<a href='#nowhere'>b</a><a href='#here'>c</a><img src='http://elsewhere.invalid/x.png'>"
        "<table><tr><td style='min-width: 900px'>wide</td></tr></table>"
    )
    (tmp_path / "good.html").write_text("<!doctype html><p>fine<script>let at = 1</script>")
    bad, good = browser.look(tmp_path, ["bad.html", "good.html"])
    assert bad.errors == ["Uncaught ReferenceError: nothing is not defined", "later"]
    assert good.errors == []
    assert sorted(bad.broken) == [
        "/bad.html#nowhere", "/none.html", "loads http://elsewhere.invalid/x.png",
    ]  # fmt: skip
    assert bad.width > browser.PHONE
    assert any(name.startswith("TABLE") for name in bad.wide)
    assert bad.smallest == 5.0
    assert not bad.viewport
