"""The versions that an app pins, and those that this tool works with."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ..chalice_project import environment
from ..requirements.file import parse_requirement
from ..util.errors import InputError
from .requirements import sources
from .requirements.requirements_files import RequirementEntry
from .text_files import text_of

CHALICE = "chalice"
OLDEST = (1, 26, 2)  # of Chalice: the first whose PyYAML can be installed on Python 3.12
_LOCKED = re.compile(r'name = "chalice"\nversion = "([^"]+)"')  # uv's, Poetry's and PDM's lock


def chalice(root: Path, source: str, entries: Iterable[RequirementEntry]) -> str:
    """The app's requirement for Chalice. Its bare name where no file says any."""
    for entry in entries:
        if entry.name == CHALICE:
            return re.sub(r"\s+--hash[= ]\S+", "", entry.text).partition(";")[0].strip()
    found = _LOCKED.search(text_of(root / source) or "")
    return f"{CHALICE}=={found[1]}" if found else CHALICE


def refuse_impossible(root: Path, requirement: str, python: str) -> None:
    """InputError where the app's versions cannot be deployed with this tool, whatever environment
    they are in."""
    environment.refuse_too_old()
    pins = [each for each in parse_requirement(requirement).specifier if each.operator == "=="]
    oldest = ".".join(map(str, OLDEST))
    if pins and tuple(map(int, re.findall(r"\d+", pins[0].version)[:3])) < OLDEST:
        raise InputError(
            f"{requirement} cannot be installed on Python {python}, nor on any that this tool runs "
            f"on (3.{sys.version_info[1]} here, 3.12 at least)",
            fix=f"take {CHALICE}>={oldest}, then run this again",
        )
    wanted = sources.parsed(text_of(root / sources.PYPROJECT) or "").get("project", {})
    asked = str(wanted.get("requires-python", ""))
    if asked and not _allows(asked, python):
        raise InputError(
            f"{sources.PYPROJECT} has requires-python = {asked!r}, and the layer would be for "
            f"Python {python}: Chalice deploys the Python that it runs under",
            fix=f"allow {python} there, or run this tool under a Python that it allows",
        )


def _allows(asked: str, python: str) -> bool:
    """Some release of that minor version, at least."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        wanted = SpecifierSet(asked)
    except InvalidSpecifier:
        return True  # whoever installs it says so
    return any(wanted.contains(f"{python}.{patch}") for patch in range(40))
