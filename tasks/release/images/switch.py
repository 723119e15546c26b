"""The stage's functions to an image that is in the repository, without Chalice.

Code alone: routes, events, variables and permissions stay as the last deploy left them.
"""

from collections.abc import Mapping
from typing import Any

from ...aws import lambda_functions
from ...aws.client import Aws
from ...aws.errors import errors
from ...chalice_project import deploy
from ...image import ecr
from ...settings import paths
from ...settings.step_records import AskedRecord
from ...ui.console import say
from ...util import files
from ...util.errors import InputError
from ..stage import chalice_state
from ..undo import attempt, snapshot
from . import stage_images
from .parts import repository

GONE = "./doitw history lists the images that are there: ./doitw rollback version=N goes to one"


def names(aws: Aws) -> list[str]:
    """The stage's functions. InputError where nothing is deployed."""
    return sorted(_functions(aws).values())


def _functions(aws: Aws) -> dict[str, str]:
    """{what Chalice calls it: function}."""
    found = deploy.functions_of(chalice_state.read_state(aws))
    if not found:
        stage = aws.settings.stage
        fix = f"./doitw deploy stage={stage}"
        raise InputError(f"stage {stage} has no function yet", fix=fix)
    return found


def running(aws: Aws) -> set[str]:
    """Digests of the images that the stage's functions are made of."""
    found = (lambda_functions.configuration(aws, name) or {} for name in names(aws))
    return {f"sha256:{each['CodeSha256']}" for each in found if each}


def check(aws: Aws, digest: str) -> None:
    """InputError where the repository has it no more."""
    name = repository(aws.settings)
    there = ecr.look_at_repository(aws, name)
    if there is None or there.registry.find_manifest(digest) != digest:
        raise InputError(f"{digest} is not in repository {name} any more", fix=GONE)


def switch(aws: Aws, uri: str, facts: Mapping[str, Any], asked: AskedRecord | None) -> None:
    """Each function only where it has another one yet, so that a run that was stopped is
    continued. `facts`: for the record's "image"."""
    check(aws, str(facts["digest"]))
    begun = snapshot.begin(aws, asked, snapshot.read(aws), uri)
    handlers = facts.get("handlers", {})
    for resource, name in sorted(_functions(aws).items()):
        _function(aws, name, uri, str(facts.get("architecture", "")))
        _command(aws, name, str(handlers.get(resource, "")))
    last = chalice_state.last(aws)
    functions = {
        name: {"sha256": str(facts["digest"]).removeprefix("sha256:"), "layers": []}
        for name in names(aws)
    }
    record = {**last, "functions": functions, "image": dict(facts), "fingerprint": uri}
    chalice_state.save(aws, record)
    stage_images.note_return(aws, str(facts["digest"]))
    files.write_record(paths.stage_record(aws.settings, "chalice-deploy"), record)
    snapshot.write(aws, begun.now(attempt.DEPLOYED))


def _function(aws: Aws, name: str, uri: str, architecture: str) -> None:
    """With the image's architecture: Lambda does not take it from the image."""
    now = lambda_functions.configuration(aws, name) or {}
    if now.get("CodeSha256") == uri.rpartition(":")[2]:
        return
    client = aws.client("lambda")
    of_it = {"Architectures": [architecture]} if architecture else {}
    with errors(f"giving {name} its image"):
        client.update_function_code(FunctionName=name, ImageUri=uri, **of_it)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    say(f"function {name} is {uri.rpartition('/')[2][:60]}")


def _command(aws: Aws, name: str, handler: str) -> None:
    """The image's own handler of it, which may be called otherwise in another image. '' where
    nobody noted it."""
    if not handler:
        return
    now = lambda_functions.configuration(aws, name) or {}
    config = (now.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
    if config.get("Command") == [handler]:
        return
    client = aws.client("lambda")
    with errors(f"giving {name} its handler"):
        client.update_function_configuration(
            FunctionName=name, ImageConfig={**config, "Command": [handler]}
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    say(f"function {name} starts {handler}")
