"""restore: a version of these inputs that was deleted, published again from its zip in S3.

Only where lookup found such a zip: nothing is built then. The version gets a new number.
"""

from ..aws.client import Aws
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit
from ..release import manifest, registry, wishes
from ..settings import paths
from ..settings.model import Settings
from ..util import files
from ..util.errors import AwsError


def task_restore() -> dict[str, object]:
    """Publish a deleted version again from its zip."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup"],
        "setup": [*arguments.import_first(), "deploy-lock"],
        "uptodate": [lambda: not looked_up(settings).get("stored")],
        "meta": {"seldom": True},
    }


def looked_up(settings: Settings) -> files.Record:
    return files.read_record(paths.stage_record(settings, "lookup")) or {}


def run(aws: Aws) -> files.Record:
    """lookup's record as it would be now. AwsError when the zip is gone meanwhile."""
    found = looked_up(aws.settings)
    made = manifest.at(aws, found["stored"])
    version = registry.again(aws, made) if made else None
    if version is None:
        problem = f"the zip of {found['stored']} was in S3 and is gone"
        raise AwsError(problem, fix="run the command again: then the layer is built")
    registry.note(aws, found["input"], version.arn, wishes.of(aws.settings))
    registry.remember(aws, version)
    files.write_atomic(paths.LAYER_ARN, f"{version.arn}\n".encode())
    size_limit.check_published(aws.settings)
    record = found | {"arn": version.arn, "stored": None}
    files.write_record(paths.stage_record(aws.settings, "lookup"), record)
    return record
