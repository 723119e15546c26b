"""What a deployed function's own package holds, beside its layers."""

from collections.abc import Mapping
from typing import Any

from ...aws import arn as layer_arns
from ...aws import lambda_functions
from ...aws.client import Aws
from ...aws.errors import errors
from ...chalice_project import package as function_package
from ...chalice_project.package import Contents
from ...util.errors import AwsError
from ...util.files import Record
from .. import layer_contents, listing
from ..stage import attached_layers, chalice_state


def of_function(aws: Aws, name: str, sha256: str, last: Record) -> Contents | None:
    """By the last deploy's record, where AWS runs that code. Else out of the code itself. None
    where AWS does not hand it out, or we may not ask."""
    deployed, package = (last.get("functions") or {}).get(name) or {}, last.get("contents") or {}
    if package and deployed.get("sha256") == sha256:
        return Contents(
            versions=package.get("versions") or {}, modules=package.get("modules") or ()
        )
    try:
        with errors(f"looking into function {name}"):
            answer = aws.client("lambda").get_function(FunctionName=name)
        names = listing.fetched(aws, str(answer.get("Code", {}).get("Location", "")), name)
    except AwsError:
        return None
    return None if names is None else function_package.contents(names)


def problems(aws: Aws, name: str, found: Mapping[str, Any], last: Record) -> list[str]:
    """What function `name` does not run as its layer has it, a sentence each. `found`: its
    configuration. `last`: the record of the last deploy."""
    arns = [each["Arn"] for each in found.get("Layers", [])]
    ours = any(layer_arns.is_of(arn, aws.settings.layer) for arn in arns)
    if not ours and (not arns or arns != last.get("layers")):  # never deployed by this tool
        return []
    package = of_function(aws, name, found["CodeSha256"], last)
    if package is None:
        said = f"function {name} was changed since the last deploy, and what it packs is unknown"
        return [said] if "contents" in last else []  # an older tool's record does not say
    layer = layer_contents.of_stage(aws, arns)
    return function_package.differences(name, package, layer)


def of_stage(aws: Aws) -> list[str]:
    """The same of all the stage's functions."""
    last = chalice_state.last(aws)
    names = sorted(attached_layers.function_names(aws).values())
    found = {name: lambda_functions.configuration(aws, name) for name in names}
    return [
        said for name, each in found.items() if each for said in problems(aws, name, each, last)
    ]
