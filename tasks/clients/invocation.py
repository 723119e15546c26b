"""One invocation of a function of the embedded AWS: its zip and its layers' zips in a sandbox."""

import io
import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core import paths, records
from ..core.errors import LayerError
from ..core.sandbox import Job, Outcome
from ..core.settings import Settings
from . import sandboxes

RUNTIME = paths.LOCAL_AWS / "runtime.json"  # what the last stage=local command built with
CHOICE = ("builder", "image", "python", "architecture")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`payload`: JSON text; `failed`: the function raised or died; `log`: what it printed."""

    payload: str
    failed: bool
    log: str


def remember(settings: Settings) -> None:
    """Let the server, a process of its own, use the same builder as this run."""
    chosen = {name: getattr(settings, name) for name in CHOICE}
    records.write(RUNTIME, chosen | {"builder": sandboxes.kind(settings)})


def invoke(function: Any, event: object, layers: Sequence[bytes]) -> Answer:
    """`function`: moto's. Never raises for what the function does."""
    with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-") as folder:
        result = Path(folder) / "result.json"
        zips = [Path(folder) / f"{number}.zip" for number, _ in enumerate(layers)]
        for path, content in zip(zips, layers, strict=True):
            path.write_bytes(content)
        try:
            outcome = _run(function, event, tuple(zips), result)
        except TimeoutError as error:
            return _died(f"Task timed out after {function.timeout}.00 seconds", str(error))
        except LayerError as error:
            return _died(str(error), "")
        if outcome.code:
            return _died(f"Runtime exited with error: exit status {outcome.code}", outcome.output)
        answer = json.loads(result.read_text(encoding="utf-8"))
        return Answer(payload=answer["payload"], failed=answer["failed"], log=outcome.output)


def _run(function: Any, event: object, layers: tuple[Path, ...], result: Path) -> Outcome:
    code = zipfile.ZipFile(io.BytesIO(function.code_bytes))
    inputs = {f"task/{name}": code.read(name) for name in code.namelist() if name[-1] != "/"}
    inputs["event.json"] = json.dumps(event).encode()
    inputs["invoke.py"] = (paths.DOCKER / "invoke.py").read_bytes()
    job = Job(
        argv=(
            "{python}", "{work}/invoke.py", "{work}/task", "{opt}", function.handler,
            "{work}/event.json", "{work}/result.json",
        ),
        inputs=inputs,
        opt=layers,
        network=True,
        environment=_environment(function),
        timeout=float(function.timeout),
        fetch={"{work}/result.json": result},
    )  # fmt: skip
    chosen = records.read(RUNTIME) or {}
    sandbox = sandboxes.choose(replace(Settings(), **chosen))
    try:
        return sandbox.run(job)
    finally:
        sandbox.close()  # nothing of one invocation is there in the next


def _environment(function: Any) -> dict[str, str]:
    given = {name: str(value) for name, value in function.environment_vars.items()}
    return given | {
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": "{work}/task",
        "AWS_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
    }


def _died(message: str, log: str) -> Answer:
    return Answer(payload=json.dumps({"errorMessage": message}), failed=True, log=log)
