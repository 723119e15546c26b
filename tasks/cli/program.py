"""The program: doit, with commands of ours in the place of its own."""

from typing import Any

from doit import plugin
from doit.cmd_base import Command
from doit.doit_cmd import DoitMain

from ..commands.table import commands
from ..util.invoked_as import CALL
from .doit_commands import DOITS
from .doit_help import Help
from .doit_run import HELP, Run, names_typed


class TabCompletion(Command):  # type: ignore[misc] # doit has no types
    """doit's own knows no `stage=`, and wants a package that is not everywhere."""

    doc_purpose = "completion for bash and zsh: eval it"
    doc_usage = ""
    doc_description = None

    def execute(self, opt_values: Any, pos_args: Any) -> int:
        """Print the script, the same in any folder."""
        from . import completion

        print(completion.script(commands), end="")
        return 0


class ProgramsHelp(Help):
    """Ours also where no dodo.py is yet."""

    name, is_programs = "help", True


OURS = {**DOITS, **{each.get_name(): each for each in (Run, TabCompletion)}, "help": ProgramsHelp}


class Program(DoitMain):  # type: ignore[misc] # doit has no types
    """`./doitw`, `doit-lambda-layer`."""

    BIN_NAME = CALL  # in its help
    DOIT_CMDS = tuple(OURS[each.get_name()] for each in DoitMain.DOIT_CMDS)

    def run(self, all_args: list[str]) -> int:
        """Exit status. No plugins of others are looked for: that takes longer than the rest of
        doit's start."""
        plugin.entry_points_impl = lambda: lambda group: ()
        return int(super().run(asked_help(all_args)) or 0)


def asked_help(words: list[str]) -> list[str]:
    """`-h`, `--help` anywhere as `help`: of the command that is typed, if one is."""
    if not HELP & {*words}:
        return words
    topics = [word for word in names_typed(words) if "=" not in word]
    return ["help", *[word for word in topics if word != "help"][:1]]
