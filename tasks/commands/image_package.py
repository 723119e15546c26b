"""`doit package` of a stage of images: Chalice's template, whose functions are the image that was
pushed, by digest."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..aws.client import Aws
from ..chalice_project import deploy
from ..context.arguments import TERRAFORM
from ..layer.wheels import function_wheels
from ..release.images import pin
from ..settings import records
from ..settings.step_records import PushRecord
from ..steps import chalice_deploy
from ..ui.console import say
from ..util import files
from ..util.errors import DeployError

Properties = Mapping[str, Any]


def write_template(aws: Aws, kind: str, folder: Path) -> None:
    """Into an empty folder. DeployError where Chalice fails, or names its functions otherwise."""
    settings, pinned = aws.settings, pin.holding(aws)
    uri = pinned.uri if pinned else records.needed(settings, PushRecord).uri
    contents = chalice_deploy.image_contents(settings)
    function_wheels.building(
        settings,
        lambda: deploy.write_template(settings, aws.exported(), aws.access, contents, kind, folder),
    )
    rewrite, found = of_terraform if kind == TERRAFORM else of_cloudformation, 0
    for path in sorted(folder.glob("*.json")):
        template = json.loads(path.read_text(encoding="utf-8"))
        found += rewrite(template, uri)
        files.write_atomic(path, (json.dumps(template, indent=2) + "\n").encode())
    if not found:
        fix = "use `./doitw deploy`, or a release of Chalice that this tool knows"
        raise DeployError(f"Chalice's template in {folder} has no function", fix=fix)
    (folder / "deployment.zip").unlink(missing_ok=True)  # the app is in the image
    say(f"its functions are image {uri}")


def of_cloudformation(template: Any, uri: str) -> int:
    """How many functions it has."""
    found = [
        each for each in template.get("Resources", {}).values()
        if each["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function")
    ]  # fmt: skip
    for each in found:
        own = each["Properties"]
        command = {"ImageConfig": {"Command": [own["Handler"]]}}
        kept = without(own, "Runtime", "Handler", "CodeUri", "Code", "Layers")
        each["Properties"] = {**kept, "PackageType": "Image", "ImageUri": uri, **command}
    return len(found)


def of_terraform(template: Any, uri: str) -> int:
    """How many functions it has."""
    found = template.get("resource", {}).get("aws_lambda_function", {})
    for name, own in found.items():
        command = {"image_config": {"command": [own["handler"]]}}
        kept = without(own, "runtime", "handler", "filename", "source_code_hash", "layers")
        found[name] = {**kept, "package_type": "Image", "image_uri": uri, **command}
    return len(found)


def without(properties: Properties, *names: str) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}
