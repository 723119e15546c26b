"""A function's process, as Lambda's Python runtime has it: the layer on sys.path, the handler
imported once, events answered one after the other.

    lambda_runtime.py serve MEET TASK OPT HANDLER    TASK is the function's folder, OPT the layers'
    lambda_runtime.py ask MEET EVENT                 a JSON file; prints the result as JSON

Both meet at a socket in the folder MEET. Exit code 0 of `ask` whatever the handler
did, its error is a result, as in Lambda; 1 when its process has died. `serve` prints END when it
waits for an event: at the start, and behind what the handler printed. Runs in Lambda's image or on
the host; standard library only.
"""

import importlib
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SOCKET = ".events"  # relative: the name of a socket has a hundred characters at most
END = b"\0end\n"
Handler = Callable[[Any, Any], object]
Result = dict[str, Any]


def serve(meet: str, task: str, opt: str, handler: str) -> None:
    """Until this process is ended, or ends itself."""
    os.chdir(meet)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(SOCKET)
    listening.listen()
    os.write(1, END)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # the order of Lambda's own runtime: function, layers, then what the image brings
    sys.path[:0] = [task, f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    sys.dont_write_bytecode = True
    os.chdir(task)
    function, broken = loaded(handler)
    while True:
        asking, _ = listening.accept()
        event = Path(asking.makefile().readline().rstrip("\n"))
        answer = broken or answered(function, event.read_text(encoding="utf-8"))
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, END)
        asking.sendall(json.dumps(answer).encode())
        asking.close()


def loaded(handler: str) -> "tuple[Handler, Result | None]":
    """(the function, None) or (nothing useful, why it cannot be used)."""
    module, _, name = handler.rpartition(".")
    try:
        return getattr(importlib.import_module(module.replace("/", ".")), name), None
    except Exception as error:
        return lambda event, context: None, failed(error, unusable=True)


def answered(function: Handler, event: str) -> Result:
    try:
        payload = json.dumps(function(json.loads(event), context()))
    except Exception as error:
        return failed(error, unusable=False)
    return {"failed": False, "unusable": False, "payload": payload}


def failed(error: Exception, *, unusable: bool) -> Result:
    return {"failed": True, "unusable": unusable, "payload": json.dumps(described(error))}


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


def described(error: Exception) -> Result:
    """An error in the shape that Lambda answers with."""
    traceback.print_exc()
    stack = traceback.format_tb(error.__traceback__)
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}


def ask(meet: str, event: str) -> None:
    os.chdir(meet)
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(SOCKET)
        talk.sendall(f"{event}\n".encode())
        answer = talk.makefile("rb").read()
    sys.stdout.buffer.write(answer)
    sys.exit(0 if answer else 1)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        ask(*sys.argv[2:])
