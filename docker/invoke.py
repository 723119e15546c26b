"""Run one Lambda invocation as the Python runtime does: layer on sys.path, handler, result file.

Arguments: the function's folder, the layers' folder (/opt), the handler, the files of event and
result. Runs in Lambda's image or on the host; standard library only.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def main(task: str, opt: str, handler: str, event: str, result: str) -> None:
    """Exit code 0 whatever the handler did; its error is a result, as in Lambda."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # the order of Lambda's own runtime: function, layers, then what the image brings
    sys.path[:0] = [task, f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    sys.dont_write_bytecode = True
    os.chdir(task)
    try:
        module, _, name = handler.rpartition(".")
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
        answer = function(json.loads(Path(event).read_text(encoding="utf-8")), context())
        outcome: dict[str, Any] = {"failed": False, "payload": json.dumps(answer)}
    except Exception as error:
        outcome = {"failed": True, "payload": json.dumps(described(error))}
    Path(result).write_text(json.dumps(outcome), encoding="utf-8")


def context() -> SimpleNamespace:
    """What handlers commonly read of Lambda's context object."""
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "function")
    return SimpleNamespace(
        function_name=name,
        function_version="$LATEST",
        memory_limit_in_mb=os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        aws_request_id="00000000-0000-0000-0000-000000000000",
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name="local",
        invoked_function_arn=name,
        get_remaining_time_in_millis=lambda: 1000,
    )


def described(error: Exception) -> dict[str, object]:
    """An error in the shape that Lambda answers with."""
    traceback.print_exc()
    stack = traceback.format_tb(error.__traceback__)
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}


if __name__ == "__main__":
    main(*sys.argv[1:])
