"""Before and after: what pruning broke, in words. Only differences count."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

LISTED = 10  # of one kind, in one message


@dataclass(frozen=True, kw_only=True)
class Break:
    """Something that worked as installed and does not in the layer. `kind`: import or load."""

    kind: str
    name: str
    error: str


def breaks(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Break]:
    """Every import and library that the layer lost."""
    return [
        Break(kind=kind, name=name, error=error)
        for kind, key in (("import", "imports"), ("load", "loads"))
        for name, error in after[key].items()
        if error and before[key].get(name) == ""
    ]


def unusable(before: Mapping[str, Any]) -> dict[str, str]:
    """{direct requirement: its first error} where nothing of it ever imported."""
    return {
        name: next(iter(errors.values()))
        for name, errors in before["direct"].items()
        if errors and all(errors.values())
    }


def doubts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Warnings: libraries that the image has not and the layer does not bring."""
    present = {path.rpartition("/")[2] for path in after["loads"]}
    missing = {
        f"{path}: {error}"
        for path, error in after["loads"].items()
        if before["loads"].get(path) and not present & set(re.split(r"[:\s]+", error))
    }
    return sorted(missing)[:LISTED]


def defects(after: Mapping[str, Any], expected: Collection[str]) -> list[str]:
    """Metadata that is gone or wrong, distributions twice, glibc too new: each a sentence."""
    names = {canonicalize_name(name) for name in after["distributions"]}
    lost = [f"{name}: importlib.metadata has no version" for name in expected if name not in names]
    wrong = [f"{name}: {error}" for name, error in after["metadata"].items()]
    twice = [f"{name} is in the layer twice" for name in after["twice"]]
    glibc = [f"{path} needs glibc {needed}" for path, needed in after["glibc"].items()]
    return lost + wrong + twice + glibc


def at_fault(blamed: Mapping[str, Any], removed: Mapping[str, list[str]]) -> str:
    """Which rules took which files; of many the first."""
    paths = blamed["paths"]
    rules = [blamed["rule"]] if blamed["rule"] else _takers(paths, removed)
    if not rules:
        return "no file that a rule took brings it back"
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    took = " and ".join(repr(rule) for rule in rules)
    return f"rule{'s' * (len(rules) > 1)} {took} took {', '.join(paths[:3])}{more}"


def _takers(paths: list[str], removed: Mapping[str, list[str]]) -> list[str]:
    return [rule for rule, files in removed.items() if not set(files).isdisjoint(paths)]


def fix_for(blamed: Mapping[str, Any]) -> str:
    """The line that puts right what `blame` found."""
    rule, paths = blamed["rule"], blamed["paths"]
    if rule is None:
        return 'no pruned file is missing: set bytecode = "none" in [tool.lambda-layer]'
    if rule == "strip":
        return "set strip = false in [tool.lambda-layer]"
    kept = ", ".join(f'"{path}"' for path in (paths if len(paths) <= 3 else [_common(paths)]))
    return f"add to [tool.lambda-layer]: keep = [{kept}]"


def _common(paths: list[str]) -> str:
    """The folder that holds them all, or everything."""
    return os.path.commonpath(paths) or "**"
