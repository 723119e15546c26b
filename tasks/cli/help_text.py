"""`help`, `help COMMAND`, `help settings`, `help doit`: what people read before they type."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..commands import table
from ..context import arguments
from ..settings import model
from ..settings.model import Settings, option
from ..settings.pyproject import TABLE
from ..util.invoked_as import typed
from .help_pages import PAGES, USUAL, Page

WIDTH = 80
ORDER = (
    "[value in force]. First counts what is typed, then the $VARIABLE, the stage's table, "
    "the table for all stages."
)
START = {
    "./doitw deploy stage=local": "try everything on an AWS emulator, no account",
    "./doitw doctor": "check that a deploy to AWS can work",
    "doit-lambda-layer init": "add the tool to your own Chalice app",
}
MORE = {
    "./doitw help COMMAND": "arguments, exit status and examples of a command",
    "./doitw help settings": "every setting and its current value",
    "./doitw help doit": "doit's own commands (clean, forget, info, ...)",
    "./doitw list --all": "every command and every step",
    "./doitw tabcompletion": "completion for bash and zsh",
    "./doitw --version": "",
}


def overview(own: Mapping[str, str]) -> Iterator[str]:
    """`help` alone. `own`: {task of this project's dodo.py: what it does}"""
    yield "Ship a Chalice app's Python dependencies as one AWS Lambda layer."
    yield from ("", typed("Usage: ./doitw COMMAND [name=value ...]"), "", "Start here:")
    yield from rows(START)
    for title, group in table.GROUPS.items():
        yield from ("", f"{title}:")
        yield from rows({name: _one_line(name) for name in group})
    if own:
        yield from ("", "Of this project:")
        yield from rows(own)
    yield from ("", "Help:")
    yield from rows(MORE)


def _one_line(name: str) -> str:
    return table.summary(name) + (" (the default)" if name == "build" else "")


def of_command(name: str, doc: str, now: Settings) -> Iterator[str]:
    """`now`: the settings in force."""
    page = PAGES.get(name, Page(typed=tuple(model.TYPED)))
    own = {each: spec for each, spec in arguments.SPECS.items() if name in spec.metadata["of"]}
    words = [name, *(["[stage=NAME]"] if "stage" in page.typed else []), "[name=value ...]"]
    yield from (*_wrapped(doc), "", typed(f"Usage: ./doitw {' '.join(words)}"))
    if page.about:
        yield from ("", *_wrapped(typed(page.about)))
    yield from _steps(name)
    if own or page.typed:
        yield from ("", "Arguments:")
        yield from rows(_arguments(own) | {_written_as(x): _typed(x, now) for x in page.typed})
    yield from _page(page)


def _page(page: Page) -> Iterator[str]:
    if page.settings:
        yield from ("", f"Settings that change it (in pyproject.toml, [{TABLE}]):")
        yield from _wrapped(", ".join(map(option, page.settings)), "  ")
        yield typed("  All of them, with current values: ./doitw help settings")
    if page.examples:
        yield from ("", "Examples:", *rows(page.examples))
    exits = dict(sorted({**USUAL, **page.exits}.items()))
    yield from ("", "Exit status:", *rows({str(code): said for code, said in exits.items()}))
    if page.afterwards:
        yield from ("", f"{page.heading}:", *rows(page.afterwards))


def _steps(name: str) -> Iterator[str]:
    if steps := table.steps_of(name):
        yield from ("", "Runs these steps and skips each one whose result is still valid:")
        yield from _wrapped(", ".join(steps), "  ")
    if command := table.command_of(name):
        yield from ("", typed(f"A step of ./doitw {command}."))


def of_settings(now: Settings) -> Iterator[str]:
    """`help settings`: all of them, for whatever command."""
    yield typed("Settings of every command. What one command takes: ./doitw help COMMAND")
    yield from ("", "Typed as name=value, or written in pyproject.toml like the others:")
    yield from rows({option(each): _setting(each, now) for each in model.TYPED})
    yield from ("", f"In pyproject.toml, [{TABLE}] or [{TABLE}.stages.STAGE]:")
    written = [each for each in model.SPECS if each not in model.TYPED]
    yield from rows({option(each): _setting(each, now) for each in written})
    yield from ("", *_wrapped(ORDER))


def of_doit(commands: Mapping[str, Any]) -> Iterator[str]:
    """`help doit`: what a user of doit knows already."""
    yield from _wrapped("doit's own commands. They know every task: commands and their steps.")
    yield ""
    yield from rows({name: each.doc_purpose for name, each in sorted(commands.items())})
    yield from ("", "Options of a run, before or after the command:")
    yield from rows(
        {
            "-v 2": "every line of output; -v 1: one line a step",
            "-a": "run the steps even where their results are still valid",
            "-c, --continue": "go on with what does not need the step that failed",
            "-s": "this step alone, without those before it",
            "-n N": "run N of this project's own tasks at once; ours run one by one",
        }
    )
    yield from ("", typed("Options of one of them: ./doitw help clean"))


def _arguments(own: Mapping[str, Any]) -> dict[str, str]:
    return {f"{name}={spec.metadata['value']}": _about(spec) for name, spec in own.items()}


def _about(spec: Any) -> str:
    default = spec.default
    said = _plain(spec.metadata["help"])
    return said + ("" if default in ("", False) else f" [{default}]")


def _written_as(name: str) -> str:
    return f"{option(name)}={model.SPECS[name].metadata['value']}"


def _typed(name: str, now: Settings) -> str:
    """What it is, its choices, its value in force."""
    said, value = _described(name), _written(getattr(now, name))
    return f"{said} [{value}]" if value else said


def _setting(name: str, now: Settings) -> str:
    """The same with variables. The default where another value is in force."""
    spec = model.SPECS[name]
    parts = [_described(name)]
    if variables := spec.metadata.get("env"):
        parts.append(f"({', '.join(f'${variable}' for variable in variables)})")
    value = getattr(now, name)
    if said := _written(value):
        parts.append(f"[{said}]")
    if value != spec.default and not spec.metadata.get("own"):
        parts.append(f"(default: {_written(spec.default) or 'none'})")
    return " ".join(parts)


def _described(name: str) -> str:
    spec = model.SPECS[name]
    said, choices = _plain(spec.metadata["help"]), spec.metadata.get("choices", ())
    missing = [each for each in choices if each not in said]
    return f"{said} ({', '.join(choices)})" if missing else said


def _plain(text: str) -> str:
    """README's Markdown on a terminal."""
    return typed(text.replace("`", ""))


def _written(value: object) -> str:
    """As in pyproject.toml, without quotes. '' for nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def rows(listed: Mapping[str, str]) -> Iterator[str]:
    """Two columns. A name that is too long for them has its text below it."""
    shown = {typed(name): typed(text) for name, text in listed.items()}
    width = max((len(name) for name in shown if len(name) <= WIDTH // 2), default=0)
    margin = " " * (width + 4)
    for name, text in shown.items():
        head = f"  {name:<{width}}  "
        if len(name) > width or not text:
            yield f"  {name}"
            head = margin
        yield from _wrapped(text, head, margin)


def _wrapped(text: str, head: str = "", margin: str | None = None) -> Iterable[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=head, subsequent_indent=head if margin is None else margin,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
