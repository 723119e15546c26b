"""One invocation of a function of the embedded AWS: its zip and its layers' zips in a sandbox."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..sandbox import choose
from ..sandbox.job_kinds import FUNCTION
from ..sandbox.protocol import Job, scripts
from ..settings import paths
from ..settings.local_access import Access
from ..settings.model import Settings
from ..util import files
from ..util.errors import LayerError
from . import function_variables
from .warm_pool import Environment, Environments, FunctionAnswer

CHOICE = ("builder", "image", "python", "architecture", "local_network")
ENVIRONMENTS = Environments()


def remember(settings: Settings) -> None:
    """Let the server, a process of its own, use the same builder as this run."""
    chosen = {name: getattr(settings, name) for name in CHOICE}
    files.write_record(paths.LOCAL_RUNTIME, chosen | {"builder": choose.kind(settings)})


def invoke(
    function: Any, event: object, layers: Sequence[bytes], access: Access | None = None
) -> FunctionAnswer:
    """`function`: moto's; `access`: to the AWS that it is a function of. Never raises for what the
    function does."""
    chosen = files.read_record(paths.LOCAL_RUNTIME) or {}
    code = hashlib.sha256(function.code_bytes).hexdigest()
    # of a layer's megabytes Python computes the hash once, and keeps it with them
    made_of = [code, [hash(layer) for layer in layers], function.handler]
    made_of.append(function_variables.variables(function, access))
    try:
        return ENVIRONMENTS.invoke(
            f"{function.region}/{function.function_name}",
            [made_of, chosen, files.file_digest(paths.DOCKER / "lambda_runtime.py")],
            lambda: start(function, layers, replace(Settings(), **chosen), access),
            event,
            float(function.timeout),
        )
    except LayerError as error:
        return FunctionAnswer(payload=json.dumps({"errorMessage": str(error)}), failed=True, log="")


def start(
    function: Any, layers: Sequence[bytes], settings: Settings, access: Access | None
) -> Environment:
    """A new environment, in a sandbox of its own. It reaches the embedded AWS, and nothing else
    unless `local-network` says so."""
    code = zipfile.ZipFile(io.BytesIO(function.code_bytes))
    task = {f"task/{name}": code.read(name) for name in code.namelist() if name[-1] != "/"}
    with TemporaryDirectory(prefix="doit-lambda-layer-") as folder:
        zips = [Path(folder, f"{number}.zip") for number, _ in enumerate(layers)]
        for path, content in zip(zips, layers, strict=True):
            path.write_bytes(content)
        serve = Job(
            argv=(
                "{python}",
                "{scripts}/lambda_runtime.py",
                "serve",
                "{tmp}",
                "{work}/task",
                "{opt}",
                function.handler,
            ),
            kind=FUNCTION,
            inputs=task | scripts(["lambda_runtime.py"]),
            opt=tuple(zips),
            network=settings.local_network,
            forward=access.port if access else 0,
            environment=function_variables.variables(function, access),
        )
        return Environment(choose.new(settings), serve)
