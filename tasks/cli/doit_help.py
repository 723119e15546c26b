"""`doit help` and `doit help deploy`, in place of doit's own: with all that a command takes."""

from collections.abc import Iterable
from typing import Any

from doit.cmd_base import DoitCmdBase
from doit.cmd_help import Help as DoitsHelp
from doit.exceptions import InvalidDodoFile

from ..commands import table
from ..context import arguments
from ..context.settings import current
from ..settings.model import Settings
from ..ui import streams
from ..util.errors import SettingsError
from .doit_run import HELP, has_ours, is_ours, names, names_typed


class Help(DoitsHelp):  # type: ignore[misc] # doit has no types
    """For a dodo.py of others it is doit's own: in the wheel it takes the place for all."""

    is_programs = False  # of `doit-lambda-layer`, which has no other help

    def parse_execute(self, in_args: list[str]) -> int:
        """`help -h`, `help deploy --help`."""
        if HELP & {*in_args} and (self.is_programs or has_ours(self.loader, self.opt_vals)):
            in_args = names_typed(in_args)
        return int(super().parse_execute(in_args) or 0)

    def execute(self, params: Any, args: list[str]) -> int:
        """Exit status. SettingsError for what is no command."""
        streams.prepare_streams()
        ours = has_ours(self.loader, params)
        if not (ours or self.is_programs or self.bin_name != "doit"):
            return int(super().execute(params, args))
        topic = args[0] if args else ""
        if topic in ("", "doit", "settings"):
            show(self._page(topic, params, ours=ours))
            return 0
        if topic == "init":
            from ..commands import init

            return init.main(["--help"])
        if topic in (*self.cmds, "task"):
            return int(super().execute(params, [topic]))
        DoitCmdBase.execute(self, params, [topic])
        return 0

    def _page(self, topic: str, params: Any, *, ours: bool) -> Iterable[str]:
        from . import help_text

        if topic == "doit":
            return help_text.of_doit(self.cmds)
        return help_text.of_settings(_now()) if topic else help_text.overview(self._own(ours))

    def _own(self, ours: bool) -> dict[str, str]:
        """Tasks of this project's dodo.py, which is shown also where the settings are wrong: that
        is when people ask."""
        try:
            tasks = self.loader.load_tasks(self, []) if ours else []
        except InvalidDodoFile:
            return {}
        own = [task for task in tasks if not task.subtask_of and task.name not in table.TYPED]
        return {task.name: task.doc for task in own}

    def _execute(self, pos_args: list[str]) -> bool:
        tasks = {task.name: task for task in self.task_list}
        if not is_ours(self.loader):
            return bool(super()._execute(pos_args))
        if pos_args[0] not in tasks:
            raise arguments.no_command(pos_args[0], names(self))
        task = tasks[pos_args[0]]
        if task.name.partition(":")[0] not in table.commands.known():  # a project's own
            return bool(super()._execute(pos_args))
        from . import help_text

        show(help_text.of_command(task.name, task.doc, _now()))
        return True


def _now() -> Settings:
    """Those in force, or the defaults where they cannot be read."""
    try:
        return current()
    except SettingsError:
        return Settings()


def show(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
