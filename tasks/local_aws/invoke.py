"""One invocation of a function of the emulator: its zip and its layers' zips in a sandbox."""

import hashlib
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..sandbox import choose
from ..sandbox.job_users import FUNCTION
from ..sandbox.lambda_system import RUNTIME_API
from ..sandbox.protocol import Job, scripts
from ..settings import paths
from ..settings.local_access import Access
from ..settings.model import Settings
from ..util import files
from ..util.errors import LayerError
from . import certificate, function_variables, image_functions
from .warm_pool import Environment, Environments, FunctionAnswer

CHOICE = ("image", "locked_image", "python", "architecture", "local_network")
SCRIPTS = ("lambda_runtime.py", "function_process.py", "memory.py", "runtime_api.py")
SLACK_SECONDS = 60
ENVIRONMENTS = Environments()


def remember(settings: Settings) -> None:
    """Let the server, a process of its own, use the same builder as this run."""
    _note(settings, choose.kind(settings))


def remember_wishes(settings: Settings) -> None:
    """What the settings say, for who deploys from another checkout. No engine is asked."""
    _note(settings, settings.builder)


def _note(settings: Settings, builder: str) -> None:
    chosen = {name: getattr(settings, name) for name in CHOICE}
    known = {} if builder == "auto" else {"builder": builder}
    files.write_record(paths.LOCAL_RUNTIME, chosen | known)


def invoke(
    function: Any, event: str, layers: Sequence[bytes], access: Access | None = None,
    context: str = "",
) -> FunctionAnswer:  # fmt: skip
    """`function`: moto's. `event` and `context` (the client's): JSON text. `access`: to the AWS
    that it is a function of. Never raises for what the function does."""
    context = json.dumps(json.loads(context)) if context else ""  # a header, which is ASCII
    chosen = files.read_record(paths.LOCAL_RUNTIME) or {}
    if problem := other_python(function, chosen):
        return FunctionAnswer(payload=json.dumps({"errorMessage": problem}), failed=True, log="")
    is_image = image_functions.is_one(function)
    code = function.code_sha_256 if is_image else hashlib.sha256(function.code_bytes).hexdigest()
    # of a layer's megabytes Python computes the hash once, and keeps it with them
    made_of = [code, [hash(layer) for layer in layers], _limits(function), chosen]
    made_of.append(function_variables.variables(function, access))
    # two initialisations may come before the call itself, and what sets them up
    seconds = 2 * float(function.timeout) + SLACK_SECONDS
    try:
        return ENVIRONMENTS.invoke(
            f"{function.region}/{function.function_name}",
            [*made_of, [files.file_digest(paths.DOCKER / name) for name in SCRIPTS]],
            lambda: start(function, layers, replace(Settings(), **chosen), access),
            lambda environment: environment.ask(event, context, seconds),
        )
    except LayerError as error:
        return FunctionAnswer(payload=json.dumps({"errorMessage": str(error)}), failed=True, log="")


def other_python(function: Any, chosen: Mapping[str, Any]) -> str:
    """Why it cannot be run where the layer's Python is the only one. '' where it can."""
    here = f"python{chosen.get('python', Settings().python)}"
    if image_functions.is_one(function) or str(function.run_time) == here:
        return ""
    return (
        f"{function.function_name} is for {function.run_time}, the emulator runs {here} (the "
        "layer's) alone: set `python` in pyproject.toml, or make the function for that"
    )


def start(
    function: Any, layers: Sequence[bytes], settings: Settings, access: Access | None
) -> Environment:
    """A new environment, in a sandbox of its own. It reaches the emulator, and nothing else
    unless `local-network` says so."""
    is_image = image_functions.is_one(function)
    sandbox = (
        image_functions.sandbox(function, settings)
        if is_image
        else choose.new(settings, tmp=int(function.ephemeral_storage))
    )
    variables = function_variables.variables(function, access)
    stream = function_variables.log_stream(function, uuid.uuid4().hex)
    variables["AWS_LAMBDA_LOG_STREAM_NAME"] = stream
    config = _limits(function) | {"variables": sorted(variables)} | RUNTIME_API[sandbox.kind]
    trusted = {"https.pem": certificate.pem()} if access and access.pid == os.getpid() else {}
    with TemporaryDirectory(prefix="doit-lambda-layer-") as folder:
        contents = [] if is_image else [function.code_bytes, *layers]
        zips = [Path(folder, f"{number}.zip") for number, _ in enumerate(contents)]
        for path, content in zip(zips, contents, strict=True):
            path.write_bytes(content)
        serve = Job(
            argv=("{python}", "{scripts}/lambda_runtime.py", "serve", "{meet}",
                  "{work}/config.json", "{task}", "{runtime}"),
            kind=FUNCTION,
            inputs={"config.json": json.dumps(config).encode()} | trusted | scripts(SCRIPTS),
            task=next(iter(zips), None),
            opt=tuple(zips[1:]),
            network=settings.local_network,
            forward=access.port if access else 0,
            environment=variables,
        )  # fmt: skip
        return Environment(sandbox, serve)


def _limits(function: Any) -> dict[str, Any]:
    """docker/lambda_runtime.py's CONFIG, but for what the sandbox decides."""
    return {
        "timeout": float(function.timeout),
        "memory": int(function.memory_size),
        "tmp": int(function.ephemeral_storage),
        "arn": function.function_arn,
        "version": str(function.version),
        "runtime": f"python:{str(function.run_time or 'image').removeprefix('python')}",
    }
