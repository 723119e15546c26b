"""What is published of the layer: found by its inputs or its content, made, made again.

A version that was deleted lives on in S3, by its zip, manifest and notes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..aws import arn as layer_arns
from ..aws import bucket, s3
from ..aws.client import Aws
from ..sandbox import temp_dirs
from ..settings import records, s3_keys
from ..settings.step_records import PublishRecord, UploadRecord
from ..ui.console import say, size
from ..util import files, typed_json
from ..util.errors import AwsError
from . import listing, manifest, stored_zip, wishes
from . import publish as publication
from . import version as versions
from .manifest import Manifest
from .version import LayerVersion


@dataclass(frozen=True, kw_only=True)
class Alias:
    """S3's note of which version some inputs make, and of the `wishes` (release/wishes.py) that
    were these inputs."""

    arn: str
    wishes: Sequence[str] = ()


def by_inputs(aws: Aws, wanted: str, published: Iterable[LayerVersion]) -> LayerVersion | None:
    """The newest version with this input hash that runs here and holds what it says. Else the
    one that is noted to have the content that these other inputs make, too."""
    settings = aws.settings
    usable = []
    for version in published:
        if version.fits(settings.python, settings.architecture):
            if version.input_hash == wanted and listing.holds(aws, version):
                return version
            usable.append(version)
    noted = _noted(aws, wanted) if usable else None
    return next((v for v in usable if v.arn == noted and listing.holds(aws, v)), None)


def by_content(aws: Aws, sha256: str, wanted: str | None = None) -> LayerVersion | None:
    """The newest version that runs here with exactly this content. Or from the inputs `wanted`,
    which another deploy may have published since lookup asked."""
    settings = aws.settings
    for version in publication.newest_first(aws):
        same = version.content_hash == sha256 or version.input_hash == wanted
        fits = version.fits(settings.python, settings.architecture)
        if same and fits and listing.holds(aws, version):
            return version
    return None


def stored(aws: Aws, wanted: str) -> Manifest | None:
    """Of a version that held what these inputs make and was deleted, while its zip is in S3."""
    noted = _noted(aws, wanted)
    made = manifest.of_number(aws, layer_arns.number_of(noted)) if noted else None
    fits = made is not None and made.is_consistent and _zip(aws, made) is not None
    return made if fits else None


def _zip(aws: Aws, made: Manifest) -> str | None:
    """Its object version in S3, None when it is not there, whole."""
    return s3.holds(aws, s3_keys.zip_key(made.layer, made.built), made.sha256)


def is_stored(aws: Aws, version: LayerVersion) -> bool:
    """Has this bucket its zip and manifest? A version may have been published from another."""
    made = manifest.read_manifest(aws, version)
    return made is not None and _zip(aws, made) is not None


def _noted(aws: Aws, wanted: str) -> str | None:
    """The ARN that these inputs were published as, or found to be the content of."""
    note = s3.get_bytes(aws, s3_keys.alias_key(aws.settings.layer, wanted))
    arn = str(typed_json.parsed(note).get("arn"))
    return arn if layer_arns.place_of(arn) else None


def wishes_of(aws: Aws, arns: Collection[str], inputs: Collection[str] = ()) -> set[str]:
    """What people wanted who got these versions, and who had these `inputs` (hashes): by notes
    and manifests. A look into S3 for each input hash that the layer ever had."""
    prefix, found, known = s3_keys.alias_key(aws.settings.layer, ""), set[str](), {*arns}
    for key in s3.objects(aws, prefix):
        told = typed_json.made(Alias, typed_json.parsed(s3.get_bytes(aws, key)))
        if told and (told.arn in arns or key.removeprefix(prefix) in inputs):
            known.add(told.arn)
            found |= {*told.wishes}
    ours = [arn for arn in known if layer_arns.is_of(arn, aws.settings.layer)]
    made = [manifest.of_number(aws, layer_arns.number_of(arn)) for arn in sorted(ours)]
    return found.union(*(wishes.of_manifest(each) for each in made if each))


def note(aws: Aws, wanted: str, arn: str, wished: Sequence[str]) -> None:
    """Remember in S3 that this version holds what these inputs make. `wished`: the wishes that
    were these inputs."""
    key = s3_keys.alias_key(aws.settings.layer, wanted)
    s3.put_bytes(aws, key, files.canonical(asdict(Alias(arn=arn, wishes=wished))))


def remember(aws: Aws, version: LayerVersion) -> None:
    """publish's record as the manifest in S3 tells it, where this machine has another or none.
    Left alone where there is no manifest. A publish that was stopped right after AWS's answer
    is completed here with its notes."""
    last = records.read(aws.settings, PublishRecord)
    if last and last.arn == version.arn:
        return
    made = manifest.read_manifest(aws, version)
    if made is not None:
        if manifest.note(aws, version.arn, made.built):
            note(aws, made.input, version.arn, made.wishes)
        record = PublishRecord(
            arn=version.arn, input=made.input, sha256=made.sha256, unzipped=made.unzipped,
            packages=made.packages,
        )  # fmt: skip
        records.write(aws.settings, record)


def again(aws: Aws, made: Manifest) -> LayerVersion | None:
    """A version with a deleted one's content: published now from its zip, if there is none.

    AWS never gives a number twice. None when the zip is not in S3 (any more). VerifyError when it
    is no zip to publish.
    """
    if twin := by_content(aws, made.sha256):
        say(f"version {twin.number} holds the same content")
        return twin
    stored_zip.check_manifest(made)
    found = _zip(aws, made)
    if found is None:
        return None
    key = s3_keys.zip_key(made.layer, made.built)
    _look_into(aws, key, made)
    sent = UploadRecord(
        sha256=made.sha256, input=made.input, built=made.built, unzipped=made.unzipped,
        wishes=made.wishes, bucket=aws.settings.bucket, key=key, version_id=found,
    )  # fmt: skip
    say(f"its zip of {made.built} is published again")
    return listing.by_arn(aws, publish(aws, sent))


def _look_into(aws: Aws, key: str, made: Manifest) -> None:
    """What is published afterwards is compared with the sha256 that was looked at."""
    with temp_dirs.folder() as here:
        layer = here / "layer.zip"
        layer.write_bytes(s3.get_bytes(aws, key) or b"")
        stored_zip.check_stored_zip(aws.settings, layer, made)


def publish(aws: Aws, sent: UploadRecord) -> str:
    """The new version's ARN. AwsError when AWS holds other bytes than we tested."""
    content = {"S3Bucket": sent.bucket, "S3Key": sent.key}
    if sent.version_id:
        content["S3ObjectVersion"] = sent.version_id
    if sent.tag:
        bucket.untag_object(aws, sent.key)
    answer = publication.publish(aws, content, versions.description(sent))
    _must_be(aws, sent.sha256, answer)
    arn = str(answer["LayerVersionArn"])
    note(aws, sent.input, arn, [*sent.wishes])
    manifest.note(aws, arn, sent.built)  # last: where it stands, the other does, too
    say(f"version {answer['Version']} published: {arn}")
    zipped, unzipped = size(answer["Content"]["CodeSize"]), size(sent.unzipped)
    made_for = f"python{aws.settings.python} on {aws.settings.architecture}"
    say(f"{zipped} zipped, {unzipped} unzipped, for {made_for}")
    return arn


def _must_be(aws: Aws, sha256: str, answer: Mapping[str, Any]) -> None:
    got = answer["Content"]["CodeSha256"]
    if got == versions.code_sha256(sha256):
        return
    gone = listing.withdraw(aws, answer["Version"])
    raise AwsError(
        f"version {answer['Version']} holds other bytes (sha256 {got}) than were tested. It is "
        + ("deleted again" if gone else "not used, but could not be deleted"),
        fix="run the command again. If it repeats, check who else writes to the bucket",
    )
