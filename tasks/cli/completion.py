"""The shell script that completes commands, what they take, and values that are known."""

import re
from collections.abc import Iterable
from pathlib import Path

from ..commands.table import Commands
from ..context import arguments
from ..settings import model
from ..settings.model import option
from ..util.invoked_as import CALL

SCRIPT = Path(__file__).with_name("completion.sh")
DOITS = (
    "help",
    "list",
    "clean",
    "forget",
    "info",
    "ignore",
    "run",
    "tabcompletion",
)  # of doit's own


def script(commands: Commands, call: str = CALL) -> str:
    """`call`: the program, as a person starts it."""
    values = {
        "call": call,
        "commands": " ".join([*commands.known(), *DOITS]),
        "topics": "doit settings",
        "typed": " ".join(f"{option(name)}=" for name in model.TYPED),
        "taken": "\n".join(_case(command, taken) for command, taken in _taken().items()),
        "values": "\n".join(_case(name, choices) for name, choices in _choices().items()),
        "names": Path(call).name,
    }
    text = SCRIPT.read_text(encoding="utf-8")
    return re.sub(r"<(\w+)>", lambda found: values[found[1]], text)


def _case(name: str, words: Iterable[str]) -> str:
    return f'            {name}) offers="$offers {" ".join(words)}" ;;'


def _taken() -> dict[str, list[str]]:
    """{command: what it alone takes}"""
    found: dict[str, list[str]] = {}
    for name, spec in arguments.SPECS.items():
        for command in spec.metadata["of"]:
            found.setdefault(command, []).append(f"{name}=")
    return found


def _choices() -> dict[str, list[str]]:
    """{what is typed: its values}, where there are few."""
    typed = {option(name): model.SPECS[name].metadata.get("choices") for name in model.TYPED}
    flags = {name: ["1"] for name, spec in arguments.SPECS.items() if spec.type is bool}
    return {name: list(choices) for name, choices in typed.items() if choices} | flags
