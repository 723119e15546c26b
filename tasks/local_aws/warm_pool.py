"""Execution environments of the emulator's functions, kept warm as Lambda keeps them.

One is a sandbox with the function's code and layers, and a process in it that runs the function as
Lambda does (docker/lambda_runtime.py). After an invocation it stays for the next one of the same
function: same code, layers, handler, variables, limits. It ends when it is idle for long, when its
sandbox fails, or when the function has changed. What times out or dies is only the function's
process: the next invocation begins with another one.
"""

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ..sandbox.job_users import FUNCTION
from ..sandbox.protocol import Job, Outcome, Sandbox
from ..util import files
from ..util.errors import LayerError

IDLE_SECONDS = 300  # Lambda promises nothing; it was seen to keep them for some minutes
LAST_WORDS = 5  # seconds until a process that has broken off the talk is seen to be gone
SILENT = 20.0  # seconds without a beat of docker/lambda_runtime.py
READY = "ready"  # what docker/lambda_runtime.py prints when it listens


@dataclass(frozen=True, kw_only=True)
class FunctionAnswer:
    """`payload`: JSON text. `failed`: the function raised or died. `log`: of this invocation, with
    Lambda's own lines."""

    payload: str
    failed: bool
    log: str


def read_answer(said: str) -> FunctionAnswer:
    """`said`: JSON of docker/lambda_runtime.py, its texts in base64."""
    told = json.loads(said)
    texts = {name: base64.b64decode(told[name]).decode() for name in ("payload", "log")}
    return FunctionAnswer(failed=told["failed"], **texts)


class Environment:
    """`serve`: the job that runs the function. It listens when this is made. One invocation at a
    time. LayerError when the sandbox fails."""

    def __init__(self, sandbox: Sandbox, serve: Job) -> None:
        self._sandbox, self._network = sandbox, serve.network
        self._lines: list[str] = []
        self._ended: Outcome | LayerError | None = None
        self._said = threading.Condition()
        self.usable = True
        threading.Thread(target=self._serve, args=[serve], daemon=True).start()
        with self._said:
            self._said.wait_for(lambda: self._ended or READY in self._lines)
        if isinstance(self._ended, LayerError):
            raise self._ended

    def _serve(self, job: Job) -> None:
        """In a thread that lives as long as the process, which ends with it
        (util/subprocesses.py)."""
        ended: Outcome | LayerError
        try:
            ended = self._sandbox.run(job, self._hear)
        except LayerError as error:
            ended = error
        with self._said:
            self._ended = ended
            self._said.notify_all()

    def _hear(self, line: str) -> None:
        with self._said:
            self._lines.append(line)
            self._said.notify_all()

    def ask(self, event: str, context: str, seconds: float) -> FunctionAnswer:
        """What the function makes of `event`, JSON text, in at most so many seconds. `context`: the
        client's, JSON text or ''. LayerError when the sandbox fails. Whatever the function does is
        an Answer."""
        job = Job(
            argv=("{python}", "{scripts}/lambda_runtime.py", "ask", "{meet}", "{work}/event.json"),
            kind=FUNCTION,
            inputs={"event.json": json.dumps({"event": event, "context": context}).encode()},
            network=self._network,
            timeout=seconds,
            silence=SILENT,
        )
        try:
            outcome = self._sandbox.run(job)
        except TimeoutError:
            return self._lost("it does not answer; a function must not stop its runtime")
        if outcome.code:
            return self._lost(f"it ended with status {outcome.code}\n{outcome.tail}".rstrip())
        try:
            return read_answer(outcome.output)
        except ValueError:
            return self._lost("its answer is too large to be read")

    def _lost(self, why: str) -> FunctionAnswer:
        """What runs the function is gone: the function ended it, or the sandbox did."""
        self.usable = False
        with self._said:
            self._said.wait_for(lambda: self._ended, timeout=LAST_WORDS)
            log = "".join(f"{line}\n" for line in self._lines if line != READY)
        message = f"the function's execution environment was lost: {why}"
        error = {"errorType": "Runtime.ExitError", "errorMessage": message}
        return FunctionAnswer(payload=json.dumps(error), failed=True, log=log)

    def close(self) -> None:
        """And wait until the process has ended."""
        self.usable = False
        self._sandbox.close()
        with self._said:
            self._said.wait_for(lambda: self._ended, timeout=LAST_WORDS)


@dataclass
class Environments:
    """Those of all functions. At most one of a function is kept idle. Of invocations at the same
    time each has its own."""

    _idle: dict[str, tuple[str, Environment, threading.Timer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(
        self, name: str, made_of: object, start: Callable[[], Environment],
        ask: Callable[[Environment], FunctionAnswer],
    ) -> FunctionAnswer:  # fmt: skip
        """`name`: the function. `made_of`: all that decides what runs. `start`: a new one."""
        version = files.digest(made_of)
        environment = self._take(name, version) or start()
        try:
            return ask(environment)
        except BaseException:
            environment.usable = False
            raise
        finally:
            self._give_back(name, version, environment)

    def _take(self, name: str, version: str) -> Environment | None:
        with self._lock:
            known, environment, timer = self._idle.pop(name, ("", None, None))
        if timer:
            timer.cancel()
        if environment and known != version:
            environment.close()
            return None
        return environment

    def _give_back(self, name: str, version: str, environment: Environment) -> None:
        if not environment.usable:
            environment.close()
            return
        timer = threading.Timer(IDLE_SECONDS, lambda: self._close(name, environment))
        timer.daemon = True
        with self._lock:
            _, former, waiting = self._idle.get(name, ("", None, None))
            self._idle[name] = (version, environment, timer)
            timer.start()
        if former and waiting:
            waiting.cancel()
            former.close()

    def _close(self, name: str, environment: Environment) -> None:
        with self._lock:
            idle = self._idle.get(name)
            if idle is None or idle[1] is not environment:
                return
            del self._idle[name]
        environment.close()

    def end(self) -> None:
        """All that are idle."""
        with self._lock:
            ended, self._idle = list(self._idle.values()), {}
        for _, environment, timer in ended:
            timer.cancel()
            environment.close()
