"""Who may call a function: its resource policy, read, and given to another function."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...aws.client import Aws
from ...aws.errors import error_code, errors
from ...ui.console import say

GONE = ("ResourceNotFoundException",)
NAMES = {  # {condition key: what AddPermission calls it}
    "aws:sourcearn": "SourceArn", "aws:sourceaccount": "SourceAccount",
    "lambda:eventsourcetoken": "EventSourceToken", "aws:principalorgid": "PrincipalOrgID",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
    "lambda:invokedviafunctionurl": "InvokedViaFunctionUrl",
}  # fmt: skip
TESTS = ("ArnLike", "ArnEquals", "StringEquals", "StringLike", "Bool")  # what AddPermission makes
# How a policy calls a user or role that was deleted since (AWS: "IAM identifiers").
DELETED = re.compile(r"A[A-Z0-9]{15,}")


def or_nothing(ask: Any, name: str) -> dict[str, Any]:
    """What AWS says of a function. {} where it has none of that."""
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = ask(FunctionName=name)
    except ClientError as error:
        if error_code(error) not in GONE:
            raise
        return {}
    return found


def statements(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Of a function's resource policy: who may call it."""
    with errors(f"reading the permissions of {name}"):
        text = or_nothing(aws.client("lambda").get_policy, name).get("Policy")
    found: list[dict[str, Any]] = json.loads(text)["Statement"] if text else []
    return found


def allow(aws: Aws, name: str, wanted: Iterable[Mapping[str, Any]]) -> None:
    """Who could call the old function may call this one. `wanted`: the old one's statements."""
    there = statements(aws, name)
    has, same = {each["Sid"] for each in there}, [_who(each) for each in there]
    for statement in wanted:
        if statement["Sid"] not in has and _who(statement) not in same:
            _allow(aws, name, statement)


def _who(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Without its name (Chalice's are random ones) and without the function's."""
    return {key: value for key, value in statement.items() if key not in ("Sid", "Resource")}


def _allow(aws: Aws, name: str, statement: Mapping[str, Any]) -> None:
    """Where the answer was lost, the SDK asked again, and the statement is there already. What
    cannot be said is not given: without its condition a statement lets everybody in."""
    from botocore.exceptions import ClientError

    if why := unspeakable(statement):
        say(f"warning: function {name}: statement {statement['Sid']} of the old one is not given "
            f"to it: {why}")  # fmt: skip
        return
    who, sid, more = principal(statement), statement["Sid"], dict(_conditions(statement))
    with errors(f"giving {name} its permission back"):
        try:
            aws.client("lambda").add_permission(
                FunctionName=name, StatementId=sid, Action=statement["Action"], Principal=who,
                **more,
            )  # fmt: skip
        except ClientError as error:
            there = {each["Sid"] for each in statements(aws, name)}
            if error_code(error) != "ResourceConflictException" or sid not in there:
                raise
    say(f"function {name}: {who} may call it, as before")


def principal(statement: Mapping[str, Any]) -> str:
    found = statement["Principal"]
    return str(found if isinstance(found, str) else next(iter(found.values())))


def unspeakable(statement: Mapping[str, Any]) -> str:
    """What of it AddPermission cannot set. '' for nothing."""
    if statement.get("Effect", "Allow") != "Allow" or "Principal" not in statement:
        return "it says who may not call"
    named = statement["Principal"]
    values = [named, statement["Action"]] if isinstance(named, str) else [*named.values()]
    if not all(isinstance(each, str) for each in [*values, statement["Action"]]):
        return "it has several principals or actions"
    if any(DELETED.fullmatch(each) for each in values):
        return "its principal is deleted"
    for test, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            if test not in TESTS or key.lower() not in NAMES or not isinstance(value, str | bool):
                return f"its condition {test} {key} {json.dumps(value)} cannot be set"
    return ""


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str | bool]]:
    """As AddPermission takes them."""
    for test, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            if known := NAMES.get(key.lower()):
                text = str(value)
                yield known, text.lower() == "true" if test == "Bool" else text


def source(statement: Mapping[str, Any]) -> str:
    """The ARN of who calls, '' for any."""
    return str(dict(_conditions(statement)).get("SourceArn", ""))
