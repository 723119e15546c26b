"""Each handler of the app started in the whole image, as Lambda starts it: read-only, as nobody,
under the runtime client. No event is sent.

The image stays in the engine until the next one of this checkout: of that, only the layers that
changed are loaded.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..aws.secrets_manager import hide
from ..sandbox.container import image_archive
from ..sandbox.container.sandbox import ContainerSandbox
from ..sandbox.job_users import FUNCTION
from ..sandbox.lambda_system import RUNTIME_API
from ..sandbox.protocol import Job, Sandbox, scripts
from ..settings import lambda_variables
from ..settings.model import Settings
from ..util.background import BackgroundTask
from ..util.errors import VerifyError
from .assemble import Image
from .tar_layer import Layer

SCRIPTS = ("lambda_runtime.py", "function_process.py", "memory.py", "runtime_api.py")
REPOSITORY = "doit-lambda-layer/check"
INIT = 10.0  # seconds that Lambda gives the first start; another has the function's time-out
MOST = 60.0  # seconds for one to start, whatever its time-out: a deploy waits for it
# What fails in Lambda as it does here (awslambdaric). Anything else may come of what is missing
# here: network, rights, data. smoke tells.
CERTAIN = (
    "Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError",
    "Runtime.MalformedHandlerName",
)  # fmt: skip
LIBRARY = "cannot open shared object file"  # dlopen's words, whoever raises them


@dataclass(frozen=True, kw_only=True)
class Function:
    """One to be started. `memory`: MB. `timeout`: seconds. `variables`: its own, the secret's
    values among them."""

    name: str
    handler: str
    memory: int
    timeout: float
    variables: Mapping[str, str]


def check_handlers(
    settings: Settings, image: Image, find: Callable[[Layer], Path], functions: Sequence[Function],
    secret: Mapping[str, str],
) -> list[str]:  # fmt: skip
    """VerifyError for those that cannot start in Lambda. `HANDLER: why` of each function that did
    not start here. `secret`: values that nobody is shown."""
    told, certain = [], []
    for each, error in _started(settings, image, find, functions):
        why = f"{each.handler}: {hide(_reason(error), secret)}"
        told += [why] if error else []
        certain += [why] if is_certain(error) else []
    if certain:
        raise VerifyError(
            "in the whole image these handlers do not start:\n" + "\n".join(dict.fromkeys(certain)),
            fix="correct the app or its requirements. No function was changed",
        )
    return told


def _started(
    settings: Settings, image: Image, find: Callable[[Layer], Path], functions: Sequence[Function]
) -> list[tuple[Function, dict[str, Any]]]:
    """What went wrong with each, {} for nothing. The layers that the engine lacks are found."""
    former = image_archive.own_tags(REPOSITORY)
    tag = image_archive.own_tag(REPOSITORY, image.digest)
    image_archive.load(
        tag, image.config, [partial(find, each) for each in image.layers],
        [settings.base_image, *former],
    )  # fmt: skip
    going = BackgroundTask()
    going.begin(lambda: image_archive.remove({*former} - {tag}))
    sandbox = ContainerSandbox(settings, whole=tag)
    try:
        return [
            (each, start(sandbox, each, environment(settings, image, each))) for each in functions
        ]
    finally:
        sandbox.close()
        going.settle()


def forget() -> None:
    """The image of this checkout leaves the engine."""
    image_archive.remove(image_archive.own_tags(REPOSITORY))


def environment(settings: Settings, image: Image, function: Function) -> dict[str, str]:
    """As Lambda puts it together: what the image says, then the function, then Lambda itself."""
    return {
        **lambda_variables.OPEN,
        **image.variables,
        **function.variables,
        **lambda_variables.of_a_start(
            region=settings.region, python=settings.python, handler=function.handler,
            name=function.name, memory=function.memory,
        ),
    }  # fmt: skip


def start(sandbox: Sandbox, function: Function, variables: Mapping[str, str]) -> dict[str, Any]:
    """What went wrong, as Lambda's runtime says it. {} for nothing."""
    config = RUNTIME_API[sandbox.kind] | {
        "timeout": min(MOST, max(INIT, function.timeout)), "memory": function.memory, "tmp": 512,
        "arn": "", "version": "$LATEST", "runtime": "image", "variables": sorted(variables),
    }  # fmt: skip
    outcome = sandbox.run(
        Job(
            argv=("{python}", "{scripts}/lambda_runtime.py", "init", "{work}/config.json",
                  "{task}", "{runtime}"),
            kind=FUNCTION,
            inputs={"config.json": json.dumps(config).encode()} | scripts(SCRIPTS),
            environment=variables,
        )
    )  # fmt: skip
    if outcome.code:
        problem = f"the handlers could not be started in the image:\n{outcome.tail}"
        raise VerifyError(problem, fix="look at `docker info`, then run the command again")
    told: dict[str, Any] = json.loads(outcome.output.splitlines()[-1])
    return told


def is_certain(error: Mapping[str, Any]) -> bool:
    """Would Lambda say the same?"""
    return error.get("errorType") in CERTAIN or LIBRARY in str(error.get("errorMessage"))


def _reason(error: Mapping[str, Any]) -> str:
    return f"{error.get('errorType', '')}: {error.get('errorMessage', '')}".strip(": ")
