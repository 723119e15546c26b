"""`doit status` on a terminal."""

from collections.abc import Sequence

from rich.table import Table

from ..aws import arn as layer_arns
from ..release import s3_keys
from ..release.stage.status import StageStatus
from ..settings import paths
from ..settings.model import Settings
from ..ui import tables
from ..ui.console import size, text
from . import how_to_call

SHOWN = 10  # published versions


def table(status: StageStatus) -> Table:
    settings = status.settings
    grid = tables.table(f"stage {settings.stage}: layer {settings.layer}", header=False)
    grid.add_column("what", no_wrap=True)
    grid.add_column("state", overflow="fold")
    for what, state in status_rows(status).items():
        grid.add_row(what, text(state))
    return grid


def status_rows(status: StageStatus) -> dict[str, str]:
    """{what: state}. `unknown` for what could not be seen."""
    found = {
        "inputs": status.wanted[:12],
        "built": _built(status),
        "published": _published(status),
        "layer": status.size,
        "storage": _storage(status),
        "configured": _layers(status.settings, status.configured),
        "deployed": _deployed(status),
    }
    call = how_to_call.sentence(status.settings, status.state)
    if call and not status.left:
        found["call"] = call
    if status.settings.secret:
        found["secret"] = _secret(status)
    of_aws = ("published", "layer", "storage", "deployed") if "AWS" in status.unknown else ()
    return found | dict.fromkeys(status.unknown.keys() & found.keys() | {*of_aws}, "unknown")


def _built(status: StageStatus) -> str:
    if not status.built:
        return "nothing"
    path = paths.layer_zip(status.settings)
    found = f"{path}, {size(path.stat().st_size)}"
    if not status.wanted:
        return found
    return f"{found}, from {'these' if status.built == status.wanted else 'other'} inputs"


def _published(status: StageStatus) -> str:
    if not status.published:
        return "no versions"
    numbers = ", ".join(str(version.number) for version in status.published[:SHOWN])
    more = ", …" if len(status.published) > SHOWN else ""
    of = f"; these inputs: version {status.match.number}" if status.match else ""
    return f"versions {numbers}{more}{of}"


def _storage(status: StageStatus) -> str:
    place = f"s3://{status.settings.bucket}/{s3_keys.prefix(status.settings.layer)}"
    zips = sum(key.endswith(".zip") for key in status.stored)
    return f"{size(sum(status.stored.values()))} in S3, zips: {zips} ({place})"


def _secret(status: StageStatus) -> str:
    names = ", ".join(status.secret.names) if status.secret else ""
    return f"{status.settings.secret}: {names or 'not deployed yet'}"


def _layers(settings: Settings, arns: Sequence[str]) -> str:
    """This layer's as `version N`, the others' ARNs."""
    return "\n".join(_layer(settings, arn) for arn in arns) or "no layers"


def _layer(settings: Settings, arn: str) -> str:
    own = layer_arns.is_of(arn, settings.layer)
    return f"version {layer_arns.number_of(arn)} ({arn})" if own else arn


def _deployed(status: StageStatus) -> str:
    lines = [
        f"{name}: " + ("gone" if each.layers is None else _layers(status.settings, each.layers))
        for name, each in status.functions.items()
    ]
    return "\n".join(lines) or "nothing that is known here"
