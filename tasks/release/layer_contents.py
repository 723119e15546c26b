"""What versions of layers bring: by the manifest, else by the zip."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict

from ..aws import arn as layer_arns
from ..aws.client import Aws
from ..chalice_project import package as function_package
from ..chalice_project.package import Contents
from ..settings import paths
from ..util import files
from ..util.errors import AwsError, InputError
from . import listing
from . import manifest as manifests
from .manifest import Manifest

NOTHING = Contents(versions={})


def of_stage(aws: Aws, arns: Sequence[str]) -> Contents:
    """What the function leaves to its layers: that of this layer's version among the ARNs. A list
    without any is of a rollback to other layers, which count as a whole. NOTHING where AWS has none
    of them any more."""
    ours = [arn for arn in arns if layer_arns.is_of(arn, aws.settings.layer)]
    if ours:
        return of_version(aws, ours[0])
    return merged(of_others(aws, arns).values())


def refuse_hidden(aws: Aws, arns: Sequence[str]) -> None:
    """HidingError where what lies here hides a module of this layer's version among the ARNs. A
    list without any is of a rollback, beside what the function always had."""
    ours = [arn for arn in arns if layer_arns.is_of(arn, aws.settings.layer)]
    if ours:
        function_package.refuse_hidden(of_version(aws, ours[0]))


def merged(found: Iterable[Contents]) -> Contents:
    """Lambda unpacks the layers in their order, one over the other."""
    versions: dict[str, str] = {}
    modules: set[str] = set()
    for each in found:
        versions |= each.versions
        modules |= set(each.modules)
    return Contents(versions=versions, modules=sorted(modules))


def of_others(aws: Aws, arns: Iterable[str]) -> dict[str, Contents]:
    """{ARN: what it brings} of those that are not this layer's, as far as AWS hands them out. A
    version never changes, so each is fetched once."""
    record = paths.stage_record(aws.settings, "other-layers")
    known = files.read_record(record) or {}
    others = [arn for arn in arns if not layer_arns.is_of(arn, aws.settings.layer)]
    found: dict[str, Contents] = {}
    for arn in others:
        with suppress(AwsError):  # a way back does not end for this look
            found[arn] = Contents(**known[arn]) if arn in known else of_version(aws, arn)
    if found.keys() - known.keys():
        files.write_record(record, {arn: asdict(each) for arn, each in found.items()})
    return found


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


def clashes(function: Contents, layers: Sequence[tuple[str, Contents]]) -> list[str]:
    """A sentence for each package that hides another layer's. `layers`: (name, what it brings) in
    the order in which Lambda unpacks them, this tool's among them."""
    return [
        *(_own(name, layer, function) for name, layer in layers
          if function_package.differences("", function, layer)),
        *(_twice(first, second) for number, second in enumerate(layers)
          for first in layers[:number] if function_package.twice(first[1], second[1])),
    ]  # fmt: skip


def _own(name: str, layer: Contents, function: Contents) -> str:
    both = function_package.twice(function, layer)
    said = [f"{each} {own} (there {there})" for each, (own, there) in both.items()]
    hidden = ", ".join(said or function_package.hidden(function, layer))
    return f"the function's own package hides {hidden} of layer {name}"


def _twice(first: tuple[str, Contents], second: tuple[str, Contents]) -> str:
    both = function_package.twice(first[1], second[1])
    said = ", ".join(f"{each} ({a} and {b})" for each, (a, b) in both.items())
    return f"layers {first[0]} and {second[0]} both have {said}: the later one's files win in /opt"
