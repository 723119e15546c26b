"""`doit docs`: the pages that are made from the code, and all documents as a site."""

import shutil
import subprocess
import sys
from pathlib import Path

from devtools import error_catalogue, pictures, reference_pages, site_pages
from tasks.aws import errors
from tasks.context import doit_actions
from tasks.context.doit_actions import action
from tasks.settings import paths
from tasks.ui.console import say
from tasks.util import files
from tasks.util.errors import BuildError

TROUBLESHOOTING = Path("docs/troubleshooting.md")
CONFIG = Path("docs/zensical.toml")
LOOKS = (Path("docs/zensical.css"), Path("docs/zensical.js"))
SITE = Path("docs/site")
WORK = paths.BUILD / "site"  # where the generator works


def task_docs() -> dict[str, object]:
    """Write the pages that the code knows, and docs/site/."""
    return {"actions": [action(build_site)]}


def build_site() -> None:
    """BuildError when the generator fails."""
    for page, text in made_pages().items():
        files.write_atomic(page, text.encode())
    lay_out(Path(), WORK)
    build(WORK)
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(WORK / "html", SITE)
    say(f"open {SITE / 'index.html'}; with search: python -m http.server --directory {SITE}")


def made_pages() -> dict[Path, str]:
    """{page or picture: its text} of all that the code knows."""
    return {TROUBLESHOOTING: troubleshooting(), **reference_pages.every(), **pictures.every()}


def troubleshooting() -> str:
    """The page's text."""
    answers = dict.fromkeys(errors.EXPIRED, errors.LOG_IN) | errors.FIXES
    tables = {"AWS": dict(sorted(answers.items())), "The system": doit_actions.advice()}
    return error_catalogue.render(tables)


def lay_out(root: Path, work: Path) -> None:
    """The generator's configuration, and every page and plot under its name in the site."""
    shutil.rmtree(work, ignore_errors=True)
    found, plots = site_pages.pages(root), site_pages.pictures(root)
    for page in found:
        text = site_pages.page_text(root, page, found | plots)
        files.write_atomic(work / "pages" / page, text.encode())
    for name, plot in plots.items():
        files.write_atomic(work / "pages" / name, (root / plot).read_bytes())
    shutil.copy(root / CONFIG, work / CONFIG.name)
    for path in LOOKS:
        shutil.copy(root / path, work / "pages" / path.name)


def build(work: Path) -> None:
    """work/html/. BuildError when the generator is not there, fails, or warns."""
    zensical = Path(sys.executable).with_name("zensical")
    if not zensical.exists():
        fix = "use ./doitw in a checkout of this project: its .venv has zensical"
        raise BuildError("the site's generator is not installed", fix=fix)
    done = subprocess.run(
        [str(zensical), "build", "--clean", "--strict"], cwd=work, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode or not (work / "html/index.html").is_file():
        said = (done.stdout + done.stderr).strip()
        raise BuildError(
            f"the site could not be built:\n{said}",
            fix="look at the file that it names, and run ./doitw docs again",
        )
