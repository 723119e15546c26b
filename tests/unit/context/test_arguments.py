"""tasks/context/arguments.py: typed for one command, and refused where no command takes it."""

from pathlib import Path

import pytest

from tasks.commands import table
from tasks.context import arguments
from tasks.context.arguments import Arguments, load_arguments
from tasks.util.errors import SettingsError

PAGE = Path(__file__).parents[3] / "docs/reference/settings.md"


def test_nothing_typed() -> None:
    """Settings' names are left alone."""
    assert load_arguments({"stage": "dev"}, ["deploy", "stage=dev"]) == Arguments()


def test_a_keyword_of_pythons_is_typed_as_it_is() -> None:
    """`from=2` is the field `from_`."""
    found = load_arguments({"from": "2", "to": "3"}, ["diff", "from=2", "to=3"])
    assert (found.from_, found.to) == ("2", "3")


@pytest.mark.parametrize(("value", "flag"), [("1", True), ("yes", True), ("0", False)])
def test_flags(value: str, flag: bool) -> None:
    """`yes=1`, and what else people type."""
    assert load_arguments({"yes": value}, ["gc"]).yes is flag


def test_numbers() -> None:
    """`keep` is an argument here, a list of globs among the settings."""
    assert load_arguments({"keep": "7"}, ["gc"]).keep == 7


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("version", "abc", "version=abc is not a layer version"),
        ("arn", "deps:1", "not the ARN of a layer version: deps:1"),
    ],
)
def test_forms(name: str, value: str, said: str) -> None:
    """Before anything is started, locked or asked."""
    with pytest.raises(SettingsError, match=said):
        load_arguments({name: value}, ["rollback"])


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        (["publish", "python=3.10"], True),
        (["upload"], True),
        (["publish", "smoke"], False),
        (["deploy"], False),
        ([], False),
    ],
)
def test_what_asks_nothing_of_chalice(
    words: list[str], alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer for a Python that Chalice does not run under here."""
    monkeypatch.setattr("sys.argv", ["doitw", *words])
    assert arguments.only_publishes() is alone


def test_what_ends_with_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command and step that can come to it, by the tasks themselves: what they build may be
    the team's."""
    monkeypatch.setattr("sys.argv", ["doitw", "list"])
    monkeypatch.setattr(table, "refuse_of_layers", lambda words: None)
    tasks = {task.name: task for task in table.Commands()._tasks()}
    ends = {"upload", "image-parts"}

    def behind(name: str, seen: set[str]) -> set[str]:
        if name in tasks and name not in seen:
            seen.add(name)
            for each in [*tasks[name].task_dep, *tasks[name].setup_tasks]:
                behind(each, seen)
        return seen

    found = {name.partition(":")[0] for name in tasks if ends & behind(name, set())}
    assert found == arguments.UPLOADING


@pytest.mark.parametrize("repository", ["me/shop", "me-2/my.shop", "me@12/shop@345"])
def test_a_repository_as_github_names_it(repository: str) -> None:
    """With both IDs or with none: what its tokens say."""
    assert load_arguments({"repository": repository}, ["iam-policy"]).repository == repository


@pytest.mark.parametrize(
    "repository", ["shop", "me@12/shop", "me/shop@345", "me@x/shop@1", "a/b/c"]
)
def test_what_is_no_repository(repository: str) -> None:
    with pytest.raises(SettingsError, match="is not a repository"):
        load_arguments({"repository": repository}, ["iam-policy"])


def test_a_sub_task_is_its_command() -> None:
    """`./doitw rollback:config version=2`"""
    assert load_arguments({"version": "2"}, ["rollback:config", "version=2"]).version == "2"


def test_all_mistakes_at_once() -> None:
    """Wrong forms and wrong commands in one error."""
    with pytest.raises(SettingsError) as caught:
        load_arguments({"keep": "-1", "yes": "maybe", "version": "2"}, ["gc", "version=2"])
    message = str(caught.value)
    for part in (
        "keep=-1 is not a whole number",
        "yes=maybe is not 1 or 0",
        "version= belongs to rollback, show, fetch. No command typed here takes it",
    ):
        assert part in message


@pytest.mark.parametrize("words", [[], ["deploy", "keep=numpy/**"]])
def test_no_command_that_takes_it(words: list[str]) -> None:
    """`./doitw deploy keep=…` means the setting, which stands in pyproject.toml."""
    with pytest.raises(SettingsError, match="keep= belongs to gc"):
        load_arguments({"keep": "5"}, words)


def test_what_is_no_command() -> None:
    """With the nearest that is one, and where they all are."""
    said = str(arguments.no_command("deplyo", ["build", "deploy"]))
    assert said.startswith("command line: deplyo is not a command (did you mean deploy?)\n→ ")


def test_what_is_no_option() -> None:
    """Without all that doit knows of options."""
    doits = "Error parsing Task: option --stage not recognized (parsing options: []). Got: []"
    said = str(arguments.no_option(doits))
    assert said.startswith("command line: option --stage not recognized\n→ type name=value")


def test_readme_lists_every_argument() -> None:
    """With the commands that take it."""
    text = PAGE.read_text(encoding="utf-8")
    for name, spec in arguments.SPECS.items():
        takers = ", ".join(f"`{command}`" for command in spec.metadata["of"])
        assert f"| `{name}=` | {takers} | {spec.metadata['help']} |" in text
