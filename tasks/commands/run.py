"""doit's own `run`, which every command goes through: what it cannot remember is said in words."""

import sqlite3
import sys
from typing import Any

from doit.cmd_run import Run as DoitsRun
from doit.dependency import DatabaseException

from ..core.errors import InputError


class Run(DoitsRun):  # type: ignore[misc] # doit has no types
    """`.doit.sqlite3` may be on a full or read-only disk, or be no database at all."""

    def execute(self, params: Any, args: list[str]) -> int:
        """Exit status 1 where doit would show a traceback."""
        try:
            return int(super().execute(params, args) or 0)
        except (sqlite3.Error, DatabaseException) as error:
            said = InputError(
                f".doit.sqlite3 cannot be used: {error.__context__ or error}",
                fix="give it space and yourself the right to write it, or delete it: what was done "
                "stands, and the next run looks at everything anew",
            )
            print(said, file=sys.stderr)
            return 1
