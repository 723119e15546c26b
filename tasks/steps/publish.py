"""publish: a layer version from S3, its ARN into .layer-arn.txt.

`setup` runs upload (and all that stands before it) only when there is something to publish.
"""

from ..aws.client import Aws
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release import registry
from ..release.version import PUBLISHED
from ..settings import paths
from ..settings.model import Settings
from ..util import files, input_files
from ..util.errors import BuildError


def task_publish() -> dict[str, object]:
    """Publish the layer version, if it is new."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup", "restore"],
        "setup": ["upload"],
        "targets": [str(paths.LAYER_ARN)],
        "uptodate": [lambda: looked_up(settings)],
    }


def looked_up(settings: Settings) -> bool:
    """lookup has found these inputs, or restore has. That ARN is what .layer-arn.txt says."""
    found = (files.read_record(paths.stage_record(settings, "lookup")) or {}).get("arn")
    return found is not None and read_arn() == found


def read_arn() -> str | None:
    try:
        return input_files.read_text(paths.LAYER_ARN).strip() or None
    except FileNotFoundError:
        return None


def run(aws: Aws) -> files.Record:
    """Record {"arn", "input", "sha256", "unzipped" (bytes), "packages"}."""
    settings = aws.settings
    sent = files.read_record(paths.stage_record(settings, "upload"))
    if sent is None:
        raise BuildError("no zip was uploaded yet", fix="run ./doitw deploy")
    arn = sent["arn"] or registry.publish(aws, sent)
    verified = files.read_record(paths.record(settings, "verify")) or {}
    facts = {**sent, "packages": verified.get("packages", {})}
    record = {name: facts[name] for name in PUBLISHED} | {"arn": arn}
    files.write_record(paths.stage_record(settings, "publish"), record)
    files.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
    return record
