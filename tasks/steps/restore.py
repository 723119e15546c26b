"""restore: a version of these inputs that was deleted, published again from its zip in S3.

Only where lookup found such a zip: nothing is built then. The version gets a new number.
"""

from dataclasses import replace

from ..aws.client import Aws
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit
from ..release import manifest, registry, wishes
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import LookupRecord
from ..util import files
from ..util.errors import AwsError


def task_restore() -> dict[str, object]:
    """Publish a deleted version again from its zip."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup"],
        "setup": [*arguments.import_first(), "deploy-lock"],
        "uptodate": [lambda: not stored(settings)],
        "meta": {"seldom": True},
    }


def stored(settings: Settings) -> str:
    """The folder of its zip, as lookup found it. '' for none."""
    found = records.read(settings, LookupRecord)
    return (found and found.stored) or ""


def run(aws: Aws) -> LookupRecord:
    """lookup's record as it would be now. AwsError when the zip is gone meanwhile."""
    found = records.needed(aws.settings, LookupRecord)
    made = manifest.at(aws, found.stored or "")
    version = registry.again(aws, made) if made else None
    if version is None:
        problem = f"the zip of {found.stored} was in S3 and is gone"
        raise AwsError(problem, fix="run the command again: then the layer is built")
    registry.note(aws, found.input, version.arn, wishes.of(aws.settings))
    registry.remember(aws, version)
    files.write_atomic(paths.LAYER_ARN, f"{version.arn}\n".encode())
    size_limit.check_published(aws.settings)
    record = replace(found, arn=version.arn, stored=None)
    records.write(aws.settings, record)
    return record
