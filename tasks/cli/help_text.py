"""`doit help COMMAND`: what it does and everything that can be said to it."""

import textwrap
from collections.abc import Iterator
from typing import Any

from ..context import arguments
from ..settings import model
from ..settings.model import Settings, option
from ..settings.pyproject import TABLE

WIDTH = 100
ORDER = "[default]; what is typed counts first, then $VARIABLES, the stage's table, the table"


def of_command(name: str, doc: str, now: Settings) -> Iterator[str]:
    """`now`: the settings in force, shown where they are not the default."""
    yield f"{name}: {doc}"
    own = {each: spec for each, spec in arguments.SPECS.items() if name in spec.metadata["of"]}
    if own:
        yield from ("", f"typed for {name} alone, as name=value:")
        yield from _rows((f"{each}=", _about(spec)) for each, spec in own.items())
    yield from ("", "typed for any command, as name=value:")
    typed = model.TYPED
    yield from _rows((f"{option(each)}=", _setting(each, now)) for each in typed)
    others = {each: spec for each, spec in arguments.SPECS.items() if each not in own}
    yield from ("", "typed for other commands:")
    yield from _rows((f"{each}=", _of(spec) + _about(spec)) for each, spec in others.items())
    yield from _tables(now)


def of_settings(now: Settings) -> Iterator[str]:
    """`doit help settings`: all of them, for whatever command."""
    yield "settings: for every command; what one command alone takes: ./doitw help COMMAND"
    yield from ("", "typed as name=value, or in pyproject.toml as the others:")
    yield from _rows((option(each), _setting(each, now)) for each in model.TYPED)
    yield from _tables(now)


def _tables(now: Settings) -> Iterator[str]:
    written = [each for each in model.SPECS if each not in model.TYPED]
    yield from ("", f"in pyproject.toml, [{TABLE}] or [{TABLE}.stages.<stage>]:")
    yield from _rows((option(each), _setting(each, now)) for each in written)
    yield from ("", ORDER)


def _of(spec: Any) -> str:
    return ", ".join(spec.metadata["of"]) + ": "


def _about(spec: Any) -> str:
    default = spec.default
    return str(spec.metadata["help"]) + ("" if default in ("", False) else f" [{default}]")


def _setting(name: str, now: Settings) -> str:
    """What it is, its choices, the variables that say it, default and present value."""
    spec = model.SPECS[name]
    parts = [str(spec.metadata["help"])]
    if choices := spec.metadata.get("choices"):
        parts.append(f"({', '.join(choices)})")
    if variables := spec.metadata.get("env"):
        parts.append(f"({', '.join(f'${variable}' for variable in variables)})")
    value = getattr(now, name)
    if said := _written(spec.default):
        parts.append(f"[{said}]")
    if value != spec.default:
        parts.append(f"– now {_written(value) or 'nothing'}")
    return " ".join(parts)


def _written(value: object) -> str:
    """As in pyproject.toml, without quotes; '' for nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _rows(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    listed = list(rows)
    width = max(len(name) for name, _ in listed)
    for name, text in listed:
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=f"  {name:<{width}}  ",
            subsequent_indent=" " * (width + 4), break_on_hyphens=False, break_long_words=False,
        )  # fmt: skip
