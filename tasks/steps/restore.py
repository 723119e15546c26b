"""restore: a version of these inputs that was deleted, published again from its zip in S3.

Only where lookup found such a zip: nothing is built then. The version gets a new number.
"""

from ..clients import manifests, published
from ..clients.aws import Aws, connect
from ..core import budget, paths, records
from ..core.actions import action
from ..core.errors import AwsError
from ..core.loading import current
from ..core.settings import Settings


def task_restore() -> dict[str, object]:
    """Publish a deleted version again from its zip, instead of building it."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup"],
        "setup": ["deploy-lock"],
        "uptodate": [lambda: not looked_up(settings).get("stored")],
        "meta": {"seldom": True},
    }


def looked_up(settings: Settings) -> records.Record:
    return records.read(paths.stage_record(settings, "lookup")) or {}


def run(aws: Aws) -> records.Record:
    """lookup's record as it would be now. AwsError when the zip is gone meanwhile."""
    found = looked_up(aws.settings)
    made = manifests.at(aws, found["stored"])
    version = published.again(aws, made) if made else None
    if version is None:
        problem = f"the zip of {found['stored']} was in S3 and is gone"
        raise AwsError(problem, fix="run the same again: then the layer is built")
    published.note(aws, found["input"], version.arn)
    published.remember(aws, version)
    records.write_atomic(paths.LAYER_ARN, f"{version.arn}\n".encode())
    budget.check_published(aws.settings)
    record = found | {"arn": version.arn, "stored": None}
    records.write(paths.stage_record(aws.settings, "lookup"), record)
    return record
