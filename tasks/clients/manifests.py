"""Manifests in S3, one beside each zip, and a note per version number of where its zip lies.

The note outlives the version: AWS forgets a deleted one's description, and with it the place.
"""

import json

from tasks.clients import conditional, s3
from tasks.clients.aws import Aws
from tasks.core import manifest, records, versions
from tasks.core.manifest import Manifest
from tasks.core.versions import LayerVersion


def put(aws: Aws, made: Manifest) -> None:
    s3.put_bytes(aws, versions.manifest_key(made.layer, made.built), manifest.to_json(made))


def of(aws: Aws, version: LayerVersion) -> Manifest | None:
    """The manifest of a version that exists; None for one by hand or by another tool."""
    return _built(aws, version.built) if version.built else None


def of_number(aws: Aws, number: int) -> Manifest | None:
    """The manifest of a version by its number alone, deleted or not."""
    note = s3.get_bytes(aws, versions.note_key(aws.settings.layer, number))
    return _built(aws, json.loads(note)["built"]) if note else None


def _built(aws: Aws, built: str) -> Manifest | None:
    text = s3.get_bytes(aws, versions.manifest_key(aws.settings.layer, built))
    return manifest.from_json(text) if text else None


def note(aws: Aws, arn: str, built: str) -> None:
    """Remember where a version's zip lies, unless that is known."""
    key = versions.note_key(aws.settings.layer, versions.number_of(arn))
    conditional.write(aws, key, records.canonical({"arn": arn, "built": built}), "")
