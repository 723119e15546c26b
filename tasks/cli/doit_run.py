"""doit's own `run`, which every command goes through: what it cannot do is said in our words."""

import shlex
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from doit.cmd_base import DodoTaskLoader, DoitCmdBase
from doit.cmd_run import Run as DoitsRun
from doit.cmdparse import CmdOption, CmdParse, CmdParseError
from doit.dependency import DatabaseException
from doit.exceptions import InvalidCommand, InvalidDodoFile

from ..commands import table
from ..context import arguments
from ..util.errors import InputError, SettingsError

HELP = {"-h", "--help"}


class Run(DoitsRun):  # type: ignore[misc] # doit has no types
    """For a dodo.py of others it is doit's own: in the wheel it takes the place for all."""

    def __init__(self, cmds: Any = None, **named: Any) -> None:
        super().__init__(cmds=cmds, **named)
        self._cmds = cmds

    def parse_execute(self, in_args: list[str]) -> int:
        """`-h` and `init`, wherever they are typed. What doit would not understand."""
        ours = has_ours(self.loader, self.opt_vals)
        if (HELP & {*in_args} or in_args[:1] == ["init"]) and ours:
            return self._aside(in_args)
        try:
            return int(super().parse_execute(in_args) or 0)
        except CmdParseError as error:
            if not ours:
                raise
            raise arguments.no_option(str(error)) from None

    def _aside(self, words: list[str]) -> int:
        if words[:1] == ["init"]:
            from ..commands import init

            return init.main(words[1:])
        from .doit_help import Help

        told = Help(
            task_loader=self.loader, config=self.config, bin_name=self.bin_name,
            cmds=self._cmds,
        )  # fmt: skip
        return int(told.parse_execute(names_typed(words)[:1]))

    def execute(self, params: Any, args: list[str]) -> int:
        """Exit status 1 where doit would show a traceback: `.doit.sqlite3` may be on a full or
        read-only disk, or be no database at all. SettingsError for what was mistyped."""
        self.loader.setup(params)
        if is_ours(self.loader):
            arguments.refuse_slips(sys.argv[1:])
            args = self._options_after(params, args)
        try:
            return int(super().execute(params, args) or 0)
        except (sqlite3.Error, DatabaseException) as error:
            if not is_ours(self.loader):
                raise
            return _forgetful(error)
        except InvalidCommand as error:
            if not (error.not_found and is_ours(self.loader)):
                raise
            if error.not_found in self.loader.cmd_names:
                raise late(error.not_found) from None
            raise arguments.no_command(error.not_found, names(self)) from None

    def _options_after(self, params: Any, args: list[str]) -> list[str]:
        """`deploy -v 2` as `-v 2 deploy`, and the rest. Our tasks have no options of their own. A
        project's may. Nor do ours run at once: each waits for the one before it, and uses all
        cores by itself."""
        ours = {*table.TYPED, *table.commands.known()}
        if not args or {word.partition(":")[0] for word in args if word[0] != "-"} & ours:
            late, args = self.cmdparser.parse_only(options_first(args, self.cmdparser))
            for name, value in {**late, "num_process": 0}.items():
                params[name] = value  # `update` would count it as a default
        return args


def options_first(words: Sequence[str], parser: Any) -> list[str]:
    """What is an option of doit's, with its value, before all else: `getopt` stops at a name."""
    first, rest = _parted(words, parser)
    return first + rest


def _parted(words: Sequence[str], parser: Any) -> tuple[list[str], list[str]]:
    first, rest, left = [], [], list(words)
    while left:
        word = left.pop(0)
        long, equals, _ = word.partition("=")
        option, _ = parser.get_option(long if word[:2] == "--" else word[:2])
        if word[:1] != "-" or option is None:
            rest.append(word)
            continue
        first.append(word)
        if option.type is not bool and not equals and len(word) in (2, len(f"--{option.long}")):
            first += left[:1] or [""]  # of which doit says that it is no value
            del left[:1]
    return first, rest


def names_typed(words: Sequence[str]) -> list[str]:
    """Commands of a line, and what is set in it, without options and what belongs to them."""
    options = (*DoitCmdBase.base_options, *DodoTaskLoader.cmd_options, *DoitsRun.cmd_options)
    parser = CmdParse([CmdOption(each) for each in options])
    known = [word for word in words if word not in HELP]
    return [word for word in _parted(known, parser)[1] if word[:1] != "-"]


def late(command: str) -> SettingsError:
    """For a command of doit's behind something else: `-v 2 list`, `deploy help`."""
    line = [command, *(word for word in names_typed(sys.argv[1:]) if word != command)]
    problem = f"command line: {command} comes first, without the options of a step"
    return SettingsError(problem, fix=f"./doitw {shlex.join(line)}")


def has_ours(loader: Any, values: Mapping[str, Any]) -> bool:
    """Known before the command line is. `values`: options of the loader that were typed."""
    params, _ = CmdParse([CmdOption(each) for each in loader.cmd_options]).parse([])
    try:
        loader.setup({**params, **values})
    except InvalidDodoFile:
        return False
    return is_ours(loader)


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
        fix="free some disk space and allow yourself to write it, or delete it: the next run "
        "checks every step again",
    )
    print(said, file=sys.stderr)
    return 1
