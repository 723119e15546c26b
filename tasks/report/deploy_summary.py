"""How a deploy and a rollback end: what is live now, how to call it, how large it is, how to undo
it."""

from collections.abc import Sequence
from dataclasses import replace

from ..aws import arn as layer_arns
from ..chalice_project import config, deploy
from ..layer.archive import size_limit
from ..release.stage import rollback_pin
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import (
    LookupRecord,
    PatchRecord,
    PublishRecord,
    RollbackRecord,
    SmokeRecord,
    ZipRecord,
)
from ..ui.console import size
from ..util import files
from . import how_to_call


def of_deploy(settings: Settings) -> list[str]:
    """Four lines, from the records of this run. No AWS is asked."""
    if settings.is_image:
        from . import image_summary

        return image_summary.lines(settings)
    return _lines(settings, undo(settings, _configured(settings)))


def of_rollback(settings: Settings) -> list[str]:
    """The same: what undoes a rollback is lifting its pin."""
    return _lines(settings, forward(settings))


def _lines(settings: Settings, way: str) -> list[str]:
    arns = _configured(settings)
    state = files.read_record(deploy.deployed_file(settings.stage)) or {}
    found = {
        "live": _live(settings, arns),
        "call": how_to_call.sentence(settings, state),
        "size": _size(settings, arns),
        "undo": way,
    }
    return [f"{name}   {said}" for name, said in found.items() if said]


def _configured(settings: Settings) -> list[str]:
    return config.known_layers(paths.CHALICE_CONFIG, settings.stage)


def _live(settings: Settings, arns: Sequence[str]) -> str:
    named = ", ".join(rollback_pin.named(arn) for arn in arns) or "no layer"
    return live(settings, named)


def live(settings: Settings, named: str) -> str:
    """`named`: what it runs with. An app without an API is not called."""
    called = records.read(settings, SmokeRecord)
    said = f"{called.seen if called else settings.stage} with {named}"
    if called and called.functions:
        return said
    return f"{said}, answers {called.status if called else 'nobody'}"


def _size(settings: Settings, arns: Sequence[str]) -> str:
    """Of this layer's version, and of all that counts toward Lambda's limit."""
    ours = [arn for arn in arns if layer_arns.is_of(arn, settings.layer)]
    zipped, unzipped = _sizes(settings, ours[0]) if ours else (None, None)
    if not unzipped:
        return "known to AWS only"
    whole = size_limit.spending(settings, unzipped)
    if packed := _record(settings, "chalice-deploy").get("contents", {}).get("unzipped"):
        whole = replace(whole, function=packed)
    sent = f"{size(zipped)} zipped, " if zipped else ""
    share = f"{size(whole.total)} of {size(whole.limit)} used ({whole.share:.0%})"
    return f"{sent}{size(unzipped)} unzipped; {share}"


def _sizes(settings: Settings, arn: str) -> tuple[int | None, int | None]:
    """(zipped, unzipped) in bytes, as far as the records know this version."""
    published, rollback = (
        records.read(settings, PublishRecord),
        records.read(settings, RollbackRecord),
    )
    if published and arn == published.arn:
        packed = records.read(settings, ZipRecord)
        here = packed and packed.sha256 == published.sha256  # the zip that lies here
        return packed.bytes if packed and here else None, published.unzipped
    facts = ((rollback and rollback.sizes) or {}).get(arn, {})
    return facts.get("bytes"), facts.get("unzipped")


def undo(settings: Settings, arns: Sequence[str]) -> str:
    """The command that brings back what was there before a deploy."""
    stage = f"stage={settings.stage}"
    ran = _record(settings, "attempt").get("undoes") or {}
    if ran and (ran["functions"] != _code(settings) or ran["layers"] == [*arns]):
        return f"./doitw undo {stage}"
    looked_up = records.read(settings, LookupRecord)
    if looked_up and looked_up.pin:
        return forward(settings)
    patched = records.read(settings, PatchRecord)
    before = ran.get("layers") or (patched.before if patched else [])
    former = [arn for arn in before if layer_arns.is_of(arn, settings.layer) and arn not in arns]
    if former:
        return f"./doitw rollback version={layer_arns.number_of(former[0])} {stage}"
    if ran:
        return f"./doitw undo {stage}"
    ours = [arn for arn in arns if layer_arns.is_of(arn, settings.layer)]
    if ours and layer_arns.number_of(ours[0]) > 1:
        return f"./doitw rollback {stage}, to the version before"
    return f"nothing was there before; {_nothing_again(settings)}"


def _code(settings: Settings) -> dict[str, str]:
    """{function: the sha256 of its package}, as it was deployed last."""
    functions: dict[str, files.Record] = _record(settings, "chalice-deploy").get("functions", {})
    return {name: each["sha256"] for name, each in functions.items() if each}


def _nothing_again(settings: Settings) -> str:
    """Chalice's own command would ask the real AWS for a stage that is on the embedded one: only
    our processes know its address."""
    if settings.is_local:
        return "./doitw local-stop ends the emulator"
    down = f"chalice delete --stage {settings.stage} takes it down"
    return f"{down}; what that leaves: ./doitw status stage={settings.stage}"


def forward(settings: Settings) -> str:
    """Of a stage that is pinned."""
    stage = f"stage={settings.stage}"
    return f"./doitw unpin {stage}, then ./doitw deploy {stage}"


def _record(settings: Settings, step: str) -> files.Record:
    return files.read_record(paths.stage_record(settings, step)) or {}
