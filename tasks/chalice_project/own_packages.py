"""The packages beside this tool: Chalice imports app.py, and so these, in the process that has the
credentials of the stage. Are they the ones that the locks name?
"""

import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from ..requirements.file import canonical
from ..settings.model import Settings
from . import environment

TOOLS_LOCK = Path("doitw.lock")
NAMED = 5  # packages in a sentence; the others are counted
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.M)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
Pins = Mapping[str, set[str]]  # {package: versions}


def warnings(settings: Settings) -> list[str]:
    """A sentence for each difference between what is installed here and the locks."""
    locks = {path: pins(path.read_text(encoding="utf-8")) for path in _locks(settings)}
    return differences(installed(), locks, _brought_along()) if locks else []


def _locks(settings: Settings) -> list[Path]:
    return [path for path in (Path(settings.own_lock), TOOLS_LOCK) if path.is_file()]


def pins(text: str) -> dict[str, set[str]]:
    """Of a lock's text. For another platform it may have another version."""
    found: dict[str, set[str]] = {}
    for name, version in _PIN.findall(text):
        found.setdefault(canonical(name), set()).add(version)
    return found


def installed() -> dict[str, str]:
    there = metadata.distributions(path=environment.packages())
    return {canonical(each.name): each.version for each in there if each.name}


def differences(here: Mapping[str, str], locks: Mapping[Path, Pins], ours: set[str]) -> list[str]:
    """`ours`: what comes with this tool, and may be in no lock."""
    wanted: dict[str, dict[Path, set[str]]] = {}
    for path, named in locks.items():
        for name, versions in named.items():
            wanted.setdefault(name, {})[path] = versions
    other = [
        f"{name} {version} is installed, {' and '.join(_said(wanted[name]))}"
        for name, version in sorted(here.items())
        if name in wanted and version not in set().union(*wanted[name].values())
    ]
    loose = sorted(here.keys() - wanted.keys() - ours)
    more = f" and {len(loose) - NAMED} more" if len(loose) > NAMED else ""
    if loose:
        other.append(f"installed, and in no lock: {', '.join(loose[:NAMED])}{more}")
    return other


def _said(wanted: Mapping[Path, set[str]]) -> list[str]:
    return [f"{path} says {' or '.join(sorted(found))}" for path, found in wanted.items()]


def _brought_along() -> set[str]:
    """This tool as a wheel, what it requires, and what that requires. Python's own installers."""
    return {"pip", "setuptools", "wheel"} | _needed(["doit-lambda-layer"])


def vain(names: Iterable[str]) -> list[str]:
    """Which of these packages Chalice needs, and none of the others, as they are installed here."""
    of_chalice, asked = _needed(["chalice"]), set(names)
    others = _needed(asked - of_chalice)
    return sorted(asked & of_chalice - others - {"chalice"})


def _needed(names: Iterable[str]) -> set[str]:
    """With all that they require."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonical(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting += [match[0] for line in required if (match := _NAME.match(line))]
    return found
