"""`doit fetch version=2`: a version's zip, compared with its manifest. Or an image.

From S3. Where it is gone there, from Lambda, which keeps its own.
"""

from pathlib import Path

from ..aws import s3
from ..aws.client import Aws
from ..context import arguments, connection
from ..context.arguments import Arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..release import listing, s3_keys
from ..release.manifest import Manifest
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import say, size
from ..util import files
from ..util.errors import AwsError
from . import diff, image_fetch, show


def task_fetch() -> dict[str, object]:
    """Download a version's zip and check it."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: fetch(settings, typed))]}


def fetch(settings: Settings, typed: Arguments) -> Path:
    """AwsError where the zip is nowhere, or is not what the manifest says. Then no file is left."""
    if settings.is_image:
        return image_fetch.fetch(settings, typed)
    aws = connection.connect_read_only(settings)
    published = listing.Listing(aws)
    number = show.chosen(settings, published, typed)
    manifest = diff.manifest_of(aws, published, number)
    content, where = from_s3(aws, manifest) or from_lambda(aws, number)
    target = paths.BUILD / "fetch" / settings.layer / str(number) / f"{settings.layer}.zip"
    target.unlink(missing_ok=True)
    if files.bytes_digest(content) != manifest.sha256 or len(content) != manifest.bytes:
        problem = f"{where} ({size(len(content))}) is not the zip that its manifest describes"
        raise AwsError(problem, fix="check who writes to the bucket. Nothing was saved")
    files.write_atomic(target, content)
    say(f"{target}: {size(len(content))} from {where}")
    say(f"exactly what its manifest says: sha256 {manifest.sha256}")
    return target


def from_s3(aws: Aws, manifest: Manifest) -> tuple[bytes, str] | None:
    """The zip, and where it was. None where it is gone."""
    key = s3_keys.zip_key(manifest.layer, manifest.built)
    content = s3.get_bytes(aws, key)
    return (content, f"s3://{aws.settings.bucket}/{key}") if content is not None else None


def from_lambda(aws: Aws, number: int) -> tuple[bytes, str]:
    """AwsError where AWS has no such version any more."""
    arn = listing.arn(aws, number)
    content = listing.download(aws, arn)
    if content is None:
        problem = (
            f"version {number} of {aws.settings.layer} is neither in S3 nor in Lambda any more"
        )
        raise AwsError(problem, fix="`./doitw history` says of which versions the zip is kept")
    return content, arn
