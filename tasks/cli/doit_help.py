"""`doit help` and `doit help deploy`, in place of doit's own: with all that a command takes."""

from typing import Any

from doit.cmd_base import DoitCmdBase
from doit.cmd_help import Help as DoitsHelp
from doit.exceptions import InvalidDodoFile

from ..context import arguments
from ..context.settings import current
from ..settings.model import Settings
from ..ui import streams
from ..util.errors import SettingsError
from ..util.invoked_as import typed
from . import help_text
from .doit_run import is_ours, names

FIRST = """Ship a Chalice app's dependencies as a Lambda layer.

  ./doitw list             what there is
  ./doitw help deploy      what a command does, and everything that it takes
  ./doitw help settings    every setting, where it is said, what it is now
  ./doitw tabcompletion    completion for bash and zsh: eval "$(./doitw tabcompletion)"

The rest is doit's own:
"""


class Help(DoitsHelp):  # type: ignore[misc] # doit has no types
    """For a dodo.py of others it is doit's own: in the wheel it takes the place for all."""

    def execute(self, params: Any, args: list[str]) -> int:
        """Our own first words only from our own program."""
        streams.prepare_streams()
        if not args and self.bin_name != "doit":
            print(typed(FIRST))
        if len(args) != 1 or args[0] in (*self.cmds, "task"):
            return int(super().execute(params, args))
        if args == ["settings"] and self._has_settings(params):
            return 0
        try:
            known = DoitCmdBase.execute(self, params, args)
        except SettingsError:
            raise  # doit's own help would show its usage instead
        except InvalidDodoFile:
            known = False
        if not known:
            self.print_usage(self.cmds)
        return 0

    def _has_settings(self, params: Any) -> bool:
        """Shown also where they cannot be read: that is when people ask."""
        try:
            self.loader.setup(params)
        except InvalidDodoFile:
            return False
        if not is_ours(self.loader):
            return False
        try:
            now = current()
        except SettingsError:
            now = Settings()
        for line in help_text.of_settings(now):
            print(typed(line))
        return True

    def _execute(self, pos_args: list[str]) -> bool:
        tasks = {task.name: task for task in self.task_list}
        if not is_ours(self.loader):
            return bool(super()._execute(pos_args))
        if pos_args[0] not in tasks:
            raise arguments.no_command(pos_args[0], names(self))
        task = tasks[pos_args[0]]
        for line in help_text.of_command(task.name, task.doc, current()):
            print(typed(line))
        return True
