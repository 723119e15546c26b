"""Stage local in config.json, as `init` makes it: what a stage for development has, then what the
stage that a deploy means has, but for its values of environment variables. Production's passwords
are not for a machine that tries things.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..chalice_project import config_schema
from ..settings.model import LOCAL

Table = Mapping[str, Any]
VARIABLES = "environment_variables"
OF_FUNCTIONS = ("lambda_memory_size", "lambda_timeout")
SAME = ("api_gateway_stage", *OF_FUNCTIONS)
DEVELOPMENT = re.compile(r"dev(elop(ment)?)?|test(ing)?|sandbox", re.I)
# An app may parse these; an ARN names something that stage local makes for itself.
_PLAIN = re.compile(r"\d{1,5}|true|false|yes|no|on|off|arn:\S+", re.I)


def make(stages: Mapping[str, Table], name: str) -> dict[str, Any]:
    """`name`: the stage that it is like, where none is for development. It has no layers: those are
    an account's."""
    like, source = stages.get(name, {}), variables_from(stages)
    own = stages[source] if source else None
    made = _own(like, own, SAME)
    if functions := dict(_functions(_tables(like), None if own is None else _tables(own))):
        made["lambda_functions"] = functions
    return {**made, "layers": []}


def _tables(stage: Table) -> Mapping[str, Table]:
    return stage.get("lambda_functions") or {}


def _own(like: Table, own: Table | None, keys: Sequence[str]) -> dict[str, Any]:
    """Of a stage, or of one function. `own`: of the stage for development."""
    whole = {**like, **(own or {})}
    made = {key: whole[key] for key in keys if key in whole}
    return made | ({VARIABLES: given} if (given := _variables(like, own)) else {})


def variables_from(stages: Mapping[str, Table]) -> str:
    """The stage for development whose values it gets. '' where there is none."""
    return next((each for each in stages if DEVELOPMENT.fullmatch(each)), "")


def _variables(like: Table, source: Table | None) -> dict[str, str]:
    if source is not None:
        return dict(source.get(VARIABLES) or {})
    given = like.get(VARIABLES) or {}
    return {name: placeholder(name, str(value)) for name, value in given.items()}


def placeholder(name: str, value: str) -> str:
    """Of the same form, as far as an app may read it while it is imported. Each has another: two
    queues stay two."""
    if _PLAIN.fullmatch(value):
        return value
    scheme, is_address, _ = value.partition("://")
    bare = "placeholder-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"{scheme}://localhost/{bare}" if is_address else bare


def _functions(
    tables: Mapping[str, Table], source: Mapping[str, Table] | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of single functions. Each gets this layer alone, unless it wants none."""
    for name in dict.fromkeys([*(source or ()), *tables]):
        like, own = tables.get(name, {}), None if source is None else source.get(name, {})
        kept = _own(like, own, OF_FUNCTIONS)
        if {**like, **(own or {})}.get("layers") == []:
            kept["layers"] = []
        if kept:
            yield name, kept


def notes(before: str, after: str) -> Iterator[str]:
    """What to know of its variables, where it was made just now."""
    whole: dict[str, Any] = config_schema.as_chalice_reads(json.loads(before))
    stages, made = whole["stages"], _stages(after).get(LOCAL, {})
    tables = [made, *(made.get("lambda_functions") or {}).values()]
    names = sorted({name for each in tables for name in each.get(VARIABLES, {})})
    if LOCAL in stages:
        return
    if shared := sorted((whole.get(VARIABLES) or {}).keys() - names):
        every = ", ".join(shared)
        yield f"note: stage {LOCAL} has what {VARIABLES} gives to all stages, too: {every}"
    source = variables_from(stages)
    if source and names:
        yield (
            f"note: stage {LOCAL} has memory, timeouts and {VARIABLES} of stage {source}: "
            f"{', '.join(names)}"
        )
    if source and (lacking := sorted(_named(stages) - {*names} - {*(whole.get(VARIABLES) or {})})):
        yield (
            f"note: stage {source} has no {', '.join(lacking)}, which another stage has: set them "
            f"in stage {LOCAL} if the app needs them"
        )
    if names and not source:
        yield (
            f"note: stage {LOCAL} has placeholders for {VARIABLES}, and no stage's own values: set "
            f"what the app needs here: {', '.join(names)}"
        )


def _named(stages: Mapping[str, Table]) -> set[str]:
    """The variables of all stages and functions."""
    tables = [each for stage in stages.values() for each in (stage, *_tables(stage).values())]
    return {name for each in tables for name in each.get(VARIABLES) or {}}


def _stages(config: str) -> dict[str, Any]:
    table: dict[str, Any] = config_schema.as_chalice_reads(json.loads(config))
    return dict(table["stages"])
