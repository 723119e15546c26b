"""`doit status`: what is built, published, configured and deployed, and where they differ.

Only looks; the parts that cannot be seen (no credentials, nothing deployed) say so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table

from tasks.clients import chalice_app, layers, sandboxes
from tasks.clients.aws import Aws, connect
from tasks.core import chalice_config, identity, paths, records, versions
from tasks.core.actions import action
from tasks.core.console import console, say, size
from tasks.core.errors import LayerError
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion


@dataclass(frozen=True, kw_only=True)
class Status:
    """One stage. `unknown`: {what: why it could not be seen}."""

    wanted: str  # input hash of the requirements and settings as they are
    built: str  # input hash of the zip that lies here
    published: list[LayerVersion]
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
        say(f"{what}: unknown. {why}")
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
    wanted = ask("inputs", lambda: identity.input_hash(settings, sandboxes.kind(settings)), "")
    return Status(
        wanted=wanted,
        built=packed.get("input", "") if paths.layer_zip(settings).is_file() else "",
        published=ask("published", lambda: layers.versions(aws), []) if aws else [],
        configured=ask(
            "configured", lambda: chalice_config.layers(paths.CHALICE_CONFIG, settings.stage), []
        ),
        deployed=ask("deployed", lambda: _deployed(aws), {}) if aws else {},
        unknown=unknown,
    )


def _reach(settings: Settings) -> Aws:
    aws = connect(settings)
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
    grid.add_row("inputs", status.wanted[:12] or "unreadable")
    grid.add_row("built", _built(settings, status))
    grid.add_row("published", _published(status))
    grid.add_row("configured", "\n".join(status.configured) or "no layers")
    lines = [f"{name}: {', '.join(arns) or 'no layers'}" for name, arns in status.deployed.items()]
    grid.add_row("deployed", "\n".join(lines) or "nothing known here")
    return grid


def _built(settings: Settings, status: Status) -> str:
    if not status.built:
        return "nothing"
    fresh = "from these inputs" if status.built == status.wanted else "from other inputs"
    return f"{paths.layer_zip(settings)}, {size(paths.layer_zip(settings).stat().st_size)}, {fresh}"


def _published(status: Status) -> str:
    if not status.published:
        return "no versions"
    match = _current(status)
    numbers = ", ".join(str(version.number) for version in status.published[:10])
    return f"versions {numbers}" + (f"; these inputs: version {match.number}" if match else "")


def _current(status: Status) -> LayerVersion | None:
    """The published version made from the inputs as they are."""
    return next((v for v in status.published if v.input_hash == status.wanted), None)


def advice(settings: Settings, status: Status) -> list[str]:
    """Where the parts differ, and what to type."""
    stage, match = f"stage={settings.stage}", _current(status)
    found = []
    if "AWS" not in status.unknown and not match:
        found.append(f"these inputs are not published: ./doitw deploy {stage}")
    elif match and match.arn not in status.configured:
        numbers = [
            f"version {versions.number_of(arn)}"
            for arn in status.configured
            if versions.layer_of(arn) == versions.layer_of(match.arn)
        ]
        used = numbers[0] if numbers else "no version"
        found.append(
            f"{stage} uses {used}, these inputs are version {match.number}: "
            f"rolled back, or not deployed yet (./doitw deploy {stage})"
        )
    for name, arns in status.deployed.items():
        if arns != status.configured:
            found.append(
                f"{name} runs other layers than configured: ./doitw chalice-deploy {stage}"
            )
    if not found and not status.unknown:
        found.append("all the same: nothing to do")
    return found
