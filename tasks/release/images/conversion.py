"""A stage from layer to image, or back: its functions are deleted and made again by their names.

AWS changes no function's package type. What Chalice does not make again is kept in S3 before that:
a run that was stopped in between is completed by the next.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ...aws import lambda_functions, s3
from ...aws.client import Aws
from ...aws.errors import error_code, errors
from ...ui.console import say
from ...util import files, typed_json
from ...util.errors import InputError
from ..stage import chalice_state, store

GONE = ("ResourceNotFoundException",)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Of a function: statements of its resource policy, and its reserved concurrency."""

    policy: list[dict[str, Any]] = field(default_factory=list)
    reserved: int | None = None


def names(aws: Aws) -> list[str]:
    """The stage's functions that are there."""
    return [name for name, found in chalice_state.configurations(aws).items() if found]


def refuse_unkept(aws: Aws, found: list[str]) -> None:
    """InputError for what goes with a function and could not be made again from here."""
    problems = [line for name in found for line in _unkept(aws, name)]
    if problems:
        raise InputError(
            "\n".join(problems),
            fix="take them away by hand, convert, and make them again for the new functions",
        )


def _unkept(aws: Aws, name: str) -> list[str]:
    client = aws.client("lambda")
    with errors(f"looking at what belongs to {name}"):
        aliases = [each["Name"] for each in client.list_aliases(FunctionName=name)["Aliases"]]
        urls = _urls(client, name)
    lines = [f"function {name} has the aliases {', '.join(aliases)}"] * bool(aliases)
    return lines + [f"function {name} has an address of its own: {each}" for each in urls]


def _urls(client: Any, name: str) -> list[str]:
    from botocore.exceptions import ClientError

    try:
        return [client.get_function_url_config(FunctionName=name)["FunctionUrl"]]
    except ClientError as error:
        if error_code(error) not in GONE:
            raise
        return []


def keep(aws: Aws, found: list[str]) -> None:
    """Before anything is deleted. What an earlier run kept stays."""
    kept = read(aws)
    kept |= {name: _of_function(aws, name) for name in found if name not in kept}
    _put(aws, kept)


def _of_function(aws: Aws, name: str) -> Kept:
    from botocore.exceptions import ClientError

    with errors(f"reading the permissions of {name}"):
        try:
            text = aws.client("lambda").get_policy(FunctionName=name)["Policy"]
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            text = '{"Statement": []}'
    statements = json.loads(text)["Statement"]
    return Kept(policy=statements, reserved=lambda_functions.reserved(aws, name))


def read(aws: Aws) -> dict[str, Kept]:
    """{function: what was kept}; {} where no conversion is under way."""
    told = typed_json.parsed(s3.get_bytes(aws, _key(aws)))
    return {name: Kept(**each) for name, each in told.get("functions", {}).items()}


def _key(aws: Aws) -> str:
    return store.key(aws.settings, "conversion.json")


def _put(aws: Aws, kept: dict[str, Kept]) -> None:
    told = {"functions": {name: asdict(each) for name, each in kept.items()}}
    s3.put_bytes(aws, _key(aws), files.canonical(told))


def delete(aws: Aws, found: list[str]) -> None:
    for name in found:
        with errors(f"deleting function {name}"):
            aws.client("lambda").delete_function(FunctionName=name)
        say(f"function {name} is deleted, to be made again")


def give_back(aws: Aws) -> None:
    """To the new functions, what Chalice has not given them; then the conversion is over."""
    for name, kept in read(aws).items():
        if lambda_functions.configuration(aws, name) is None:
            say(f"note: function {name}, which was there before, is no part of the app any more")
            continue
        has = {each["Sid"] for each in _of_function(aws, name).policy}
        for statement in kept.policy:
            if statement["Sid"] not in has and not _is_there(aws, name, statement):
                _allow(aws, name, statement)
        if lambda_functions.reserved(aws, name) != kept.reserved:
            lambda_functions.reserve(aws, name, kept.reserved)
    _put(aws, {})


def _is_there(aws: Aws, name: str, wanted: dict[str, Any]) -> bool:
    """Under another name: Chalice's have random ones."""
    same = [{k: v for k, v in x.items() if k != "Sid"} for x in _of_function(aws, name).policy]
    return {k: v for k, v in wanted.items() if k != "Sid"} in same


def _allow(aws: Aws, name: str, statement: dict[str, Any]) -> None:
    condition = statement.get("Condition", {})
    source = (condition.get("ArnLike") or condition.get("ArnEquals") or {}).get("AWS:SourceArn")
    account = (condition.get("StringEquals") or {}).get("AWS:SourceAccount")
    principal = statement["Principal"]
    who = principal if isinstance(principal, str) else next(iter(principal.values()))
    more = {"SourceArn": source, "SourceAccount": account}
    with errors(f"giving {name} its permission back"):
        aws.client("lambda").add_permission(
            FunctionName=name, StatementId=statement["Sid"], Action=statement["Action"],
            Principal=who, **{key: value for key, value in more.items() if value},
        )  # fmt: skip
    say(f"function {name}: {who} may call it, as before")
