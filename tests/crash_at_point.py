"""Starts the tool as ./doitw does and lets it meet a signal at an exact point of a step.

    python crashing.py count FILE -- deploy stage=local
    python crashing.py KILL publish 3 -- deploy stage=local

Points of a step: 0 is its begin; then each time that it is about to change something – a file, a
process, a connection – or says something; `end` is when it is done and doit does not know yet.
"""

import json
import os
import runpy
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

CHANGES = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod", "os.truncate",
    "subprocess.Popen", "socket.connect", "http.client.send", "shutil.move",
}  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Points:
    """Counts the points of each step, and does something at one of them."""

    def __init__(self, wanted: tuple[str, str] | None = None, number: int = 0) -> None:
        self.step, self.seen = "", Counter[str]()
        self._wanted, self._number = wanted, number

    def pass_(self, point: str = "") -> None:
        """One more. `point`: its name, where it has one."""
        if not self.step:
            return
        at = {point, str(self.seen[self.step])}
        if point and self._wanted and self._wanted[0] == self.step:
            at.add(self._wanted[1])  # the step is over before it came so far this time
        self.seen[self.step] += 1
        if self._wanted and self._wanted[0] == self.step and self._wanted[1] in at:
            self._wanted = None
            self.struck(time.time())
            os.kill(os.getpid(), self._number)

    def struck(self, when: float) -> None:
        """Tell whoever measures how long the end takes. Not through `open`, which is a point."""
        handle = os.open(os.environ["STRUCK"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(handle, str(when).encode())
        os.close(handle)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit event (PEP 578)."""
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if writes or event in CHANGES:
            self.pass_()


def watch(points: Points) -> None:
    """Follow doit from step to step."""
    from tasks.cli import step_reporter
    from tasks.ui import console

    class Watched(step_reporter.StepReporter):
        def execute_task(self, task: Any) -> None:
            super().execute_task(task)
            points.step = task.name if task.actions else ""
            points.pass_()

        def add_success(self, task: Any) -> None:
            points.pass_("end")
            points.step = ""
            super().add_success(task)

    step_reporter.StepReporter = Watched  # type: ignore[misc] # in place of a class
    printed = console.console().print

    def print_(*objects: Any, **options: Any) -> None:
        printed(*objects, **options)
        points.pass_()

    console.console().print = print_  # type: ignore[method-assign] # to hear each line
    sys.addaudithook(points.hear)


def main() -> None:
    split = sys.argv.index("--")
    how, command = sys.argv[1:split], sys.argv[split + 1 :]
    sys.path[0] = str(Path.cwd())
    counting = how[0] == "count"
    points = (
        Points() if counting else Points((how[1], how[2]), signal.Signals[f"SIG{how[0]}"].value)
    )
    watch(points)
    sys.argv = ["tasks", *command]
    try:
        runpy.run_module("tasks", run_name="__main__", alter_sys=True)
    finally:
        if counting:
            Path(how[1]).write_text(json.dumps(points.seen))


if __name__ == "__main__":
    main()
