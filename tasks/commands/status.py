"""`doit status`: what is built, published, configured and deployed, and where they differ.

Only looks; the parts that cannot be seen (no credentials, nothing deployed) say so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table

from tasks.clients import aws as clients
from tasks.clients import chalice_app, invocation, layers, sandboxes
from tasks.clients.aws import Aws
from tasks.core import chalice_config, identity, paths, records, versions
from tasks.core.actions import action
from tasks.core.console import console, say, size
from tasks.core.errors import LayerError
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion
from tasks.steps import lookup

SHOWN = 10  # published versions


@dataclass(frozen=True, kw_only=True)
class Status:
    """One stage. `unknown`: {what: why it could not be seen}."""

    wanted: str  # input hash of the requirements and settings as they are
    built: str  # input hash of the zip that lies here
    published: list[LayerVersion]  # newest first
    match: LayerVersion | None  # the one that holds what the inputs make
    configured: list[str]
    deployed: dict[str, list[str]]  # function → ARNs of its layers
    unknown: dict[str, str]


def task_status() -> dict[str, object]:
    """Show what is built, published, configured, deployed, and where they differ."""
    settings = current()
    return {"actions": [action(lambda: run(settings))]}


def run(settings: Settings) -> None:
    status = look(settings)
    console().print(table(settings, status))
    for what, why in status.unknown.items():
        say(f"{what}: unknown: {why}")
    for sentence in advice(settings, status):
        say(sentence)


def look(settings: Settings) -> Status:
    """Gather every part; one that fails leaves the others."""
    unknown: dict[str, str] = {}

    def ask[T](what: str, question: Callable[[], T], otherwise: T) -> T:
        try:
            return question()
        except LayerError as error:
            unknown[what] = str(error).replace("\n", " ")
            return otherwise

    packed = records.read(paths.record(settings, "zip")) or {}
    aws = ask("AWS", lambda: _reach(settings), None)
    wanted = ask("inputs", lambda: identity.input_hash(settings, _builder(settings)), "")
    published: list[LayerVersion] = []
    if aws is not None:
        published = ask("published", lambda: layers.versions(aws), published)
    return Status(
        wanted=wanted,
        built=packed.get("input", "") if paths.layer_zip(settings).is_file() else "",
        published=published,
        match=ask("match", lambda: lookup.find(aws, wanted, published), None) if aws else None,
        configured=ask("configured", lambda: _configured(settings), []),
        deployed=ask("deployed", lambda: _deployed(aws), {}) if aws else {},
        unknown=unknown,
    )


def _configured(settings: Settings) -> list[str]:
    return chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)


def _builder(settings: Settings) -> str:
    """As the last run chose; to choose anew might build an image."""
    if settings.is_local and settings.builder == "auto":
        return str((records.read(invocation.RUNTIME) or {}).get("builder", "docker"))
    return sandboxes.kind(settings)


def _reach(settings: Settings) -> Aws:
    aws = clients.look(settings)
    _ = aws.account
    return aws


def _deployed(aws: Aws) -> dict[str, list[str]]:
    names = sorted(chalice_app.functions(aws.settings.stage).values())
    found = {name: layers.function_layers(aws, name) for name in names}
    return {name: arns for name, arns in found.items() if arns is not None}


def table(settings: Settings, status: Status) -> Table:
    grid = Table(title=f"layer {settings.layer}, stage {settings.stage}", title_justify="left")
    for heading in ("what", "state"):
        grid.add_column(heading, overflow="fold")
    rows = {
        "inputs": status.wanted[:12],
        "built": _built(settings, status),
        "published": _published(status),
        "configured": _layers(settings, status.configured),
        "deployed": _functions(settings, status),
    }
    hidden = {*status.unknown, *(("published", "deployed") if "AWS" in status.unknown else ())}
    for what, state in rows.items():
        grid.add_row(what, "unknown" if what in hidden else state)
    return grid


def _built(settings: Settings, status: Status) -> str:
    if not status.built:
        return "nothing"
    path = paths.layer_zip(settings)
    found = f"{path}, {size(path.stat().st_size)}"
    if not status.wanted:
        return found
    return f"{found}, from {'these' if status.built == status.wanted else 'other'} inputs"


def _published(status: Status) -> str:
    if not status.published:
        return "no versions"
    numbers = ", ".join(str(version.number) for version in status.published[:SHOWN])
    more = ", …" if len(status.published) > SHOWN else ""
    of = f"; these inputs: version {status.match.number}" if status.match else ""
    return f"versions {numbers}{more}{of}"


def _layers(settings: Settings, arns: list[str]) -> str:
    """This layer's as `version N`, the others' ARNs."""
    return "\n".join(_layer(settings, arn) for arn in arns) or "no layers"


def _layer(settings: Settings, arn: str) -> str:
    own = versions.is_of(arn, settings.layer)
    return f"version {versions.number_of(arn)} ({arn})" if own else arn


def _functions(settings: Settings, status: Status) -> str:
    lines = [f"{name}: {_layers(settings, arns)}" for name, arns in status.deployed.items()]
    return "\n".join(lines) or "nothing that is known here"


def advice(settings: Settings, status: Status) -> list[str]:
    """Where the parts differ, and what to type."""
    stage = f"stage={settings.stage}"
    found = []
    if status.wanted and not {"AWS", "published"} & status.unknown.keys():
        found += _behind(settings, status)
    for name, arns in status.deployed.items():
        if arns != status.configured and "configured" not in status.unknown:
            found.append(
                f"{name} runs other layers than configured: "
                f"./doitw deploy {stage} (or `chalice deploy` for the configuration as it is)"
            )
    if not found and not status.unknown:
        return ["all agree: nothing to do"]
    return found


def _behind(settings: Settings, status: Status) -> list[str]:
    stage, match = f"stage={settings.stage}", status.match
    if match is None:
        return [f"these inputs are not published: ./doitw deploy {stage}"]
    if match.arn in status.configured:
        return [] if status.deployed else [f"nothing is deployed: ./doitw deploy {stage}"]
    used = [versions.number_of(a) for a in status.configured if versions.is_of(a, settings.layer)]
    now = f"{stage} uses " + (f"version {used[0]}" if used else "no version")
    rolled = records.read(paths.stage_record(settings, "rollback")) or {}
    why = f"rolled back on {rolled['at']}" if rolled.get("to") == status.configured else "behind"
    return [
        f"{now}, these inputs are version {match.number}: {why}; forward: ./doitw deploy {stage}"
    ]
