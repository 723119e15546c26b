"""Manifests in S3, one beside each zip, and a note per version number of where its zip lies.

The note outlives the version: AWS forgets a deleted one's description, and with it the place.
"""

from ..core import layer_arns, manifest, notes, records, versions
from ..core.manifest import Manifest
from ..core.versions import LayerVersion
from . import conditional, s3
from .aws import Aws


def put(aws: Aws, made: Manifest) -> None:
    s3.put_bytes(aws, versions.manifest_key(made.layer, made.built), manifest.to_json(made))


def claim(aws: Aws, made: Manifest, *, empty: bool) -> bool:
    """Write it, where its folder is free or this zip's; False where it is another's. `empty`: no
    other zip lies there. Of two machines that ask at the same moment one gets the folder."""
    key = versions.manifest_key(made.layer, made.built)
    if empty and conditional.write(aws, key, manifest.to_json(made), ""):
        return True
    there = at(aws, made.built)
    if there is None or there.sha256 != made.sha256:
        return False
    put(aws, made)
    return True


def of(aws: Aws, version: LayerVersion) -> Manifest | None:
    """The manifest of a version that exists; None for one by hand or by another tool."""
    return at(aws, version.built) if version.built else None


def of_number(aws: Aws, number: int) -> Manifest | None:
    """The manifest of a version by its number alone, deleted or not."""
    note = s3.get_bytes(aws, versions.note_key(aws.settings.layer, number))
    built = notes.parsed(note).get("built")
    return at(aws, str(built)) if built else None


def at(aws: Aws, built: str) -> Manifest | None:
    """`built`: the folder's name."""
    text = s3.get_bytes(aws, versions.manifest_key(aws.settings.layer, built))
    return manifest.from_json(text) if text else None


def note(aws: Aws, arn: str, built: str) -> bool:
    """Remember where a version's zip lies; False when that is known."""
    key = versions.note_key(aws.settings.layer, layer_arns.number_of(arn))
    return bool(conditional.write(aws, key, records.canonical({"arn": arn, "built": built}), ""))
