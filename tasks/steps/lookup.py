"""lookup: does AWS already hold a layer version made from exactly these inputs?

Asked before anything is built; needs no Docker. A hit puts the ARN into .layer-arn.txt.
"""

from tasks.clients import layers, sandboxes
from tasks.clients.aws import Aws, connect
from tasks.core import identity, paths, records
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.settings import Settings, current


def task_lookup() -> dict[str, object]:
    """Ask AWS whether these inputs are published already."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings), sandboxes.kind(settings)))],
        "task_dep": ["preflight"],
    }


def run(aws: Aws, builder: str) -> records.Record:
    """Record {"input", "arn"}: arn is None when a version has to be made."""
    settings = aws.settings
    wanted = identity.input_hash(settings, builder)
    found = next(
        (
            version
            for version in layers.versions(aws)
            if version.input_hash == wanted and version.fits(settings.python, settings.architecture)
        ),
        None,
    )
    if found:
        records.write_atomic(paths.LAYER_ARN, f"{found.arn}\n".encode())
        say(f"inputs {wanted[:12]} are published as version {found.number}: nothing to build")
    else:
        say(f"inputs {wanted[:12]} are not published yet")
    record = {"input": wanted, "arn": found.arn if found else None}
    records.write(paths.stage_record(settings, "lookup"), record)
    return record


def is_hit(settings: Settings) -> bool:
    """What the last lookup found; `publish` has nothing to do then."""
    record = records.read(paths.stage_record(settings, "lookup")) or {}
    return record.get("arn") is not None
