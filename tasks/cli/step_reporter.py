"""How doit shows a run: one line a step, with what it made and how long it took.

On a terminal that is all. `-v 2` shows every line, and so do pipes and CI, where they are folded.
Of a step that fails every line is shown.
"""

import os
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

from doit.exceptions import UnmetDependency
from doit.reporter import ConsoleReporter

from ..context import default_stage
from ..context.doit_actions import ToDo
from ..context.settings import assumed, current
from ..report import step_summary
from ..ui import ci, console
from ..ui.console import duration
from ..util.invoked_as import typed

QUIET, FULL = 1, 2  # doit's -v
COLUMNS = 60  # of a step's name and what it made; its time stands right of them


def verbosity() -> int:
    """What counts where nobody types -v: one line a step for a person who watches."""
    return QUIET if sys.__stdout__ and sys.__stdout__.isatty() else FULL


class StepReporter(ConsoleReporter):  # type: ignore[misc] # doit has no types
    """doit's console reporter in plain words, with sizes and durations."""

    desc = "one line a step, with sizes and durations"

    def __init__(self, outstream: Any, options: dict[str, Any]) -> None:
        super().__init__(outstream, options)
        self._started = 0.0
        self._words: list[Any] = []
        self._rows: list[tuple[str, str, str, str]] = []
        self._folded = ""

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        super().initialize(tasks, selected_tasks)
        if assumed():
            console.plain(default_stage.SENTENCE)

    def execute_task(self, task: Any) -> None:
        if not task.actions:
            return
        self._started = time.monotonic()
        console.show_details(task.verbosity >= FULL)
        if step_summary.is_step(task.name):
            if task.verbosity < FULL:
                console.hold(task.name)
                return
            self._folded = ci.begin_fold(task.name, os.environ)
        if self._folded:
            console.mark(self._folded)
        else:
            console.write(("bold", f"▶ {task.name}"))

    def _unfold(self, task: Any) -> list[str]:
        """End what a step's lines are in. Those that were held back."""
        if self._folded:
            console.mark(ci.end_fold(task.name, os.environ))
        self._folded = ""
        return console.release()

    def add_success(self, task: Any) -> None:
        if task.actions:
            took = duration(time.monotonic() - self._started)
            self._end(task, ("green", "✓"), self._unfold(task), took)
        self._remember(task)

    def _end(self, task: Any, mark: tuple[str, str], said: list[str], took: str) -> None:
        if not step_summary.is_step(task.name):
            console.write(mark, f" {task.name} ", ("dim", f"({took})"))
            return
        made = step_summary.summarize_step(task.name, current(), said)
        head = f"{task.name:<15} "
        first, *more = _folded(made, COLUMNS - len(head))
        console.write(mark, f" {head + first:<{COLUMNS}} ", ("dim", f"{took:>8}"))
        for line in more:
            console.write(f"  {' ' * len(head)}{line}")
        self._rows.append(("✓", task.name, made, took))

    def skip_uptodate(self, task: Any) -> None:
        if task.actions and not (task.meta or {}).get("seldom"):
            console.write(("dim", f"· {task.name}: up to date"))
            self._rows.append(("·", task.name, "up to date", ""))
        self._remember(task)

    def _remember(self, task: Any) -> None:
        """What a task wants said at the end: `meta: {"last_words": text, or what gives lines}`. One
        that is `seldom` needed is not spoken of when it was not."""
        last_words = (task.meta or {}).get("last_words")
        self._words += [last_words] if last_words else []

    def _write_failure(self, result: dict[str, Any], write_exception: bool = True) -> None:
        name, message = result["task"].name, typed(result["exception"].get_msg())
        for line in self._unfold(result["task"]):
            console.say(line)
        if isinstance(result["exception"], UnmetDependency):
            first = message.split()[0]
            console.write(("yellow", f"· {name}: not run, since {first} did not end well"))
            return
        if isinstance(result["exception"], ToDo):
            console.write(("yellow", f"● {name}:"), end=" ")
        else:
            console.write(("red", f"✗ {name} failed"))
            self._rows.append(("✗", name, message.strip().splitlines()[0], ""))
            console.mark(ci.error(name, message, os.environ))
        console.write(message)

    def complete_run(self) -> None:
        """Failures were shown where they happened. Only doit's own errors are left to say."""
        for error in self.runtime_errors:
            console.write(str(error))
        words = [typed(line) for each in self._words for line in _lines(each)]
        for line in words:
            console.write(line)
        self._summarize(words)

    def _summarize(self, words: list[str]) -> None:
        target = os.environ.get("GITHUB_STEP_SUMMARY")
        if target and any(step_summary.is_step(name) for _, name, _, _ in self._rows):
            try:
                with Path(target).open("a", encoding="utf-8") as file:
                    file.write(ci.summary(self._rows, words))
            except OSError as error:
                console.write(f"warning: the job's summary is not written: {error}")


def _lines(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words())


def _folded(text: str, width: int) -> list[str]:
    """One line at least. A word that is too long, an ARN say, stays whole."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
