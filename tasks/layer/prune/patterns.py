"""What names of files say: tests, code, documentation, data; and names that are put together."""

import re
from collections.abc import Iterable

from .rules import FOLDERS

TESTS = re.compile(r"test.*\.py|.*_tests?\.py|conftest\.py")
CODE = re.compile(r".*\.(py|pyc|pyi|so|pyd)|py\.typed|\.gitkeep")
DOCUMENTATION = re.compile(
    r".*\.(py|pyc|md|rst|txt|html?|css|js|svg|png|jpe?g|gif|ico|pdf|ipynb|bib|ya?ml|cfg|toml|bat)"
    r"|Makefile|py\.typed|\.\w+"
)
# Folders whose content is read, not run: what an app is made from, what pages are made of.
DATA = re.compile(
    r".*(template|skeleton|scaffold|boilerplate|cookiecutter|\{\{).*"
    r"|static|assets|data|include|resources?|public"
)
INTO = re.compile(rf"(?:.*?/)?((?:{'|'.join(FOLDERS)})/.+?)/?")
# The ends of names that are put together: "{name}.md", "%s.md", "*.md", ".md".
LISTED = re.compile(r"(?:.*[}\])*?]|.*%\w|)(\.\w+)")


def ends_of(names: Iterable[str]) -> set[str]:
    """Suffixes of names that are put together at run time."""
    return {found[1] for name in names if (found := LISTED.fullmatch(name))}
