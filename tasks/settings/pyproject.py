"""[tool.lambda-layer] in pyproject.toml, and in it the tables of single stages."""

from pathlib import Path
from typing import Any

from ..util import input_files, source_location
from ..util.errors import InputError, SettingsError

TABLE = "tool.lambda-layer"
STAGES = "stages"  # [tool.lambda-layer.stages.dev]: what is different there


def by_stage(pyproject: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """{stage: (where, table)}. '' is the table for all stages. SettingsError for what is none."""
    whole = _read(pyproject)
    common = _table(whole, *TABLE.split("."))
    common.pop(STAGES, None)
    found = {"": (f"[{TABLE}]", common)}
    for name in _table(whole, *TABLE.split("."), STAGES):
        where = f"[{TABLE}.{STAGES}.{name}]"
        found[name] = (where, _table(whole, *TABLE.split("."), STAGES, name))
    return found


def stages(pyproject: Path) -> list[str]:
    """The stages that have a table of their own."""
    return [name for name in by_stage(pyproject) if name]


def _read(path: Path) -> dict[str, Any]:
    import tomli

    try:
        return tomli.loads(input_files.read_text(path))
    except FileNotFoundError:
        return {}
    except InputError as error:
        raise SettingsError(error.problem, fix=error.fix) from None
    except tomli.TOMLDecodeError as error:
        place = source_location.at(path, error.lineno, column=error.colno)
        problem = source_location.below(f"pyproject.toml is not TOML: {error}", place)
        raise SettingsError(problem, fix="correct the line, then run the command again") from None
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        problem = f"pyproject.toml cannot be read: {error}"
        fix = "write it without such nesting, and without such long numbers"
        raise SettingsError(problem, fix=fix) from None


def _table(data: Any, *path: str) -> dict[str, Any]:
    """The table at a path. {} where there is none."""
    for number, name in enumerate(path, 1):
        data = data.get(name, {})
        if not isinstance(data, dict):
            problem = f"{'.'.join(path[:number])} in pyproject.toml is not a table"
            raise SettingsError(problem, fix=f"write [{'.'.join(path)}]")
    return dict(data)
