"""doit's own commands beside `run` and `help`: what was mistyped is said in our words. For a
dodo.py of others each is doit's own: in the wheel they take the place for all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from doit.cmd_base import Command
from doit.cmd_dumpdb import DumpDB as DoitsDumpDB
from doit.cmd_ignore import Ignore as DoitsIgnore
from doit.cmd_info import Info as DoitsInfo
from doit.cmd_list import List as DoitsList
from doit.cmdparse import CmdParseError
from doit.doit_cmd import DoitMain
from doit.exceptions import InvalidCommand

from ..commands import table
from ..context import arguments
from ..util.errors import SettingsError
from ..util.invoked_as import typed
from .doit_help import Help
from .doit_run import HELP, has_ours, names, options_first

DATABASE = Path(".doit.sqlite3")


class Guarded:
    """Before one of doit's commands."""

    def __init__(self, task_loader: Any = None, cmds: Any = None, **named: Any) -> None:
        begin: Any = super().__init__
        begin(task_loader=task_loader, cmds=cmds, **named)
        self.loader, self._cmds = task_loader, cmds

    def parse_execute(self, in_args: list[str]) -> int:
        """Exit status. SettingsError for what the command does not take. `-h` is its help, and
        options stand anywhere: `clean build --dry-run`."""
        mine: Any = super()
        this: Any = self
        if not has_ours(self.loader, this.opt_vals):
            return int(mine.parse_execute(in_args) or 0)
        if HELP & {*in_args}:
            return self._helped()
        try:
            self.refuse_unusable()
            return int(mine.parse_execute(options_first(in_args, this.cmdparser)) or 0)
        except CmdParseError as error:
            raise arguments.no_option(str(error)) from None
        except InvalidCommand as error:
            if not error.not_found:
                raise
            raise arguments.no_command(error.not_found, names(self)) from None

    def _helped(self) -> int:
        this: Any = self
        told = Help(
            task_loader=self.loader, config=this.config, bin_name=this.bin_name, cmds=self._cmds
        )
        return int(told.parse_execute([this.get_name()]))

    def refuse_unusable(self) -> None:
        """SettingsError for a command that cannot work here."""


def guarded(command: type[Command]) -> type[Command]:
    made: type[Command] = type(command.__name__, (Guarded, command), {})
    return made


DOITS = {
    each.get_name(): guarded(each)
    for each in DoitMain.DOIT_CMDS
    if each.get_name() not in ("help", "run", "tabcompletion")
}


class Info(Guarded, DoitsInfo):  # type: ignore[misc] # doit has no types
    """doit's own has a traceback for a task that is none."""

    def execute(self, params: Any, args: list[str]) -> int:
        """SettingsError for it. What is made of steps has no state of its own, and doit would call
        it up to date."""
        groups = table.STEPS if has_ours(self.loader, self.opt_vals) else {}
        is_group = args[:1] != [] and args[0] in groups
        if is_group:
            params["hide_status"] = True
        try:
            code = int(super().execute(params, args) or 0)
            if is_group:
                print(f"\nits steps: {', '.join(groups[args[0]])}")
                print(typed("each has a state: ./doitw info STEP. All of it: ./doitw plan"))
            return code
        except KeyError:
            known = names(self)
            if args[0] in known or not has_ours(self.loader, self.opt_vals):
                raise
            raise arguments.no_command(args[0], known) from None


class List(Guarded, DoitsList):  # type: ignore[misc] # doit has no types
    """doit's own calls what is made of steps up to date, whatever these are."""

    def _print_task(
        self, template: str, task: Any, status: bool, list_deps: bool, tasks: Any
    ) -> None:
        if status and any(self._is_to_run(tasks[step], tasks) for step in self._steps(task)):
            template, status = template.replace("{status}", "R"), False
        super()._print_task(template, task, status, list_deps, tasks)

    def _steps(self, task: Any) -> list[str]:
        ours = has_ours(self.loader, self.opt_vals)
        return table.steps_of(task.name) if ours else []

    def _is_to_run(self, step: Any, tasks: Any) -> bool:
        return bool(self.dep_manager.get_status(step, tasks).status == "run")


class DumpDB(Guarded, DoitsDumpDB):  # type: ignore[misc] # doit has no types
    """doit's own reads the file of another backend."""

    def refuse_unusable(self) -> None:
        raise SettingsError(
            f"command line: dumpdb cannot read {DATABASE}, which is SQLite's",
            fix=f"sqlite3 {DATABASE} .dump, or ./doitw info TASK",
        )


class Ignore(Guarded, DoitsIgnore):  # type: ignore[misc] # doit has no types
    """doit's own skips a step, and with it all that needs it, in each run until `forget`."""

    def execute(self, params: Any, args: list[str]) -> int:
        """SettingsError for a step of ours."""
        if has_ours(self.loader, self.opt_vals):
            refuse_ignored(args)
        return int(super().execute(params, args) or 0)


def refuse_ignored(names: Sequence[str]) -> None:
    if needed := [name for name in names if name.partition(":")[0] in table.commands.known()]:
        raise SettingsError(
            f"command line: {', '.join(needed)} cannot be ignored: what comes after needs it",
            fix="./doitw help settings shows what a step can leave out. ./doitw forget STEP lifts "
            "what was ignored before",
        )


DOITS |= {"info": Info, "list": List, "dumpdb": DumpDB, "ignore": Ignore}
# For the entry points of the wheel
Clean, Forget, Strace, ResetDep = (
    DOITS[name] for name in ("clean", "forget", "strace", "reset-dep")
)
