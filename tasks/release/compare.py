"""What changed from one layer version to another, as their manifests tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.version import InvalidVersion, Version

from ..ui.console import signed, size
from .manifest import Manifest

# Parts of the input hash that are digests: what they stand for, in words.
DIGESTS = {
    "requirements": "requirements",
    "scripts": "Dockerfile or optimize script",
    "rules": "prune rules",
    "app-imports": "what the app imports of tests or docs",
}
HOST = "this machine (builder=host)"
SHOWN = 6  # changes in a table's cell; `doit diff` shows all


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Of packages. `moved`: {name: (before, after)}."""

    added: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved)

    def lines(self) -> list[str]:
        """`six 1.16.0 → 1.17.0 (upgraded)`, one per package, by name."""
        said = {
            **{name: f"{name} {version} (added)" for name, version in self.added.items()},
            **{name: f"{name} {version} (removed)" for name, version in self.removed.items()},
            **{
                name: f"{name} {before} → {after} ({direction(before, after)})"
                for name, (before, after) in self.moved.items()
            },
        }
        return [said[name] for name in sorted(said)]


def direction(before: str, after: str) -> str:
    try:
        return "upgraded" if Version(before) < Version(after) else "downgraded"
    except InvalidVersion:
        return "changed"


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Changes:
    """Both {package: version}."""
    return Changes(
        added={name: after[name] for name in after.keys() - before.keys()},
        removed={name: before[name] for name in before.keys() - after.keys()},
        moved={
            name: (before[name], after[name])
            for name in before.keys() & after.keys()
            if before[name] != after[name]
        },
    )


def packed_versions(manifest: Manifest) -> dict[str, str]:
    """{package: version}"""
    return {each.name: each.version for each in manifest.distributions}


def parts(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """{part of the input hash: in words what changed}. Both: `identity.parts`."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: _part(name, before.get(name, ""), after.get(name, "")) for name in changed}


def _part(name: str, before: str, after: str) -> str:
    if name in DIGESTS:
        return f"{DIGESTS[name]} changed"
    return f"{name} {before or HOST} → {after or HOST}"


def settings(before: Manifest, after: Mapping[str, object]) -> list[str]:
    """`recipes ['a'] → []`, one per setting that differs."""
    return [
        f"{name} {_plain(before.settings.get(name))} → {_plain(value)}"
        for name, value in after.items()
        if _plain(before.settings.get(name)) != _plain(value)
    ]


def _plain(value: object) -> object:
    """JSON knows no tuples."""
    return list(value) if isinstance(value, tuple) else value


def shortly(before: Manifest | None, after: Manifest | None) -> list[str]:
    """For a table's cell: packages first, else what else differs. At most `SHOWN`."""
    if after is None:
        return ["not known: no manifest"]
    if before is None:
        count = len(after.distributions)
        return [f"{count} distribution{'' if count == 1 else 's'}"]
    lines = changes(packed_versions(before), packed_versions(after)).lines()
    lines += [
        line
        for name, line in parts(before.inputs, after.inputs).items()
        if not (lines and name == "requirements")
    ]
    more = [f"… {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [*lines[:SHOWN], *more] or ["the same inputs"]


def grown(before: int, after: int) -> str:
    """12.3 MB → 13.4 MB (+1.1 MB)"""
    return f"{size(before)} → {size(after)} ({signed(after - before)})"
