"""What `doit deploy` would do, and why: frozen facts that can be printed and counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...requirements import file, lockfile
from ...requirements.file import Line, canonical
from ...requirements.tags import marker_environment
from ...settings.model import Settings
from ...util import input_files
from .. import compare
from ..manifest import RULES, Manifest, recorded


@dataclass(frozen=True, kw_only=True)
class RequirementChange:
    """One thing that would be done. `why`: sentences."""

    what: str
    why: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class DeployPlan:
    """Of one stage. `changes`: in the order of the steps. `notes`: what stays as it is, and why.
    `back`: what a rollback would move and leave."""

    stage: str
    changes: Sequence[RequirementChange] = field(default_factory=list)
    notes: Sequence[str] = field(default_factory=list)
    back: Sequence[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield from self.notes
        for number, change in enumerate(self.changes, 1):
            yield f"{number}. {change.what}"
            yield from (f"     {line}" for line in change.why)
        yield from self.back


def why_built(
    settings: Settings, parts: dict[str, str], manifest: Manifest | None, number: int
) -> list[str]:
    """What differs from version `number`, as its manifest tells it. `parts`: `identity.parts`."""
    if manifest is None:
        return ["there is no version to compare with"]
    lines = []
    for name, line in compare.parts(manifest.inputs, parts).items():
        details = {
            "requirements": lambda: requirement_changes(settings, manifest),
            "rules": lambda: compare.settings(manifest, recorded(settings, RULES)),
        }
        told = details[name]() if name in details else []
        lines += [f"{line}: {detail}" for detail in told] or [line]
    return [f"against version {number}:", *lines]


def requirement_changes(settings: Settings, manifest: Manifest) -> list[str]:
    """By the lock exactly. Without one by what is asked for directly. [] when neither tells."""
    lock = Path(settings.lock)
    if lock.is_file():
        pins = lockfile.locked_versions(input_files.read_text(lock))
        pins = {canonical(name): version for name, version in pins.items()}
        return compare.changes(compare.packed_versions(manifest), pins).lines()
    lines = file.read_requirements(Path(settings.requirements))
    return asked(lines, manifest, marker_environment(settings))


def asked(lines: Sequence[Line], manifest: Manifest, environment: Mapping[str, str]) -> list[str]:
    """What the requirement lines want otherwise than the version holds. `environment`: what
    markers see. A line that is not meant for Lambda wants nothing."""
    held = compare.packed_versions(manifest)
    found = []
    for line in lines:
        wanted = line.requirement
        if wanted is None or line.constraint or not file.applies(line, environment):
            continue
        if line.name not in held:
            found.append(f"{line.name} (added)")
        elif not wanted.specifier.contains(held[line.name], prereleases=True):
            found.append(f"{line.name} {held[line.name]} → {wanted.specifier}")
    direct = {each.name for each in manifest.distributions if each.direct}
    gone = direct - set(file.direct_names(list(lines)))
    return sorted([*found, *(f"{name} (no longer asked for)" for name in gone)])
