"""Stage local in config.json, as `init` makes it: what the stage that a deploy means has, but for
its values of environment variables. Production's passwords are not for a machine that tries things.
"""

import json
import re
from collections.abc import Iterator, Mapping
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
    """`name`: the stage that it is like. It has no layers: those are an account's."""
    like, source = stages.get(name, {}), variables_from(stages)
    made = {key: like[key] for key in SAME if key in like}
    if given := _variables(like, stages[source] if source else None):
        made[VARIABLES] = given
    ours = stages[source].get("lambda_functions") or {} if source else None
    if functions := dict(_functions(like.get("lambda_functions") or {}, ours)):
        made["lambda_functions"] = functions
    return {**made, "layers": []}


def variables_from(stages: Mapping[str, Table]) -> str:
    """The stage for development whose values it gets; '' where there is none."""
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
    for name, table in tables.items():
        kept = {key: table[key] for key in OF_FUNCTIONS if key in table}
        own = None if source is None else source.get(name, {})
        kept |= {VARIABLES: given} if (given := _variables(table, own)) else {}
        if table.get("layers") == []:
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
    if not names:
        return
    if source := variables_from(stages):
        yield f"note: stage {LOCAL} has the {VARIABLES} of stage {source}: {', '.join(names)}"
    else:
        yield (
            f"note: stage {LOCAL} has placeholders for {VARIABLES}, and no stage's own values: set "
            f"what the app needs here: {', '.join(names)}"
        )


def _stages(config: str) -> dict[str, Any]:
    table: dict[str, Any] = config_schema.as_chalice_reads(json.loads(config))
    return dict(table["stages"])
