"""How doit shows a run: one line as a step starts, one when it ends, errors without noise."""

import time
from typing import Any

from doit.reporter import ConsoleReporter

from tasks.core.actions import ToDo
from tasks.core.console import console, duration


class StepReporter(ConsoleReporter):  # type: ignore[misc] # doit has no types
    """doit's console reporter in plain words, with durations."""

    desc = "one line a step, with durations"

    def __init__(self, outstream: Any, options: dict[str, Any]) -> None:
        super().__init__(outstream, options)
        self._started = 0.0
        self._last_words: list[str] = []

    def execute_task(self, task: Any) -> None:
        if task.actions:
            self._started = time.monotonic()
            console().print(f"[bold]▶ {task.name}[/bold]")

    def add_success(self, task: Any) -> None:
        if task.actions:
            took = duration(time.monotonic() - self._started)
            console().print(f"[green]✓[/green] {task.name} [dim]({took})[/dim]")
        self._remember(task)

    def skip_uptodate(self, task: Any) -> None:
        if task.actions:
            console().print(f"[dim]· {task.name}: up to date[/dim]")
        self._remember(task)

    def _remember(self, task: Any) -> None:
        """What a task wants said at the end of the run: `meta: {"last_words": "…"}`."""
        self._last_words += [task.meta["last_words"]] if task.meta else []

    def _write_failure(self, result: dict[str, Any], write_exception: bool = True) -> None:
        if isinstance(result["exception"], ToDo):
            console().print(f"[yellow]● {result['task'].name}:[/yellow]", end=" ")
        else:
            console().print(f"[red]✗ {result['task'].name} failed[/red]")
        console().print(result["exception"].get_msg(), markup=False)

    def complete_run(self) -> None:
        """Failures were shown where they happened; only doit's own errors are left to say."""
        for error in self.runtime_errors:
            console().print(error, markup=False)
        for line in self._last_words:
            console().print(line, markup=False)
