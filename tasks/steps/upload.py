"""upload: the tested zip to s3://<bucket>/layers/<layer>/<time>/, its manifest beside it."""

import time
from dataclasses import replace

from ..aws import bucket, s3
from ..aws.client import Aws
from ..chalice_project import package as function_package
from ..context import arguments, team_store
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..layer.archive import size_limit, sizes
from ..release import manifest as manifests
from ..release import registry, wishes
from ..release.version import LayerVersion
from ..sandbox import choose
from ..settings import paths, records, s3_keys
from ..settings.model import Settings
from ..settings.step_records import InstallRecord, UploadRecord, VerifyRecord, ZipRecord
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


def run(aws: Aws) -> UploadRecord:
    """Send the zip, or find the version that has its content. AwsError, BuildError, VerifyError."""
    settings = aws.settings
    packed, verified = proven(settings)
    size_limit.check_again(settings, packed.unzipped, verified.packages)
    twin = registry.by_content(aws, packed.sha256, packed.input)
    if not s3.ensure_bucket(aws):
        bucket.warn_of_weak_bucket(aws, s3.bucket_of(aws))
    bucket.ensure(aws)
    team_store.offer(settings, choose.kind(settings))  # the build may be one of before
    team_store.start()
    if twin:
        same = "holds exactly this content"
        if twin.content_hash != packed.sha256:
            same = "was made of the same inputs meanwhile"
        if twin.content_hash == packed.sha256 and not registry.is_stored(aws, twin):
            say(f"version {twin.number} {same}, and s3://{settings.bucket} gets its zip, too")
            fill(aws, twin, packed)
        else:
            say(f"version {twin.number} {same}: nothing to send")
        registry.note(aws, packed.input, twin.arn, wishes.of(settings))
        record = replace(_record(settings, packed), arn=twin.arn)
    else:
        record = send(aws, packed)
    records.write(settings, record)
    return record


def _record(settings: Settings, packed: ZipRecord) -> UploadRecord:
    return UploadRecord(
        sha256=packed.sha256,
        input=packed.input,
        built=packed.built,
        unzipped=packed.unzipped,
        wishes=wishes.of(settings),
        bucket=settings.bucket,
    )


def fill(aws: Aws, twin: LayerVersion, packed: ZipRecord) -> None:
    """What S3 keeps of a version that was published from another bucket, into this one."""
    sent = send(aws, replace(packed, built=twin.built))
    if sent.tag:
        bucket.untag_object(aws, sent.key)
    manifests.note(aws, twin.arn, sent.built)


def proven(settings: Settings) -> tuple[ZipRecord, VerifyRecord]:
    """BuildError when the zip is not the one that verify proved."""
    packed, verified = records.read(settings, ZipRecord), records.read(settings, VerifyRecord)
    path = paths.layer_zip(settings)
    actual = files.file_digest(path) if path.is_file() else "missing"
    if packed and verified and actual == packed.sha256 == verified.sha256:
        return packed, verified
    raise BuildError(f"{path} is not the file that was tested", fix="run ./doitw, then again")


def send(aws: Aws, packed: ZipRecord) -> UploadRecord:
    """Manifest, zip and bill of materials. A repeated run finds the same key and sends no zip."""
    settings, path = aws.settings, paths.layer_zip(aws.settings)
    made, version = place(aws, manifest_of(settings, packed))
    key, tag = s3_keys.zip_key(settings.layer, made.built), bucket.tag(settings)
    tagged = bool(tag or version is not None)
    if version is None:
        started = time.monotonic()
        version = s3.put_file(aws, key, path, packed.sha256, tag=tag)
        took = time.monotonic() - started
        say(f"{size(packed.bytes)} sent to s3://{settings.bucket}/{key} ({duration(took)})")
    else:
        say(f"s3://{settings.bucket}/{key} is there already, whole")
    bom = paths.beside_zip(settings, ".cdx.json")
    if bom.is_file():
        s3.put_bytes(aws, s3_keys.bom_key(settings.layer, made.built), bom.read_bytes())
    sent = _record(settings, packed)
    return replace(sent, built=made.built, key=key, version_id=version, tag=tagged)


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


def manifest_of(settings: Settings, packed: ZipRecord) -> manifests.Manifest:
    """What the zip is and what it was made from, for people and tools that find it in S3."""
    installed = records.needed(settings, InstallRecord)
    verified = records.needed(settings, VerifyRecord)
    made = manifests.make_manifest(
        settings, packed, installed, verified, subprocesses.state(paths.CHALICE_CONFIG)
    )
    inside = function_package.outermost(sizes.of_zip(paths.layer_zip(settings)))
    return replace(made, wishes=wishes.of(settings), modules=inside)
