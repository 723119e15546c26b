"""docs/reference/: commands, settings and files, made from the code that knows them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from devtools import reference_files
from tasks.aws.iam import image_actions
from tasks.cli import help_pages
from tasks.cli.help_pages import Page
from tasks.commands import table
from tasks.context import arguments
from tasks.settings import model
from tasks.settings.model import option

FOLDER = Path("docs/reference")
MADE = "<!-- `./doitw docs` writes this page from the code: do not edit it here -->"
COMMANDS = f"""\
# Commands

{MADE}

In this repository, type `./doitw` and the command. In your own app, type `doit` and the command.
`./doitw` alone is `./doitw build`. `./doitw help deploy` shows the same on a terminal. To complete
commands in bash or zsh, run `eval "$(./doitw tabcompletion)"`. For the permissions of each command
see [Permissions](../iam.md), for the settings see [Settings](settings.md).
"""
EXITS = """
## Exit status

Every command ends with one of these. Commands that add a meaning say so above.
"""
PIPED = {
    141: "the reader of a pipe is gone (`./doitw list | head -1`): locks are given back",
}
SETTINGS = f"""\
# Settings

{MADE}

A setting is looked for in this order:

1. the command line (`name=value`)
2. the environment
3. the stage's table in `pyproject.toml`, `[tool.lambda-layer.stages.<stage>]`
4. the table for all stages, `[tool.lambda-layer]`
5. the default

A `region` or `profile` in a stage's own table comes before `AWS_REGION` and `AWS_PROFILE`.

"""
ARGUMENTS = """
## Arguments of single commands

You type these for one command. `keep=`, `check=`, `licenses=` and `repository=` share a name with a
setting and mean something else.

"""
PERMISSIONS = f"""\
# Statements of the IAM policies

{MADE}

`./doitw iam-policy` prints them with the resources of your stage. [Permissions](../iam.md) says
what each statement is for, and when it is left out.

"""
MORE = """
## Globs

`keep`, `drop`, `harmless` and `prefer` (after the colon) take globs relative to the layer's
`python/` folder. `*` stays in one folder, `**` crosses folders, and a folder's
name means everything in it.

More: [stages and accounts](../guides/stages-accounts.md),
[other Pythons and arm64](../guides/other-platforms.md),
[smaller layers](../lambda-layer-optimization.md).
"""
Rows = Iterable[tuple[str, ...]]


def every() -> dict[Path, str]:
    """{page: its text}"""
    made = {
        "commands": commands(), "settings": settings(), "files": reference_files.page(),
        "permissions": permissions(),
    }  # fmt: skip
    return {FOLDER / f"{name}.md": text for name, text in made.items()}


def permissions() -> str:
    """A row for each statement."""
    rows = [
        (f"`{need.sid}`", ", ".join(f"`{each}.json`" for each in need.of),
         ", ".join(f"`{each}`" for each in need.actions))
        for need in image_actions.every_need()
    ]  # fmt: skip
    head = [("statement", "policies", "actions"), ("---",) * 3]
    return PERMISSIONS + "".join(f"| {' | '.join(row)} |\n" for row in [*head, *rows])


def commands() -> str:
    parts = [COMMANDS]
    for title, group in table.GROUPS.items():
        parts.append(f"\n## {title}\n")
        parts += [_command(name) for name in group]
    usual = {**help_pages.USUAL, **PIPED}
    return "".join([*parts, EXITS, "\n", _table(("status", "meaning"), _pairs(usual))])


def _command(name: str) -> str:
    page = help_pages.PAGES.get(name, Page(typed=()))
    parts = [f"\n### {name}\n\n{table.summary(name)}. {page.about}".rstrip(), "\n"]
    if steps := table.steps_of(name):
        parts.append(f"\nSteps: {', '.join(f'`{step}`' for step in steps)}.\n")
    if taken := [*_own(name), *_settings_typed(page)]:
        parts += ["\n", _table(("argument", "what it is"), taken)]
    if page.settings:
        named = ", ".join(f"`{option(each)}`" for each in page.settings)
        parts.append(f"\nSettings that change it: {named}.\n")
    if lines := {**page.examples, **page.afterwards}:
        parts += ["\n", _table(("example", "what it does"), _pairs(lines, "`"))]
    if page.exits:
        parts += ["\n", _table(("status", "meaning"), _pairs(page.exits))]
    return "".join(parts)


def _own(name: str) -> Iterator[tuple[str, ...]]:
    for argument, spec in arguments.SPECS.items():
        if name in spec.metadata["of"]:
            yield f"`{argument}={spec.metadata['value']}`", spec.metadata["help"]


def _settings_typed(page: Page) -> Iterator[tuple[str, ...]]:
    for name in page.typed:
        spec = model.SPECS[name]
        yield f"`{option(name)}={spec.metadata['value']}`", spec.metadata["help"]


def settings() -> str:
    head = ("setting", "default", "what it is", "override")
    rows = [
        (f"`{option(name)}`", _default(spec.default), _about(spec.metadata), _override(name))
        for name, spec in model.SPECS.items()
    ]
    typed = [
        (
            f"`{name}=`",
            ", ".join(f"`{each}`" for each in spec.metadata["of"]),
            spec.metadata["help"],
        )
        for name, spec in arguments.SPECS.items()
    ]
    own = _table(("typed", "for", "what it is"), typed)
    return "".join([SETTINGS, _table(head, rows), ARGUMENTS, own, MORE])


def _default(value: object) -> str:
    empty: dict[object, str] = {"": "–", (): "`[]`"}
    shown = str(value).lower() if isinstance(value, bool) else value
    return f"`{shown}`" if isinstance(value, bool) else empty.get(value, f"`{shown}`")


def _about(metadata: Mapping[str, object]) -> str:
    said, choices = str(metadata["help"]), metadata.get("choices", ())
    assert isinstance(choices, tuple)
    missing = not all(each in said for each in choices)
    return f"{said}: {', '.join(f'`{each}`' for each in choices)}" if missing else said


def _override(name: str) -> str:
    metadata = model.SPECS[name].metadata
    typed = [f"`{option(name)}=…`"] if name in model.TYPED else []
    return ", ".join([*typed, *(f"`${each}`" for each in metadata.get("env", ()))])


def _pairs(said: Mapping[Any, str], mark: str = "") -> Rows:
    return [(f"{mark}{name}{mark}", text) for name, text in said.items()]


def _table(head: tuple[str, ...], rows: Rows) -> str:
    line = "|".join("---" for _ in head)
    cells = (f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |" for row in rows)
    return "\n".join([f"| {' | '.join(head)} |", f"|{line}|", *cells, ""])
