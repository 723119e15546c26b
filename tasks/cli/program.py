"""The program: doit, with commands of ours in the place of four of its own."""

from typing import Any

from doit import plugin
from doit.cmd_base import Command
from doit.cmd_info import Info as DoitsInfo
from doit.doit_cmd import DoitMain

from ..commands.table import commands
from ..context.arguments import no_command
from ..util.invoked_as import CALL
from . import completion
from .doit_help import Help
from .doit_run import HELP, Run, names, options_first


class TabCompletion(Command):  # type: ignore[misc] # doit has no types
    """doit's own knows no `stage=`, and wants a package that is not everywhere."""

    doc_purpose = "completion for bash and zsh: eval it"
    doc_usage = ""
    doc_description = None

    def execute(self, opt_values: Any, pos_args: Any) -> int:
        """Print the script, the same in any folder."""
        print(completion.script(commands), end="")
        return 0


class Info(DoitsInfo):  # type: ignore[misc] # doit has no types
    """doit's own has a traceback for a task that is none."""

    def execute(self, params: Any, args: list[str]) -> int:
        """SettingsError for it."""
        try:
            return int(super().execute(params, args) or 0)
        except KeyError:
            if args[0] in names(self):
                raise
            raise no_command(args[0], names(self)) from None


class OptionsAnywhere:
    """`clean build --dry-run`: for a command of doit's that wants its options first."""

    def parse_execute(self, in_args: list[str]) -> int:
        """Exit status."""
        mine: Any = super()
        return int(mine.parse_execute(options_first(in_args, mine.cmdparser)) or 0)


def anywhere(command: type[Command]) -> type[Command]:
    made: type[Command] = type(command.__name__, (OptionsAnywhere, command), {})
    return made


OURS = {each.get_name(): each for each in (Help, Info, Run, TabCompletion)}


class Program(DoitMain):  # type: ignore[misc] # doit has no types
    """`./doitw`, `doit-lambda-layer`."""

    BIN_NAME = CALL  # in its help
    DOIT_CMDS = tuple(OURS.get(each.get_name()) or anywhere(each) for each in DoitMain.DOIT_CMDS)

    def run(self, all_args: list[str]) -> int:
        """Exit status. No plugins of others are looked for: that takes longer than the rest of
        doit's start."""
        plugin.entry_points_impl = lambda: lambda group: ()
        return int(super().run(asked_help(all_args)) or 0)


def asked_help(words: list[str]) -> list[str]:
    """`-h`, `--help` anywhere as `help`: of the command that is typed, if one is."""
    if not HELP & {*words}:
        return words
    topics = [word for word in words if word[:1] != "-" and "=" not in word]
    return ["help", *[word for word in topics if word != "help"][:1]]
