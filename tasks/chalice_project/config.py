"""`.chalice/config.json`: read, checked, and changed in one stage's `layers` only – and in what has
to go with them: the `layers` of single functions, their architecture.

The text around it stays as it is, byte for byte: indentation, key order, non-ASCII text, mode.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..settings.validation import nearest
from ..util import files, input_files, source_location
from ..util.errors import InputError
from ..util.source_location import SourceLocation
from . import config_schema, json_edit

BACKUPS = 5  # kept beside the file
MEMORY = 128  # MB, of a function for which config.json does not say it (chalice.constants)
TIMEOUT = 60  # seconds, the same
# Of a stage's table: names that lead to a table in it (() is the stage's own), key, value.
Member = tuple[tuple[str, ...], str, object]


def load_config(path: Path) -> dict[str, Any]:
    """The whole file. InputError when missing, not JSON, or `stages` is not what Chalice reads."""
    return _parse(_text(path), path)


def refuse_unusable_name(path: Path) -> None:
    """InputError for an `app_name` that no function's name may have (Lambda: FunctionName)."""
    name = str(load_config(path).get("app_name", ""))
    if re.fullmatch(r"[A-Za-z0-9_-]*", name):
        return
    problem = (
        f"{path}: app_name {name!r} becomes part of each function's name. Lambda takes letters, "
        "digits, hyphens and underscores there"
    )
    raise InputError(
        source_location.below(problem, place(path, "app_name")), fix="choose another app_name there"
    )


def stage(path: Path, name: str) -> dict[str, Any]:
    """One stage's table. InputError names the stages there are."""
    stages: dict[str, dict[str, Any]] = load_config(path)["stages"]
    if name not in stages:
        known = ", ".join(stages) or "none"
        problem = f"{path} has no stage {name!r}{nearest(name, stages)}. It has: {known}"
        raise InputError(
            source_location.below(problem, place(path, "stages")),
            fix="choose one with stage=NAME, or add it to the file",
        )
    return stages[name]


def layers(path: Path, name: str) -> list[str]:
    """The stage's layer ARNs, in Lambda's order. A stage without `layers` has the app's."""
    return list(stage(path, name).get("layers", load_config(path).get("layers", [])))


def architecture(path: Path, name: str) -> str:
    """Of the stage's functions, as Lambda calls it: Chalice knows none per function."""
    of_all = load_config(path).get("lambda_architecture", "x86_64")
    return str(stage(path, name).get("lambda_architecture", of_all))


def own_layers(path: Path, name: str) -> dict[str, list[str]]:
    """{function: ARNs} of the functions (`api_handler` or as in app.py) that have `layers` of their
    own, which Chalice gives them instead of the stage's. [] is one that wants no layer."""
    functions = stage(path, name).get("lambda_functions", {})
    return {each: list(own["layers"]) for each, own in functions.items() if "layers" in own}


def all_layers(path: Path, name: str) -> dict[tuple[str, ...], list[str]]:
    """{place below the stage: ARNs}: its `layers`, and those that functions have of their own."""
    found: dict[tuple[str, ...], list[str]] = {("layers",): layers(path, name)}
    for function, own in own_layers(path, name).items():
        found["lambda_functions", function, "layers"] = own
    return found


def outer_layers(path: Path) -> dict[tuple[str, ...], list[str]]:
    """{place: ARNs} outside of all stages: `layers` counts where a stage has none, and what is
    said of functions there Chalice does not read."""
    whole = load_config(path)
    places: dict[tuple[str, ...], Any] = {("layers",): whole.get("layers")}
    functions = whole.get("lambda_functions")
    for function, own in (functions if isinstance(functions, dict) else {}).items():
        places["lambda_functions", function, "layers"] = isinstance(own, dict) and own.get("layers")
    return {
        keys: [arn for arn in given if isinstance(arn, str)]
        for keys, given in places.items()
        if isinstance(given, list)
    }


def variables(path: Path, name: str) -> dict[str, dict[str, str]]:
    """{function: its environment}: what the stage gives to all is `api_handler`'s, too."""
    app, of_stage = load_config(path), stage(path, name)
    own = of_stage.get("lambda_functions", {})
    return {each: _variables(app, of_stage, own.get(each, {})) for each in ("api_handler", *own)}


def variables_of(path: Path, name: str, function: str) -> dict[str, str]:
    """One function's environment, whether config.json names it or not."""
    return _variables(*_tables(path, name, function))


def _variables(*tables: Mapping[str, Any]) -> dict[str, str]:
    given: dict[str, str] = {}
    for table in tables:
        given |= table.get("environment_variables") or {}
    return given


def _tables(path: Path, name: str, function: str) -> tuple[dict[str, Any], ...]:
    """What counts for a function: the app's, the stage's, its own, which wins."""
    of_stage = stage(path, name)
    return load_config(path), of_stage, of_stage.get("lambda_functions", {}).get(function, {})


def memory_sizes(path: Path, name: str) -> list[int]:
    """MB that the stage's functions have, the least first."""
    app, of_stage = load_config(path), stage(path, name)
    functions = of_stage.get("lambda_functions", {}).values()
    return sorted({_limits(app, of_stage, each)[0] for each in ({}, *functions)})


def limits(path: Path, name: str, function: str) -> tuple[int, int]:
    """(MB, seconds) of a function, whether config.json names it or not."""
    return _limits(*_tables(path, name, function))


def _limits(*tables: Mapping[str, Any]) -> tuple[int, int]:
    given: dict[str, Any] = {}
    for table in tables:
        given |= table
    memory, seconds = given.get("lambda_memory_size"), given.get("lambda_timeout")
    return (
        memory if isinstance(memory, int) else MEMORY,
        seconds if isinstance(seconds, int) else TIMEOUT,
    )


def roles(path: Path, name: str) -> list[str]:
    """ARNs of the roles that the stage's functions have, where Chalice does not make one."""
    app, of_stage = load_config(path), stage(path, name)
    places = [{**app, **of_stage}, *of_stage.get("lambda_functions", {}).values()]
    given = [each for each in places if each.get("manage_iam_role") is False]
    return sorted({each["iam_role_arn"] for each in given if each.get("iam_role_arn")})


def keeps_logs(path: Path, name: str) -> bool:
    """Does Chalice set how long the stage's logs are kept (`log_retention_in_days`)?"""
    app, of_stage = load_config(path), stage(path, name)
    places = [app, of_stage, *of_stage.get("lambda_functions", {}).values()]
    return any(each.get("log_retention_in_days") for each in places)


def known_layers(path: Path, name: str) -> list[str]:
    """The same for who only looks: [] where the file or the stage is wrong or missing."""
    try:
        return layers(path, name)
    except InputError:
        return []


def known_stages(path: Path) -> dict[str, list[str]]:
    """{stage: its layer ARNs} of every stage. {} where the file is wrong or missing."""
    try:
        return {name: layers(path, name) for name in load_config(path)["stages"]}
    except InputError:
        return {}


def write_layers(path: Path, name: str, arns: list[str], more: Sequence[Member] = ()) -> Path:
    """Set the stage's `layers`, and what goes with them. Returns the backup of what stood there
    before."""
    stage(path, name)
    text = _text(path)
    mode = path.stat().st_mode & 0o777
    if not mode & 0o222:  # replacing it would need no right to write it
        raise InputError(
            f"{path} is read-only", fix=f"chmod u+w {path}, then run the command again"
        )
    backup = path.with_name(f"{path.name}.bak-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    files.write_atomic(backup, text.encode(), mode=mode)
    for old in sorted(path.parent.glob(f"{path.name}.bak-*"))[:-BACKUPS]:
        old.unlink()
    changed = with_layers(text, name, arns, more)
    files.write_atomic(path.resolve(), changed.encode(), mode=mode)  # a link stays a link
    return backup


def preview(path: Path, name: str, arns: list[str], more: Sequence[Member] = ()) -> list[str]:
    """The lines that `write_layers` would take out (`- …`) and put in (`+ …`)."""
    before = _text(path)
    after = with_layers(before, name, arns, more)
    compared = difflib.ndiff(before.splitlines(), after.splitlines())
    return [f"{line[0]} {line[2:].strip()}" for line in compared if line[0] in "-+"]


def after(path: Path, name: str, arns: list[str], more: Sequence[Member] = ()) -> dict[str, Any]:
    """The stage's table as `write_layers` would leave it."""
    text = with_layers(_text(path), name, arns, more)
    written: dict[str, Any] = _parse(text, path)["stages"][name]
    return written


def _text(path: Path) -> str:
    try:
        return input_files.read_text(path)
    except FileNotFoundError:
        fix = "run in the Chalice app's folder, or make one with `chalice new-project`"
        raise InputError(f"{path} does not exist", fix=fix) from None


def _parse(text: str, path: Path) -> dict[str, Any]:
    config_schema.check_text(path, text)
    try:
        config: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        found = source_location.at(path, error.lineno, column=error.colno)
        hint = config_schema.hint(text, error.pos)
        problem = source_location.below(f"{path} is not JSON: {error}{hint}", found)
        raise InputError(problem, fix=f"correct {path}, then run the command again") from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not JSON: {error}", fix=f"correct {path}, then run the command again"
        ) from None
    config = config_schema.as_chalice_reads(config) if isinstance(config, dict) else {}
    stages = config.get("stages")
    of = stages if isinstance(stages, dict) else {}
    wrong = [name for name, each in of.items() if not isinstance(each, dict)]
    if not isinstance(stages, dict) or wrong:
        said = f": {wrong[0]} is none" if wrong else ""
        found = place(path, "stages", wrong[0]) if wrong else None
        raise InputError(
            source_location.below(f"{path}: `stages` is not an object of objects{said}", found),
            fix='write it as {"stages": {"prod": {"layers": []}}}',
        )
    _check_layers(path, {(): config} | {("stages", name): each for name, each in stages.items()})
    return config_schema.checked(path, config)


def _check_layers(path: Path, tables: Mapping[tuple[str, ...], dict[str, Any]]) -> None:
    """`layers` of the app and of every stage."""
    for keys, each in tables.items():
        listed = [] if each.get("layers") is None else each["layers"]
        if not isinstance(listed, list) or not all(isinstance(arn, str) for arn in listed):
            problem = f"{path}: {'.'.join([*keys, 'layers'])} is not a list of text"
            fix = "write it as a list of ARNs, or []"
            raise InputError(source_location.below(problem, place(path, *keys, "layers")), fix=fix)
        own = {} if each.get("lambda_functions") is None else each["lambda_functions"]
        if not isinstance(own, dict) or not all(isinstance(one, dict) for one in own.values()):
            where = ".".join([*keys, "lambda_functions"])
            problem = f"{path}: {where} is not an object of objects"
            fix = 'write it as {"lambda_functions": {"api_handler": {}}}'
            raise InputError(
                source_location.below(problem, place(path, *keys, "lambda_functions")), fix=fix
            )


def place(path: Path, *keys: str, value: str = "") -> SourceLocation | None:
    """Where a member stands, by the names that lead to it, or a text in its value. None where it is
    not there, or is written with escapes."""
    text = _text(path)
    start = json_edit.skip(text, 0)
    first = start
    for key in keys:
        spans = {name: begin for name, begin, _ in json_edit.members(text, start)}
        first = text.rfind(json.dumps(key, ensure_ascii=False), 0, spans.get(key, 0))
        if first < 0:
            return None
        start = spans[key]
    if value and (found := text.find(value, start)) >= 0:
        return source_location.of_offset(path, text, found, value)
    return source_location.of_offset(path, text, first, f'"{keys[-1]}"') if keys else None


def with_layers(text: str, name: str, arns: list[str], more: Sequence[Member] = ()) -> str:
    """The same text, the stage's `layers` replaced (or added as its last member), and `more`."""
    text = json_edit.with_object(text, ("stages", name))
    for place, key, value in (((), "layers", arns), *more):
        text = json_edit.with_member(text, ("stages", name, *place), key, value)
    return text
