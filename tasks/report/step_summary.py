"""What a step made, in a few words: read from the record that it wrote last."""

from collections.abc import Callable
from typing import Any

from ..aws import arn as layer_arns
from ..chalice_project import config
from ..release.stage import rollback_pin
from ..settings import paths, step_records
from ..settings.model import LAMBDA_LIMIT, Settings
from ..ui import console
from ..ui.console import count, size
from ..util import files
from . import cold_start

Summary = Callable[[dict[str, Any]], str]


def _published(record: dict[str, Any]) -> str:
    return f"version {layer_arns.number_of(record['arn'])}  {size(record['unzipped'])} unzipped"


def _asked(record: files.Record) -> str:
    """An app without an API is not asked, only looked at."""
    if "functions" in record:
        return f"{', '.join(record['functions'])} ready"
    start = cold_start.Start(**record.get("start", {}))
    init = f", init {start.took}" if start.init is not None else ""
    return f"{record['function']} answers {record['status']}{init}"


# {step: (its record is a stage's, what it says)}
OF_RECORD: dict[str, tuple[bool, Summary]] = {
    "install": (
        False,
        lambda r: f"{count(len(r['distributions']), 'package')}  {size(r['bytes'])}",
    ),
    "prune": (
        False,
        lambda r: f"{size(r['before']['bytes'])} → {size(r['after']['bytes'])}",
    ),
    "optimize": (False, lambda r: f"{size(r['bytes'])} unzipped"),
    "zip": (False, lambda r: f"{size(r['bytes'])}  {count(r['files'], 'file')}"),
    "sbom": (False, lambda r: count(r["components"], "package")),
    "verify": (
        False,
        lambda r: (
            f"{'not tested' if r.get('not_proven') else count(r['modules'], 'module')}  "
            f"{r['unzipped'] / r.get('limit', LAMBDA_LIMIT):.0%} of the limit"
        ),
    ),
    "publish": (True, _published),
    "image-parts": (
        True,
        lambda r: (
            f"{count(len(r['own']), 'image layer')}  {size(sum(x['size'] for x in r['own']))}"
        ),
    ),
    "push": (
        True,
        lambda r: f"{size(r['pushed'])} ({r['new']} of {count(r['layers'], 'image layer')})",
    ),
    "import-app": (True, lambda r: f"app.py, {count(len(r['routes']), 'route')}"),
    "smoke-before": (True, lambda r: "what runs answers" if r["answered"] else r["said"]),
    "chalice-deploy": (True, lambda r: ", ".join(r["functions"])),
    "smoke": (True, _asked),
}
# Their last line says it.
OTHERS = {
    "preflight", "lookup", "report-page", "restore", "upload", "deploy-lock", "patch-config",
    "rollback:check", "rollback:config", "rollback:image",
    "convert:check", "convert:switch",
}  # fmt: skip


def is_step(task: str) -> bool:
    """One of the pipeline, or of a rollback? Its lines are details. A command's are its answer."""
    return task in OTHERS or task.removeprefix("rollback:") in OF_RECORD


def _uploaded(settings: Settings) -> str:
    """A version with the same content is not sent again."""
    sent = step_records.read_upload(settings)
    if sent and sent.arn:
        return f"the same as version {layer_arns.number_of(sent.arn)}"
    packed = step_records.read_zip(settings)
    return f"{size(packed.bytes if packed else 0)} to S3"


def summarize_step(task: str, settings: Settings, said: list[str]) -> str:
    """'' where there is nothing to say. `said`: its lines, where they were held back."""
    step = task.removeprefix("rollback:")
    if step in ("patch-config", "config"):
        arns = config.known_layers(paths.CHALICE_CONFIG, settings.stage)
        return ", ".join(rollback_pin.named(arn) for arn in arns)
    if step == "upload":
        return _uploaded(settings)
    if step == "deploy-lock":
        return f"stage {settings.stage}"
    if step not in OF_RECORD:
        held = [line for line in said if not line.startswith(console.URGENT)]
        return held[-1] if held else ""
    staged, summary = OF_RECORD[step]
    place = paths.stage_record if staged else paths.record
    record = files.read_record(place(settings, step))
    return summary(record) if record else ""
