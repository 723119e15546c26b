"""lookup: does AWS already hold a layer version made from exactly these inputs?

Asked before anything is built; needs no Docker. A hit puts the ARN into .layer-arn.txt.
"""

import json

from tasks.clients import layers, s3, sandboxes
from tasks.clients.aws import Aws, connect
from tasks.core import budget, identity, paths, records, versions
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion


def task_lookup() -> dict[str, object]:
    """Ask AWS whether these inputs are published already."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings), sandboxes.kind(settings)))],
        "task_dep": ["preflight"],
    }


def run(aws: Aws, builder: str) -> records.Record:
    """Record {"input", "arn"}: `arn` is None when a version has to be made. What is published
    goes into publish's record, so that a fresh machine has it as well as the one that did it."""
    settings = aws.settings
    wanted = identity.input_hash(settings, builder)
    published = layers.versions(aws)
    found = find(aws, wanted, published)
    if found:
        records.write_atomic(paths.LAYER_ARN, f"{found.arn}\n".encode())
        say(f"inputs {wanted[:12]} are published as version {found.number}: nothing to build")
    else:
        say(f"inputs {wanted[:12]} are not published yet")
    for version in [found] if found else published[:1]:
        _remember(aws, version)
    if found:
        check_budget(settings)
    record = {"input": wanted, "arn": found.arn if found else None}
    records.write(paths.stage_record(settings, "lookup"), record)
    return record


def check_budget(settings: Settings) -> None:
    """VerifyError when the version, proven alone, no longer fits beside the stage's layers."""
    published = records.read(paths.stage_record(settings, "publish")) or {}
    if published.get("unzipped"):
        spent = budget.spending(settings, published["unzipped"])
        budget.check(settings, spent, published["packages"] or {})


def find(aws: Aws, wanted: str, published: list[LayerVersion]) -> LayerVersion | None:
    """The newest version with this input hash that runs here and holds what it says."""
    settings = aws.settings
    usable = [v for v in published if v.fits(settings.python, settings.architecture)]
    made = [v for v in usable if v.input_hash == wanted]
    return next((v for v in made or _noted(aws, wanted, usable) if layers.holds(aws, v)), None)


def _noted(aws: Aws, wanted: str, usable: list[LayerVersion]) -> list[LayerVersion]:
    """The version that `upload` found to hold what these other inputs make, too."""
    if not usable:
        return []
    note = s3.get_bytes(aws, versions.alias_key(aws.settings.layer, wanted))
    arn = json.loads(note)["arn"] if note else None
    return [v for v in usable if v.arn == arn]


def _remember(aws: Aws, version: LayerVersion) -> None:
    """publish's record as its manifest in S3 tells it; left alone where there is none."""
    key = f"{versions.folder(aws.settings.layer, version.built)}/manifest.json"
    text = s3.get_bytes(aws, key) if version.built else None
    if text is not None:
        facts = {name: json.loads(text).get(name) for name in versions.PUBLISHED}
        record = facts | {"arn": version.arn}
        records.write(paths.stage_record(aws.settings, "publish"), record)
