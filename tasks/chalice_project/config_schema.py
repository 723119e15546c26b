"""What config.json must be before anything is read out of it or written into it.

Chalice takes much of this without a word and fails later, or deploys something else.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..settings.lambda_variables import unsendable
from ..util.errors import InputError

BOM = "\ufeff"
ASSUMED = "dev"  # chalice/constants.py, DEFAULT_STAGE_NAME
FUNCTIONS = "lambda_functions"
TABLES = (FUNCTIONS, "environment_variables")


def check_text(path: Path, text: str) -> None:
    """InputError for a byte order mark: Chalice cannot read it (json.loads refuses it)."""
    if text.startswith(BOM):
        problem = f"{path} begins with a byte order mark, which Chalice cannot read"
        raise InputError(problem, fix="save it as UTF-8 without BOM")


def as_chalice_reads(config: dict[str, Any]) -> dict[str, Any]:
    """With the stage that Chalice assumes where the file names none. Text or a number among the
    stages (`version`, `app_name`, which belong one level up) is no stage, and Chalice passes over
    it."""
    stages = config.get("stages", {ASSUMED: {}})
    if not isinstance(stages, dict):
        return config
    kept = {name: table for name, table in stages.items() if not isinstance(table, str | int)}
    return {**config, "stages": kept}


def misplaced(config: Mapping[str, Any]) -> list[str]:
    """Members of `stages` that are no stage, in the file as it stands."""
    stages = config.get("stages")
    listed = stages.items() if isinstance(stages, dict) else ()
    return [name for name, table in listed if isinstance(table, str | int)]


def hint(text: str, at: int) -> str:
    """What people write and JSON does not have, where it stands right there: ' (…)' or ''."""
    rest = text[at:].lstrip()
    if rest.startswith(("//", "#", "/*")):
        return " (JSON has no comments)"
    if rest[:1] in ("}", "]") and text[:at].rstrip().endswith(","):
        return " (JSON has no comma after the last member)"
    return " (JSON has double quotes only)" if rest.startswith("'") else ""


def checked(path: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The same without members that are null, which Chalice takes for missing. InputError with
    everything in it that has another shape than Chalice reads."""
    if problems := list(_problems(config)):
        said = "; ".join(problems)
        raise InputError(f"{path}: {said}", fix=f"correct {path}. Nothing was changed")
    stages = {name: _of_stage(table) for name, table in config["stages"].items()}
    return {**_of_stage(config), "stages": stages}


def _of_stage(table: Mapping[str, Any]) -> dict[str, Any]:
    found = _without_nulls(table)
    functions = {name: _without_nulls(own) for name, own in found.get(FUNCTIONS, {}).items()}
    return {**found, **({FUNCTIONS: functions} if FUNCTIONS in found else {})}


def _without_nulls(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value is not None}


def _problems(config: Mapping[str, Any]) -> Iterator[str]:
    name = config.get("app_name")
    if name is not None and not isinstance(name, str):
        yield "app_name is not text"
    yield from _unsendable(config)
    places = {"": config}
    for stage, table in config["stages"].items():
        places[f"stages.{stage}."] = table
        functions = table.get("lambda_functions")
        for function, own in functions.items() if isinstance(functions, dict) else ():
            places[f"stages.{stage}.lambda_functions.{function}."] = own
    for place, table in places.items():
        if isinstance(table, dict):
            yield from _of_table(place, table)
        else:
            yield f"{place[:-1]} is no object"


def _unsendable(config: object) -> Iterator[str]:
    """Texts that no AWS takes, wherever they stand: they are sent, or become part of a name."""
    left: list[tuple[str, object]] = [("", config)]
    while left:  # it may be deeper than Python's stack
        place, value = left.pop(0)
        if isinstance(value, str) and (what := unsendable(value)):
            yield f"{place.encode('utf-8', 'backslashreplace').decode()} holds {what}"
        elif isinstance(value, list):
            left += [(place, each) for each in value]
        elif isinstance(value, dict):
            for name, each in value.items():
                inner = f"{place}.{name}" if place else str(name)
                left += [(inner.replace("\0", "\\0"), text) for text in (name, each)]


def _of_table(place: str, table: Mapping[str, Any]) -> Iterator[str]:
    for name in TABLES:
        if not isinstance(table.get(name, {}), dict | None):
            yield f"{place}{name} is no object"
    arns = table.get("layers")
    if arns is not None and not (isinstance(arns, list) and all(isinstance(x, str) for x in arns)):
        yield f"{place}layers is not a list of text"
    if table.get("lambda_architecture") not in (None, "x86_64", "arm64"):
        yield f"{place}lambda_architecture is neither x86_64 nor arm64"
    if not isinstance(table.get("iam_role_arn"), str | None):
        yield f"{place}iam_role_arn is not text"
    variables = table.get("environment_variables") or {}
    for name, value in variables.items() if isinstance(variables, dict) else ():
        if not isinstance(value, str):
            yield f"{place}environment_variables.{name} is not text"
