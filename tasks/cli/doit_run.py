"""doit's own `run`, which every command goes through: what it cannot do is said in our words."""

import sqlite3
import sys
from typing import Any

from doit.cmd_run import Run as DoitsRun
from doit.cmdparse import CmdParseError
from doit.dependency import DatabaseException
from doit.exceptions import InvalidCommand

from ..context import arguments
from ..util.errors import InputError


class Run(DoitsRun):  # type: ignore[misc] # doit has no types
    """For a dodo.py of others it is doit's own: in the wheel it takes the place for all."""

    def execute(self, params: Any, args: list[str]) -> int:
        """Exit status 1 where doit would show a traceback: `.doit.sqlite3` may be on a full or
        read-only disk, or be no database at all. SettingsError for what was mistyped."""
        try:
            return int(super().execute(params, args) or 0)
        except (sqlite3.Error, DatabaseException) as error:
            if not is_ours(self.loader):
                raise
            return _forgetful(error)
        except InvalidCommand as error:
            if not (error.not_found and is_ours(self.loader)):
                raise
            raise arguments.no_command(error.not_found, names(self)) from None
        except CmdParseError as error:
            if not is_ours(self.loader):
                raise
            raise arguments.no_option(str(error)) from None


def is_ours(loader: Any) -> bool:
    """Does this dodo.py take its tasks from here?"""
    from .step_reporter import StepReporter  # for an error, or for help

    return loader.load_doit_config().get("reporter") is StepReporter


def names(command: Any) -> list[str]:
    """All that can stand where a command is typed: tasks, and doit's own commands."""
    return [*(task.name for task in command.task_list), *command.loader.cmd_names]


def _forgetful(error: Exception) -> int:
    said = InputError(
        f".doit.sqlite3 cannot be used: {error.__context__ or error}",
        fix="give it space and yourself the right to write it, or delete it: what was done "
        "stands, and the next run looks at everything anew",
    )
    print(said, file=sys.stderr)
    return 1
