"""A function's execution environment, as Lambda keeps one: its process, under Lambda's own runtime
client, and the Runtime API that the client asks.

    lambda_runtime.py serve MEET CONFIG TASK RUNTIME    prints READY when it listens. To its end
    lambda_runtime.py ask MEET EVENT                    one invocation. Prints its answer as JSON
    lambda_runtime.py init CONFIG TASK RUNTIME    starts the handler of $_HANDLER, without an event.
                                               Prints {} or what went wrong, JSON

MEET is where both meet: a folder with a socket, or @NAME of one without a file (unix(7)). It is not
in /tmp, which a function may empty. TASK is the function's, RUNTIME holds `bootstrap`, which starts
it. CONFIG: {"variables": names of those around it that are the function's, "timeout":
seconds, "memory": MB, "port": of the Runtime API, 0 for any, "processes": most of them, 0 for any
number, "arn", "version", "runtime": its name}. EVENT: {"event": JSON text, "context": the client's,
JSON text or ''}. The answer: {"payload",
"failed", "log"}, its texts in base64. No value of a variable is in a file:
some may be secrets.

`ask` ends with 0 whatever the function did, with 1 when `serve` is gone. What happens when is what
AWS's "Understanding the Lambda execution environment lifecycle" says: the first process has ten
seconds to initialise. One that fails, and any after one that died, has the function's own time for
it. Standard library only.
"""

import base64
import json
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from function_process import EXIT, MEMORY, TIME_OUT, Process
from runtime_api import MOST_ANSWERED, Event

SOCKET = "events"  # relative: the name of a socket has a hundred characters at most
READY = "ready"
INIT_SECONDS = 10.0  # AWS quota
FROM_HERE = (
    "PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy",
    "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "HOME",
)  # the image's own, this network's, and what keeps it from your home  # fmt: skip
TIMED_OUT = "Sandbox.Timedout"
BEAT = 1.0  # seconds
LAST_WORDS = 1.0  # seconds for one that could not be initialised


class Environment:
    """One invocation at a time. `places`: the folders of the function and of the runtime."""

    def __init__(self, config: "dict[str, Any]", places: "dict[str, str]") -> None:
        wanted = (*FROM_HERE, *config["variables"])
        here = {name: os.environ[name] for name in wanted if name in os.environ}
        shell = {"PWD": places["LAMBDA_TASK_ROOT"], "SHLVL": "0"}  # of `bootstrap`, if it is bash
        self._config = config | {"environment": here | shell | places}
        self._command = [f"{places['LAMBDA_RUNTIME_DIR']}/bootstrap"]
        self._process: Process | None = None
        self._log: list[str] = []
        self._request = ""
        self._peak = 0  # bytes of memory
        self._fresh = True

    def invoke(self, event: str, context: str) -> "dict[str, Any]":
        self._log, self._request = [], str(uuid.uuid4())
        init = self._begin() if self._fresh else 0.0
        started = time.monotonic()
        deadline = started + self._config["timeout"]
        failure = None if self._process else self._initialise("invoke", deadline)
        self._log.append(f"START RequestId: {self._request} Version: {self._config['version']}\n")
        answer = b""
        if failure is None and self._process:
            answer, failure = self._handle(self._process, event, context, deadline)
        if failure and failure.type == TIMED_OUT:
            self._log.append(f"{_now()} {self._request} {self._timed_out()}\n\n")
        self._log.append(self._report(time.monotonic() - started, init, failure))
        return {
            "payload": failure.answer if failure else answer.decode(errors="replace"),
            "failed": failure is not None,
            "log": "".join(self._log),
        }

    def check(self) -> str:
        """Initialise, and end: '' or what went wrong, JSON text."""
        failure = self._initialise("init", time.monotonic() + self._config["timeout"])
        if self._process:
            self._end(self._process)
        return failure.answer if failure else ""

    # ---- the phases -----------------------------------------------------------------------------

    def _begin(self) -> float:
        """The first initialisation: its seconds, 0 where it came to nothing."""
        self._fresh = False
        self._log.append(f"INIT_START Runtime Version: {self._config['runtime']}\n")
        started = time.monotonic()
        failure = self._initialise("init", started + INIT_SECONDS)
        return 0.0 if failure else time.monotonic() - started

    def _initialise(self, phase: str, deadline: float) -> "Failure | None":
        """There is a process that waits for events. Else why not."""
        started = time.monotonic()
        try:
            self._process = process = Process(self._command, self._config)
        except OSError as error:
            return self._error("Runtime.InvalidEntrypoint", str(error))
        cause = process.wait(lambda api: api.waits or bool(api.said), deadline)
        if process.api.waits and not cause:
            self._take(process)
            return None
        if not cause:  # it said what is wrong, and ends itself
            process.wait(lambda api: False, min(deadline, time.monotonic() + LAST_WORDS))
        failure = self._failed(process, cause)
        status = "timeout" if cause == TIME_OUT else f"error\tError Type: {failure.type}"
        self._log.append(
            f"INIT_REPORT Init Duration: {_ms(time.monotonic() - started)} ms\tPhase: {phase}\t"
            f"Status: {status}\n"
        )
        return failure

    def _handle(
        self, process: Process, event: str, context: str, deadline: float
    ) -> "tuple[bytes, Failure | None]":
        """(answer, None) or (nothing, what went wrong)."""
        headers = {
            "Aws-Request-Id": self._request,
            "Deadline-Ms": str(int((time.time() + deadline - time.monotonic()) * 1000)),
            "Invoked-Function-Arn": self._config["arn"],
            "Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};"
            f"Parent={uuid.uuid4().hex[:16]};Sampled=0",
        }
        process.api.give(Event(headers | ({"Client-Context": context} if context else {}), event))
        # an invocation ends when the process asks for the next event
        cause = process.wait(lambda api: bool(api.said) and api.waits, deadline)
        said = process.api.said
        if cause == MEMORY or said is None:
            return b"", self._failed(process, cause)
        self._end(process) if cause else self._take(process)
        if said.kind == "large":
            most = f"exceeded maximum allowed payload size ({MOST_ANSWERED} bytes)."
            return b"", Failure.made(
                "Function.ResponseSizeTooLarge", f"Response payload size {most}"
            )
        if said.kind == "error":
            return b"", Failure("", said.body.decode(errors="replace"))
        return said.body, None

    def _failed(self, process: Process, cause: str) -> "Failure":
        """Why. The process is ended. The next invocation begins with another."""
        said = process.api.said
        reason = process.reason() if cause == EXIT else "signal: killed"
        self._end(process)
        if cause == TIME_OUT:
            return Failure.made(TIMED_OUT, f"RequestId: {self._request} Error: {self._timed_out()}")
        if said and cause != MEMORY:
            return Failure(said.type, said.body.decode(errors="replace"))
        how = f"with error: {reason}" if reason else "without providing a reason"
        kind = "Runtime.OutOfMemory" if cause == MEMORY else "Runtime.ExitError"
        return self._error(kind, f"Runtime exited {how}")

    def _take(self, process: Process) -> None:
        """What it printed."""
        self._log.append(process.taken().decode(errors="replace"))
        self._peak = process.peak

    def _end(self, process: Process) -> None:
        process.end()
        self._take(process)
        self._process = None

    # ---- what is said of it ---------------------------------------------------------------------

    def _timed_out(self) -> str:
        return f"Task timed out after {self._config['timeout']:.2f} seconds"

    def _error(self, kind: str, message: str) -> "Failure":
        message = f"RequestId: {self._request} Error: {message}"
        self._log.append(f"{message}\n{kind}\n")
        return Failure.made(kind, message)

    def _report(self, seconds: float, init: float, failure: "Failure | None") -> str:
        kind = failure.type if failure else ""
        fields = {
            "Duration": f"{_ms(seconds)} ms",
            "Billed Duration": f"{ceil((seconds + init) * 1000)} ms",
            "Memory Size": f"{self._config['memory']} MB",
            "Max Memory Used": f"{min(ceil(self._peak / 2**20), self._config['memory'])} MB",
        }
        fields |= {"Init Duration": f"{_ms(init)} ms"} if init else {}
        fields |= {"Status": "timeout" if kind == TIMED_OUT else "error"} if kind else {}
        fields |= {"Error Type": kind} if kind and kind != TIMED_OUT else {}
        told = "\t".join(f"{name}: {value}" for name, value in fields.items())
        return f"END RequestId: {self._request}\nREPORT RequestId: {self._request}\t{told}\t\n"


class Failure(NamedTuple):
    """`type`: of an error of the process, '' for one of the handler. `answer`: JSON text."""

    type: str
    answer: str

    @classmethod
    def made(cls, kind: str, message: str) -> "Failure":
        return cls(kind, json.dumps({"errorType": kind, "errorMessage": message}))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # noqa: UP017 - the layer's Python may be 3.10


# ---- serve, ask ---------------------------------------------------------------------------------


def serve(meet: str, config: str, task: str, runtime: str) -> None:
    places = {"LAMBDA_TASK_ROOT": task, "LAMBDA_RUNTIME_DIR": runtime}
    if (trusted := Path(config).with_name("https.pem")).exists():  # the emulator's
        places["AWS_CA_BUNDLE"] = str(trusted)
    environment = Environment(json.loads(Path(config).read_text(encoding="utf-8")), places)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address(meet))
    listening.listen()
    print(READY, flush=True)
    while True:
        asking, _ = listening.accept()
        with asking:
            event = json.loads(asking.makefile().readline())  # any path, one of two lines, too
            asked = json.loads(Path(event).read_bytes())
            with beating(asking):
                answer = environment.invoke(**asked)
            asking.sendall(json.dumps(packed(answer)).encode())


def address(meet: str) -> str:
    if meet.startswith("@"):
        return f"\0{meet[1:]}"
    os.chdir(meet)
    return SOCKET


def packed(answer: "dict[str, Any]") -> "dict[str, Any]":
    """Its texts in base64: as JSON in JSON, six megabytes of quotes or controls would be many times
    as long, and a line has a limit (tasks/sandbox/watch.py)."""
    texts = {
        name: text.encode(errors="replace")
        for name, text in answer.items()
        if isinstance(text, str)
    }
    return answer | {name: base64.b64encode(each).decode() for name, each in texts.items()}


def init(config: str, task: str, runtime: str) -> None:
    told = json.loads(Path(config).read_text(encoding="utf-8"))
    places = {"LAMBDA_TASK_ROOT": task, "LAMBDA_RUNTIME_DIR": runtime}
    print(json.dumps(json.loads(Environment(told, places).check() or "{}")))  # ASCII, one line


@contextmanager
def beating(asking: socket.socket) -> "Iterator[None]":
    """An empty line every second, which `ask` passes on: a function may stop this process, and
    whoever waits outside (tasks/sandbox/watch.py) sees then that nothing comes."""
    over = threading.Event()

    def beat() -> None:
        with suppress(OSError):  # it waits no more
            while not over.wait(BEAT):
                asking.sendall(b"\n")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def ask(meet: str, event: str) -> None:
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(address(meet))
        talk.sendall(f"{json.dumps(event)}\n".encode())
        answer = b""
        for line in talk.makefile("rb"):
            if line == b"\n":
                print("~ the function", flush=True)
            else:
                answer = line
    sys.stdout.buffer.write(answer)
    sys.exit(0 if answer else 1)


if __name__ == "__main__":
    word, *given = sys.argv[1:]
    if word == "init":
        init(*given)
    elif word == "serve":
        serve(*given)
    else:
        ask(*given)
