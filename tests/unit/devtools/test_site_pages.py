"""devtools/site_pages.py: links that hold in the repository hold in the site."""

from pathlib import Path

import pytest

from devtools import site_pages


@pytest.fixture
def root(tmp_path: Path) -> Path:
    texts = {
        "README.md": "for who comes to the repository",
        "docs/index.md": "[a](a.md#part) [code](../bench/) [out](https://example.com/x.md)"
        " ![plot](bench/p.svg)",
        "CHANGELOG.md": "none",
        "CONTRIBUTING.md": "[guide](docs/guides/b.md)",
        "docs/guides/b.md": "[a](../a.md)",
        "docs/a.md": "[home](../README.md) [ko](ko/a.md)\n```\n[no](link.md)\n```\n[ci](ci.yml)",
        "docs/ko/a.md": "[en](../a.md) ![plot](../bench/p.svg) ![picture](x.png)",
        "docs/bench/p.svg": "<svg/>",
        "docs/site/old.md": "built",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("index.md", "[a](a.md#part) code [out](https://example.com/x.md) ![plot](bench/p.svg)"),
        ("a.md", "[home](index.md) [ko](ko/a.md)\n```\n[no](link.md)\n```\nci"),
        ("ko/a.md", "[en](../a.md) ![plot](../bench/p.svg) picture"),
        ("contributing.md", "[guide](guides/b.md)"),
        ("guides/b.md", "[a](../a.md)"),
    ],
)
def test_links_lead_to_pages_and_code_stays_as_it_is(root: Path, page: str, text: str) -> None:
    """What is no page loses its link, and keeps its words."""
    files = site_pages.pages(root)
    assert set(files) == {
        "index.md", "changelog.md", "contributing.md", "a.md", "guides/b.md", "ko/a.md",
    }  # fmt: skip
    assert site_pages.page_text(root, page, files | site_pages.pictures(root)) == text
