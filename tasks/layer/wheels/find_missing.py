"""Pins that have no wheel for the layer: all of them at once, each with the nearest version that
has one. Asked by `doit lock`. A build would end at the first."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ...requirements import file, uv
from ...requirements.file import canonical
from ...sandbox.protocol import Job, Sandbox
from ...settings.model import Settings
from .. import resolution
from . import near_wheels
from .missing_wheels import MissingWheel
from .source_builder import SourceBuilder

MOST = 100  # pins; each takes a run of uv


def find(
    sources: SourceBuilder, sandbox: Sandbox, job: Job, asked: Sequence[file.Line]
) -> list[MissingWheel]:
    """By name. Each that is found makes way for the nearest, so that the others are found, too."""
    lines, found, settings = list(asked), dict[str, MissingWheel](), sources.settings
    words = partial(uv.resolving, settings, sandbox.kind)
    while len(found) < MOST:
        none = [each for each in found.values() if not each.nearest]
        known = [(each.name, each.version, list[str]()) for each in none]
        known += resolution.described(sources)
        more = {"metadata.toml": uv.metadata_config(known)} if known else {}
        argv = ("{uv}", *words([name for name, *_ in known]))
        asked_for = file.as_inputs(resolution.without_sources(lines))
        inputs = {**job.inputs, **near_wheels.inputs(sources, asked_for), **more}
        outcome = sandbox.run(replace(job, argv=argv, inputs=inputs, fetch={}))
        name = canonical(uv.lacks_wheel(outcome.output)) if outcome.code else ""
        version = resolution.exact_version(lines, name) if name else ""
        if near_wheels.take(sources, sandbox, (name, version)):
            continue
        if not version or name in found:
            break
        nearest = _nearest(sandbox, job, lines, (name, version), settings)
        found[name] = MissingWheel(name=name, version=version, nearest=nearest)
        lines = [_with_version(line, name, nearest) for line in lines] if nearest else lines
    return sorted(found.values(), key=lambda each: each.name)


def _with_version(line: file.Line, name: str, version: str) -> file.Line:
    is_it = not line.is_option and line.name == name
    return replace(line, text=f"{name}=={version}") if is_it else line


def _nearest(
    sandbox: Sandbox, job: Job, lines: Sequence[file.Line], pin: tuple[str, str],
    settings: Settings,
) -> str:  # fmt: skip
    name, version = pin
    options = [line for line in lines if line.is_option]
    for asked, lowest in ((f"{name}>{version}", True), (f"{name}<{version}", False)):
        wanted = [*options, file.Line(text=asked, file="", number=0)]
        inputs = file.as_inputs(resolution.without_sources(wanted))
        argv = ("{uv}", *uv.trying(settings, sandbox.kind, lowest=lowest))
        outcome = sandbox.run(replace(job, argv=argv, inputs=inputs, fetch={}))
        if outcome.code == 0 and (found := uv.version_of(name, outcome.output)):
            return found
    return ""
