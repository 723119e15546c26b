"""Execution environments of the embedded AWS's functions, kept warm as Lambda keeps them.

One is a sandbox with the function's code and layers, and a process in it that has imported the
handler and waits for events (docker/lambda_runtime.py). After an invocation it stays for the
next one of
the same function: same code, layers, handler, variables. It ends when it is idle for long, times
out, dies, could not be initialised, or when the function has changed.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..sandbox.job_kinds import FUNCTION
from ..sandbox.protocol import Job, Outcome, Sandbox, scripts
from ..util import files
from ..util.errors import LayerError

IDLE_SECONDS = 300  # Lambda promises nothing; it was seen to keep them for some minutes
LAST_WORDS = 5  # seconds until a process that has broken off the talk is seen to be gone
END = "\0end"  # what docker/lambda_runtime.py prints behind what the function printed


@dataclass(frozen=True, kw_only=True)
class FunctionAnswer:
    """`payload`: JSON text; `failed`: the function raised or died; `log`: what it printed."""

    payload: str
    failed: bool
    log: str


class Environment:
    """`serve`: the job that waits for events; it does when this is made. One invocation at a time.
    LayerError when the sandbox fails."""

    def __init__(self, sandbox: Sandbox, serve: Job) -> None:
        self._sandbox, self._network = sandbox, serve.network
        self._lines: list[str] = []
        self._ended: Outcome | LayerError | None = None
        self._said = threading.Condition()
        self.usable = True
        threading.Thread(target=self._serve, args=[serve], daemon=True).start()
        self._log()
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

    def ask(self, event: object, seconds: float) -> FunctionAnswer:
        """What the function makes of it. LayerError when the sandbox fails; whatever the function
        does is an Answer."""
        job = Job(
            argv=("{python}", "{scripts}/lambda_runtime.py", "ask", "{tmp}", "{work}/event.json"),
            kind=FUNCTION,
            inputs={"event.json": json.dumps(event).encode()} | scripts(["lambda_runtime.py"]),
            network=self._network,
            timeout=seconds,
        )
        try:
            outcome = self._sandbox.run(job)
        except TimeoutError:
            return self._died(f"Task timed out after {seconds:.2f} seconds")
        if outcome.code:
            return self._died(self._exit())
        answer = json.loads(outcome.output)
        self.usable = not answer["unusable"]
        return FunctionAnswer(payload=answer["payload"], failed=answer["failed"], log=self._log())

    def _died(self, message: str) -> FunctionAnswer:
        self.usable = False
        with self._said:
            log = _text(self._lines)
        return FunctionAnswer(payload=json.dumps({"errorMessage": message}), failed=True, log=log)

    def _exit(self) -> str:
        with self._said:
            self._said.wait_for(lambda: self._ended, timeout=LAST_WORDS)
            status = f"exit status {self._ended.code}" if isinstance(self._ended, Outcome) else "?"
        return f"Runtime exited with error: {status}"

    def _log(self) -> str:
        """What was printed until the process waits again, or has ended."""
        with self._said:
            self._said.wait_for(lambda: self._ended or self._end() is not None)
            end = self._end()
            upto = len(self._lines) if end is None else end + 1
            printed, self._lines = self._lines[:upto], self._lines[upto:]
        return _text(printed)

    def _end(self) -> int | None:
        """Which line ends what was printed so far, if one does."""
        ends = (number for number, line in enumerate(self._lines) if line.endswith(END))
        return next(ends, None)

    def close(self) -> None:
        """And wait until the process has ended."""
        self.usable = False
        self._sandbox.close()
        with self._said:
            self._said.wait_for(lambda: self._ended, timeout=LAST_WORDS)


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines).replace(f"{END}\n", "")


@dataclass
class Environments:
    """Those of all functions. At most one of a function is kept idle; of invocations at the same
    time each has its own."""

    _idle: dict[str, tuple[str, Environment, threading.Timer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(
        self, name: str, made_of: object, start: Callable[[], Environment], event: Any,
        seconds: float,
    ) -> FunctionAnswer:  # fmt: skip
        """`name`: the function; `made_of`: all that decides what runs; `start`: a new one."""
        version = files.digest(made_of)
        environment = self._take(name, version) or start()
        try:
            return environment.ask(event, seconds)
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
