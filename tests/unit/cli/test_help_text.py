"""tasks/cli/help_text.py: what a command takes, all of it."""

import re

from tasks.cli import help_text
from tasks.context import arguments
from tasks.settings import model
from tasks.settings.model import Settings, option


def text(command: str, **now: str) -> str:
    return "\n".join(help_text.of_command(command, "What it does.", Settings(**now)))  # type: ignore[arg-type] # text alone


def test_everything_is_explained() -> None:
    """Every argument, those of other commands with their names, and every setting."""
    said = text("deploy")
    assert said.startswith("deploy: What it does.\n")
    for name, spec in arguments.SPECS.items():
        assert f"\n  {name}=" in said
        assert spec.metadata["help"].split(":")[0] in " ".join(said.split())
    for name, spec in model.SPECS.items():
        assert f"\n  {option(name)}" in said
        assert spec.metadata["help"] in " ".join(said.split())


def test_a_commands_own_come_first() -> None:
    """What it alone takes, then what any does, then the rest."""
    own, any_command, others, _ = text("rollback").split("\n\n")[1:5]
    assert own.startswith("typed for rollback alone")
    assert [line.split("=")[0].strip() for line in own.splitlines()[1:]] == [
        "version", "arn", "reason",
    ]  # fmt: skip
    assert "stage=" in any_command
    assert re.search(r"  keep= +gc, local-stop: `gc`: how many", others)
    assert "version=" not in others


def test_defaults_choices_and_what_holds_now() -> None:
    """So that nobody has to look for it."""
    said = text("deploy", stage="dev")
    assert "the embedded AWS [prod] – now dev" in said
    assert "(auto, docker, host)" in " ".join(said.split())
    assert "($LAYER_NAME)" in said


def test_it_fits_a_terminal() -> None:
    """Folded, never cut."""
    assert max(len(line) for line in text("deploy").splitlines()) <= help_text.WIDTH


def test_all_settings_on_one_page() -> None:
    """For whom an error sends there."""
    lines = list(help_text.of_settings(Settings(stage="dev")))
    names = {line.split()[0] for line in lines if re.match(r"  [a-z]", line)}
    assert names == {option(name) for name in model.SPECS}
    assert any("[prod] – now dev" in line for line in lines)
    assert max(len(line) for line in lines) <= help_text.WIDTH
