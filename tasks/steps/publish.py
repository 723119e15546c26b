"""publish: a layer version from S3, its ARN into .layer-arn.txt.

`setup` runs upload (and all that stands before it) only when there is something to publish.
"""

from ..clients import published
from ..clients.aws import Aws, connect
from ..core import paths, records
from ..core.actions import action
from ..core.errors import BuildError
from ..core.loading import current
from ..core.settings import Settings
from ..core.versions import PUBLISHED


def task_publish() -> dict[str, object]:
    """Publish the layer version, unless AWS has one of these inputs or this content."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup", "restore"],
        "setup": ["upload"],
        "targets": [str(paths.LAYER_ARN)],
        "uptodate": [lambda: looked_up(settings)],
    }


def looked_up(settings: Settings) -> bool:
    """lookup has found these inputs, or restore has; that ARN is what .layer-arn.txt says."""
    found = (records.read(paths.stage_record(settings, "lookup")) or {}).get("arn")
    return found is not None and read_arn() == found


def read_arn() -> str | None:
    try:
        return paths.LAYER_ARN.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def run(aws: Aws) -> records.Record:
    """Record {"arn", "input", "sha256", "unzipped" (bytes), "packages"}."""
    settings = aws.settings
    sent = records.read(paths.stage_record(settings, "upload"))
    if sent is None:
        raise BuildError("nothing was uploaded", fix="run `./doitw deploy`, which does it first")
    arn = sent["arn"] or published.publish(aws, sent)
    verified = records.read(paths.record(settings, "verify")) or {}
    facts = {**sent, "packages": verified.get("packages", {})}
    record = {name: facts[name] for name in PUBLISHED} | {"arn": arn}
    records.write(paths.stage_record(settings, "publish"), record)
    records.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
    return record
