"""tasks/cli/help_text.py: what people read before they type."""

import re

import pytest

from tasks.cli import help_text
from tasks.cli.help_pages import PAGES
from tasks.commands import table
from tasks.context import arguments
from tasks.settings import model
from tasks.settings.model import Settings, option


def text(command: str, **now: str) -> str:
    return "\n".join(help_text.of_command(command, "What it does.", Settings(**now)))  # type: ignore[arg-type] # text alone


def flat(said: str) -> str:
    return " ".join(said.split())


def test_the_overview_has_every_command_by_what_people_want() -> None:
    """And where to begin, and where more is."""
    said = "\n".join(help_text.overview({"check": "Theirs."}))
    titles = re.findall(r"^(\S.*):$", said, re.M)
    assert titles == ["Start here", *table.GROUPS, "Of this project", "Help"]
    listed = re.findall(r"^  ([a-z][a-z-]+) +\S", said, re.M)
    assert [name for name in listed if name in table.TYPED] == list(table.TYPED)
    assert "  ./doitw deploy stage=local  try everything" in said
    assert "doit-lambda-layer init" in said
    assert "  check  Theirs." in said


def test_each_command_has_a_page() -> None:
    """`init` has its own parser's."""
    assert {*PAGES, "init"} == {*table.TYPED}


@pytest.mark.parametrize("command", PAGES)
def test_every_argument_that_it_takes_is_explained(command: str) -> None:
    said = text(command)
    for name, spec in arguments.SPECS.items():
        is_there = f"\n  {name}={spec.metadata['value']}" in said
        assert is_there == (command in spec.metadata["of"]), name
    for name in PAGES[command].typed:
        assert f"\n  {option(name)}={model.SPECS[name].metadata['value']}" in said
    for name in PAGES[command].settings:
        assert option(name) in said


@pytest.mark.parametrize("command", PAGES)
def test_every_example_can_be_typed(command: str) -> None:
    """Its names are commands, its arguments the command's."""
    page = PAGES[command]
    assert page.examples
    for line in [*page.examples, *page.afterwards]:
        words = re.findall(r'./doitw ?([^"$)]*)', line)[0].split()
        names = [word for word in words if "=" not in word and word[:1].isalpha()][:1]
        assert all(name in (*table.TYPED, "clean") for name in names), line
        for argument in re.findall(r"(?<=\s)([a-z]+)=", line):
            own = arguments.SPECS[argument].metadata["of"] if argument in arguments.SPECS else names
            assert (own == names) or {*names} <= {*own}, line
            assert argument in (*arguments.SPECS, *model.TYPED), line


def test_a_deploy() -> None:
    """Steps, arguments, settings, examples, exit status, the way back."""
    said = text("deploy", stage="dev")
    assert said.startswith("What it does.\n\nUsage: ./doitw deploy [stage=NAME]")
    assert "preflight, secret, lookup" in flat(said)
    assert "local is an AWS emulator on this machine [dev]" in flat(said)
    assert "  0  deployed, or nothing to do\n" in said
    assert "\nIf something breaks:\n  ./doitw rollback stage=NAME" in said
    assert "version=" not in said


def test_a_step_says_whose_it_is() -> None:
    assert "\nA step of ./doitw build.\n" in text("optimize")


def test_it_fits_a_terminal() -> None:
    """Folded, never cut."""
    pages = [text(name) for name in (*PAGES, *table.STEPS["deploy"])]
    pages += ["\n".join(lines) for lines in (help_text.overview({}), help_text.of_doit({}))]
    assert max(len(line) for page in pages for line in page.splitlines()) <= help_text.WIDTH == 80


def test_all_settings_on_one_page() -> None:
    """For whom an error sends there."""
    lines = list(help_text.of_settings(Settings(stage="dev")))
    names = {line.split()[0] for line in lines if re.match(r"  [a-z]", line)}
    assert names == {option(name) for name in model.SPECS}
    said = flat("\n".join(lines))
    assert "[dev] (default: prod)" in said
    assert "[shuking-deps-layer]" in said
    assert "($LAYER_NAME)" in said
    for spec in model.SPECS.values():
        assert flat(spec.metadata["help"].replace("`", "")) in said.replace("doitw", "doit")
    assert max(len(line) for line in lines) <= help_text.WIDTH
