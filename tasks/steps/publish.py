"""publish: a layer version from S3, its ARN into .layer-arn.txt.

`setup` runs upload (and all that stands before it) only when there is something to publish.
"""

from ..aws.client import Aws
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release import registry
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import LookupRecord, PublishRecord, UploadRecord, VerifyRecord
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
    found = records.read(settings, LookupRecord)
    return bool(found and found.arn and read_arn() == found.arn)


def read_arn() -> str | None:
    try:
        return input_files.read_text(paths.LAYER_ARN).strip() or None
    except FileNotFoundError:
        return None


def run(aws: Aws) -> PublishRecord:
    """BuildError, AwsError."""
    settings = aws.settings
    sent = records.read(settings, UploadRecord)
    if sent is None:
        raise BuildError("no zip was uploaded yet", fix="run ./doitw deploy")
    arn = sent.arn or registry.publish(aws, sent)
    record = PublishRecord(
        arn=arn, input=sent.input, sha256=sent.sha256, unzipped=sent.unzipped,
        packages=records.needed(settings, VerifyRecord).packages,
    )  # fmt: skip
    records.write(settings, record)
    files.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
    return record
