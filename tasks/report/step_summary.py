"""What a step made, in a few words: read from the record that it wrote last."""

from collections.abc import Callable, Mapping
from typing import Any

from ..aws import arn as layer_arns
from ..chalice_project import config
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import (
    AskedRecord,
    InstallRecord,
    OptimizeRecord,
    PruneRecord,
    PublishRecord,
    PushRecord,
    SbomRecord,
    SmokeRecord,
    UploadRecord,
    VerifyRecord,
    ZipRecord,
)
from ..ui import console
from ..ui.console import count, size
from ..util import files

Summary = Callable[[Any], str]


def _published(record: PublishRecord) -> str:
    return f"version {layer_arns.number_of(record.arn)}  {size(record.unzipped)} unzipped"


def _tested(record: VerifyRecord) -> str:
    tried = "not tested" if record.not_proven else count(record.modules, "module")
    return f"{tried}  {record.unzipped / record.limit:.0%} of the limit"


def _called(record: SmokeRecord) -> str:
    """An app without an API is not called, only looked at."""
    if record.functions:
        return f"{record.seen} ready"
    from . import cold_start

    start = cold_start.Start(**(record.start or {}))
    init = f", init {start.took}" if start.init is not None else ""
    return f"{record.function} answers {record.status}{init}"


# {kind of record: what it says}
OF_TYPED: Mapping[type[records.Record], Summary] = {
    InstallRecord: lambda r: f"{count(len(r.distributions), 'package')}  {size(r.bytes)}",
    PruneRecord: lambda r: f"{size(r.before.bytes)} → {size(r.after.bytes)}",
    OptimizeRecord: lambda r: f"{size(r.bytes)} unzipped",
    ZipRecord: lambda r: f"{size(r.bytes)}  {count(r.files, 'file')}",
    SbomRecord: lambda r: count(r.components, "package"),
    VerifyRecord: _tested,
    PublishRecord: _published,
    PushRecord: lambda r: f"{size(r.pushed)} ({r.new} of {count(r.layers, 'image layer')})",
    AskedRecord: lambda r: "what runs answers" if r.answered else r.said,
    SmokeRecord: _called,
}


# {step of a stage: what its record says}
OF_RECORD: Mapping[str, Summary] = {
    "image-parts": lambda r: (
        f"{count(len(r['own']), 'image layer')}  {size(sum(x['size'] for x in r['own']))}"
    ),
    "import-app": lambda r: f"app.py, {count(len(r['routes']), 'route')}",
    "chalice-deploy": lambda r: ", ".join(r["functions"]),
}
TYPED = {kind.STEP: kind for kind in OF_TYPED}
# Their last line says it.
OTHERS = {
    "preflight", "lookup", "report-page", "restore", "upload", "deploy-lock", "patch-config",
    "rollback:check", "rollback:config", "rollback:image",
    "convert:check", "convert:switch",
}  # fmt: skip


def is_step(task: str) -> bool:
    """One of the pipeline, or of a rollback? Its lines are details. A command's are its answer."""
    return task in OTHERS or task.removeprefix("rollback:") in TYPED.keys() | OF_RECORD.keys()


def _uploaded(settings: Settings) -> str:
    """A version with the same content is not sent again."""
    sent = records.read(settings, UploadRecord)
    if sent and sent.arn:
        return f"the same as version {layer_arns.number_of(sent.arn)}"
    packed = records.read(settings, ZipRecord)
    return f"{size(packed.bytes if packed else 0)} to S3"


def summarize_step(task: str, settings: Settings, said: list[str]) -> str:
    """'' where there is nothing to say. `said`: its lines, where they were held back."""
    step = task.removeprefix("rollback:")
    if step in ("patch-config", "config"):
        from ..release.stage import rollback_pin

        arns = config.known_layers(paths.CHALICE_CONFIG, settings.stage)
        return ", ".join(rollback_pin.named(arn) for arn in arns)
    if step == "upload":
        return _uploaded(settings)
    if step == "deploy-lock":
        return f"stage {settings.stage}"
    if kind := TYPED.get(step):
        found = records.read(settings, kind)
        return OF_TYPED[kind](found) if found else ""
    if step not in OF_RECORD:
        held = [line for line in said if not line.startswith(console.URGENT)]
        return held[-1] if held else ""
    record = files.read_record(paths.stage_record(settings, step))
    return OF_RECORD[step](record) if record else ""
