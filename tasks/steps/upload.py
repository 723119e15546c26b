"""upload: the tested zip to s3://<bucket>/layers/<layer>/<time>/, its manifest beside it."""

import time
from dataclasses import replace

from ..aws import bucket, s3
from ..aws.client import Aws
from ..chalice_project import package as function_package
from ..context import arguments
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit, sizes
from ..release import manifest as manifests
from ..release import registry, s3_keys, wishes
from ..release.version import LayerVersion
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import duration, say, size
from ..util import files, subprocesses
from ..util.errors import BuildError


def task_upload() -> dict[str, object]:
    """Send the zip to S3."""
    settings = current()
    return {
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["preflight", "verify", "sbom"],
        "setup": [*arguments.import_first(), "deploy-lock"],
    }


def run(aws: Aws) -> files.Record:
    """Record {"sha256", "input", "built", "unzipped", "wishes", "bucket", "key", "version_id",
    "tag", "arn"}. `tag`: may the object carry lifecycle's?. `arn`: of a version that has this
    content already, then nothing was sent (key: None)."""
    settings = aws.settings
    packed = proven(settings)
    verified = files.read_record(paths.record(settings, "verify")) or {}
    size_limit.check_again(settings, packed["unzipped"], verified.get("packages", {}))
    twin = registry.by_content(aws, packed["sha256"], packed["input"])
    if not s3.ensure_bucket(aws):
        bucket.warn_of_weak_bucket(aws, s3.bucket_of(aws))
    bucket.ensure(aws)
    if twin:
        same = "holds exactly this content"
        if twin.content_hash != packed["sha256"]:
            same = "was made of the same inputs meanwhile"
        if twin.content_hash == packed["sha256"] and not registry.is_stored(aws, twin):
            say(f"version {twin.number} {same}, and s3://{settings.bucket} gets its zip, too")
            fill(aws, twin, packed)
        else:
            say(f"version {twin.number} {same}: nothing to send")
        registry.note(aws, packed["input"], twin.arn, wishes.of(settings))
        sent = {"arn": twin.arn, "key": None, "version_id": ""}
    else:
        sent = {"arn": None, **send(aws, packed)}
    facts = {name: packed[name] for name in ("sha256", "input", "built", "unzipped")}
    facts["wishes"] = wishes.of(settings)
    record = {**facts, "bucket": settings.bucket, **sent}
    files.write_record(paths.stage_record(settings, "upload"), record)
    return record


def fill(aws: Aws, twin: LayerVersion, packed: files.Record) -> None:
    """What S3 keeps of a version that was published from another bucket, into this one."""
    sent = send(aws, packed | {"built": twin.built})
    if sent["tag"]:
        bucket.untag_object(aws, sent["key"])
    manifests.note(aws, twin.arn, sent["built"])


def proven(settings: Settings) -> files.Record:
    """The zip's record. BuildError when it is not the zip that verify proved."""
    packed = files.read_record(paths.record(settings, "zip")) or {}
    verified = files.read_record(paths.record(settings, "verify")) or {}
    path = paths.layer_zip(settings)
    actual = files.file_digest(path) if path.is_file() else "missing"
    if not actual == packed.get("sha256") == verified.get("sha256"):
        raise BuildError(f"{path} is not the file that was tested", fix="run ./doitw, then again")
    return packed


def send(aws: Aws, packed: files.Record) -> files.Record:
    """Manifest, zip and bill of materials. A repeated run finds the same key and sends no zip."""
    settings, path = aws.settings, paths.layer_zip(aws.settings)
    made, version = place(aws, manifest_of(settings, packed))
    key, tag = s3_keys.zip_key(settings.layer, made.built), bucket.tag(settings)
    tagged = bool(tag or version is not None)
    if version is None:
        started = time.monotonic()
        version = s3.put_file(aws, key, path, packed["sha256"], tag=tag)
        took = time.monotonic() - started
        say(f"{size(packed['bytes'])} sent to s3://{settings.bucket}/{key} ({duration(took)})")
    else:
        say(f"s3://{settings.bucket}/{key} is there already, whole")
    bom = paths.beside_zip(settings, ".cdx.json")
    if bom.is_file():
        folder = s3_keys.folder(settings.layer, made.built)
        s3.put_bytes(aws, f"{folder}/{settings.layer}.cdx.json", bom.read_bytes())
    return {"key": key, "version_id": version, "tag": tagged, "built": made.built}


def place(aws: Aws, made: manifests.Manifest) -> tuple[manifests.Manifest, str | None]:
    """The manifest as it stands in a folder that is this zip's alone, and the zip's object version
    where it is there already, whole. The folder is named by the second in which the zip was made,
    and another machine may have made another one in it."""
    key = s3_keys.zip_key(made.layer, made.built)
    content, version = s3.head_object(aws, key) or (None, "")
    if manifests.claim(aws, made, empty=content in (None, made.sha256)):
        return made, version if content == made.sha256 else None
    say(f"s3://{aws.settings.bucket}/{key} is another zip of the same second, and stays")
    own = replace(made, built=s3_keys.apart(made.built, made.sha256))
    manifests.write_manifest(aws, own)
    return own, s3.holds(aws, s3_keys.zip_key(own.layer, own.built), own.sha256)


def manifest_of(settings: Settings, packed: files.Record) -> manifests.Manifest:
    """What the zip is and what it was made from, for people and tools that find it in S3."""
    installed = files.read_record(paths.record(settings, "install")) or {}
    verified = files.read_record(paths.record(settings, "verify")) or {}
    made = manifests.make_manifest(
        settings, packed, installed, verified, subprocesses.state(paths.CHALICE_CONFIG)
    )
    inside = function_package.outermost(sizes.of_zip(paths.layer_zip(settings)))
    return replace(made, wishes=wishes.of(settings), modules=inside)
