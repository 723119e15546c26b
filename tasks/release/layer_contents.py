"""What a version of the layer brings: by its manifest, else by its zip."""

from collections.abc import Sequence
from contextlib import suppress

from ..aws import arn as layer_arns
from ..aws.client import Aws
from ..chalice_project import package as function_package
from ..chalice_project.package import Contents
from ..util.errors import InputError
from . import listing
from . import manifest as manifests
from .manifest import Manifest

NOTHING = Contents(versions={})


def of_stage(aws: Aws, arns: Sequence[str]) -> Contents:
    """Of this layer's version among the ARNs; NOTHING where there is none, or AWS has it no
    more."""
    ours = [arn for arn in arns if layer_arns.is_of(arn, aws.settings.layer)]
    return of_version(aws, ours[0]) if ours else NOTHING


def of_version(aws: Aws, arn: str) -> Contents:
    with suppress(InputError):  # deleted: a running function keeps it, and nobody can look
        manifest = manifests.read_manifest(aws, listing.by_arn(aws, arn))
        if manifest:
            return of_manifest(manifest)
        return function_package.of_layer(listing.members(aws, arn) or {})
    return NOTHING


def of_manifest(manifest: Manifest) -> Contents:
    """What was left out of the layer by `drop` is not there."""
    versions = {each.name: each.version for each in manifest.distributions if each.bytes}
    return Contents(versions=versions, modules=manifest.modules)
