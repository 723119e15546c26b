"""Each handler of the app started in the whole image, as Lambda starts it: read-only, as nobody,
under the runtime client. No event is sent.

The image stays in the engine until the next one of this checkout: of that, only the layers that
changed are loaded.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..sandbox.container import image_archive
from ..sandbox.container.sandbox import ContainerSandbox
from ..sandbox.job_kinds import FUNCTION
from ..sandbox.protocol import Job, Outcome, scripts
from ..settings.model import Settings
from ..util import files
from ..util.background import BackgroundTask
from ..util.errors import VerifyError
from .assemble import Image
from .tar_layer import Layer

SCRIPTS = ("lambda_runtime.py", "function_process.py", "memory.py", "runtime_api.py")
REPOSITORY = "doit-lambda-layer/check"
SECONDS = 60.0  # for one to start: what Lambda allows is measured by smoke
MEMORY = 3008  # MB


def check_handlers(
    settings: Settings, image: Image, find: Callable[[Layer], Path], names: Sequence[str],
    variables: Mapping[str, str],
) -> None:  # fmt: skip
    """VerifyError for those that do not start. `variables`: the functions'."""
    former = image_archive.tags(REPOSITORY, _checkout())
    tag = f"{REPOSITORY}:{_checkout()}-{image.digest.removeprefix('sha256:')[:12]}"
    image_archive.load(
        tag, image.config, [find(each) for each in image.layers], [settings.base_image, *former]
    )
    going = BackgroundTask()
    going.begin(lambda: image_archive.remove({*former} - {tag}))
    try:
        outcome = _run(settings, tag, names, variables)
    finally:
        going.settle()
    if outcome.code:
        problem = f"the handlers could not be started in the image:\n{outcome.tail}"
        raise VerifyError(problem, fix="look at `docker info`, then run the command again")
    failed: dict[str, str] = json.loads(outcome.output.splitlines()[-1])
    if failed:
        lines = [f"{name}: {_reason(error)}" for name, error in failed.items()]
        raise VerifyError(
            "in the whole image these handlers do not start:\n" + "\n".join(lines),
            fix="correct the app or its requirements. Nothing was pushed or changed",
        )


def forget() -> None:
    """The image of this checkout leaves the engine."""
    image_archive.remove(image_archive.tags(REPOSITORY, _checkout()))


def _checkout() -> str:
    """What its tags begin with."""
    return files.digest([str(Path.cwd())])[:12]


def _run(
    settings: Settings, tag: str, names: Sequence[str], variables: Mapping[str, str]
) -> Outcome:
    config = {
        "timeout": SECONDS, "memory": MEMORY, "tmp": 512, "arn": "", "version": "$LATEST",
        "runtime": "image", "port": 9001, "processes": 1024, "variables": sorted(variables),
    }  # fmt: skip
    sandbox = ContainerSandbox(settings, whole=tag)
    try:
        return sandbox.run(
            Job(
                argv=("{python}", "{scripts}/lambda_runtime.py", "init", "{work}/config.json",
                      "{task}", "{runtime}", *names),
                kind=FUNCTION,
                inputs={"config.json": json.dumps(config).encode()} | scripts(SCRIPTS),
                environment=variables,
            )
        )  # fmt: skip
    finally:
        sandbox.close()


def _reason(error: str) -> str:
    told = json.loads(error)
    return f"{told.get('errorType', '')}: {told.get('errorMessage', '')}".strip(": ")
