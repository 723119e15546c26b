"""The repository's documents as pages of a site: links that hold there."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

_LINK = re.compile(r"!?\[(?P<words>[^\]]+)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_FENCED = re.compile(r"(^```.*?^```$)", re.M | re.S)


def pages(root: Path) -> dict[str, str]:
    """{name in the site: file of the repository}. Every Markdown file below docs/ is one. README is
    for people who come to the repository. Here docs/index.md stands in its place."""
    documents = [path for path in sorted((root / "docs").rglob("*.md")) if "site" not in path.parts]
    names = [path.relative_to(root).as_posix() for path in documents]
    found = {name.removeprefix("docs/"): name for name in names}
    return {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"} | found


def pictures(root: Path) -> dict[str, str]:
    """{name in the site: file of the repository}. Every plot and picture below docs/."""
    found = sorted(path for kind in ("svg", "png") for path in (root / "docs").rglob(f"*.{kind}"))
    names = [path.relative_to(root).as_posix() for path in found if "site" not in path.parts]
    return {name.removeprefix("docs/"): name for name in names}


def page_text(root: Path, page: str, files: Mapping[str, str]) -> str:
    """A page's text: links to `files`, which the site has, as they are called there. A link to
    anything else of the repository is only its words."""
    source = files[page]
    there = {name: place for place, name in files.items()} | {"README.md": "index.md"}
    parts = _FENCED.split((root / source).read_text(encoding="utf-8"))
    for number in range(0, len(parts), 2):  # outside of code
        parts[number] = _LINK.sub(lambda found: _link(found, source, page, there), parts[number])
    return "".join(parts)


def _link(found: re.Match[str], source: str, page: str, there: Mapping[str, str]) -> str:
    target = found["target"]
    if ":" in target:
        return found[0]  # an address
    file = normpath((PurePosixPath(source).parent / target).as_posix())
    if file not in there:
        return found["words"]
    place = relpath(there[file], PurePosixPath(page).parent.as_posix())
    mark = "!" * found[0].startswith("!")
    return f"{mark}[{found['words']}]({place}{found['anchor'] or ''})"
