"""publish: a layer version from S3, its ARN into .layer-arn.txt.

`setup` runs upload (and all that stands before it) only when there is something to publish.
"""

from tasks.clients import layers, lifecycle, manifests
from tasks.clients.aws import Aws, connect
from tasks.core import paths, records
from tasks.core.actions import action
from tasks.core.console import say, size
from tasks.core.errors import AwsError, BuildError
from tasks.core.settings import Settings, current
from tasks.core.versions import PUBLISHED, code_sha256, description


def task_publish() -> dict[str, object]:
    """Publish the layer version, unless AWS has one of these inputs or this content."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup"],
        "setup": ["upload"],
        "targets": [str(paths.LAYER_ARN)],
        "uptodate": [lambda: looked_up(settings)],
    }


def looked_up(settings: Settings) -> bool:
    """lookup has found these inputs, and its ARN is the one that stands in .layer-arn.txt."""
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
    arn = sent["arn"] or publish(aws, sent)
    verified = records.read(paths.record(settings, "verify")) or {}
    facts = {**sent, "packages": verified.get("packages", {})}
    record = {name: facts[name] for name in PUBLISHED} | {"arn": arn}
    records.write(paths.stage_record(settings, "publish"), record)
    records.write_atomic(paths.LAYER_ARN, f"{arn}\n".encode())
    return record


def publish(aws: Aws, sent: records.Record) -> str:
    """The new version's ARN. AwsError when AWS holds other bytes than we proved."""
    content = {"S3Bucket": sent["bucket"], "S3Key": sent["key"]}
    if sent["version_id"]:
        content["S3ObjectVersion"] = sent["version_id"]
    lifecycle.keep(aws, sent["key"])
    answer = layers.publish(aws, content, description(sent))
    got = answer["Content"]["CodeSha256"]
    if got != code_sha256(sent["sha256"]):
        gone = layers.withdraw(aws, answer["Version"])
        raise AwsError(
            f"version {answer['Version']} holds other bytes (sha256 {got}) than were proven; it is "
            + ("deleted again" if gone else "not used, but could not be deleted"),
            fix="run the same command again; if it repeats, look at who else writes the bucket",
        )
    manifests.note(aws, answer["LayerVersionArn"], sent["built"])
    say(f"version {answer['Version']} published: {answer['LayerVersionArn']}")
    zipped, unzipped = size(answer["Content"]["CodeSize"]), size(sent["unzipped"])
    made_for = f"python{aws.settings.python} on {aws.settings.architecture}"
    say(f"{zipped} zipped, {unzipped} unzipped, for {made_for}")
    return str(answer["LayerVersionArn"])
