"""Lambda functions: what one runs with, and which of the region use which layer versions."""

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .client import Aws
from .errors import error_code, errors

READY = ("Active", "Inactive")  # the second is AWS's word for idle
LATEST = "$LATEST"  # what runs where nobody names a version


@dataclass(frozen=True, kw_only=True)
class Invoked:
    """`payload`: what it answers, JSON text. `failed`: it raised, or died. `log`: the end of its
    own, with Lambda's lines."""

    payload: str
    failed: bool
    log: str

    def hidden(self, hide: Callable[[str], str]) -> "Invoked":
        """Without the values of the stage's secret."""
        return Invoked(payload=hide(self.payload), failed=self.failed, log=hide(self.log))


def invoke(aws: Aws, name: str, event: object) -> Invoked:
    """Once: a call that is lost on its way is not made again."""
    with errors(f"calling {name}"):
        answer = aws.client("lambda", once=True).invoke(
            FunctionName=name, LogType="Tail", Payload=json.dumps(event).encode()
        )
        payload = answer["Payload"].read().decode(errors="replace")
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    return Invoked(payload=payload, failed="FunctionError" in answer, log=log)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A line of a function's log. `name`: its own, by which it is known again. `at`: seconds since
    1970."""

    function: str
    name: str
    at: float
    text: str


def logged(aws: Aws, function: str, start: float) -> Iterator[Logged]:
    """From `start` on, in seconds since 1970. None of a function that never ran."""
    from botocore.exceptions import ClientError

    group = f"/aws/lambda/{function}"
    pages = aws.client("logs").get_paginator("filter_log_events")
    with errors(f"reading the log of {function}"):
        try:
            for page in pages.paginate(logGroupName=group, startTime=max(0, int(start * 1000))):
                for each in page["events"]:
                    yield Logged(
                        function=function, name=str(each["eventId"]), text=each["message"].rstrip(),
                        at=each["timestamp"] / 1000,
                    )  # fmt: skip
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise


def users(aws: Aws) -> dict[str, list[str]]:
    """{layer version's ARN: functions that use it}, of every function of the account and region.
    `name` for what runs now, `name:3` for a published version (which is what aliases point to)."""
    found: dict[str, list[str]] = defaultdict(list)
    pages = aws.client("lambda").get_paginator("list_functions")
    with errors("listing the functions"):
        for page in pages.paginate(FunctionVersion="ALL"):
            for each in page["Functions"]:
                number = each.get("Version", LATEST)
                name = each["FunctionName"] + ("" if number == LATEST else f":{number}")
                for layer in each.get("Layers", []):
                    found[layer["Arn"]].append(name)
    return {arn: sorted(names) for arn, names in found.items()}


def layers_of(aws: Aws, name: str) -> list[str] | None:
    """ARNs of the layers a function uses now. None when there is no such function."""
    found = configuration(aws, name)
    if found is None:
        return None
    return [layer["Arn"] for layer in found.get("Layers", [])]


def reserved(aws: Aws, name: str) -> int | None:
    """How many of a function's instances may run at once. None for no limit of its own."""
    with errors(f"looking at function {name}"):
        answer = aws.client("lambda").get_function(FunctionName=name)
    found = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    return None if found is None else int(found)


def reserve(aws: Aws, name: str, most: int | None) -> None:
    """None lifts the limit."""
    client = aws.client("lambda")
    with errors(f"bringing back the reserved concurrency of {name}"):
        if most is None:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)


def recursive(aws: Aws, name: str) -> str:
    """`Allow` where it may call itself through queues and topics, `Terminate` (AWS's default) where
    Lambda ends such a loop."""
    with errors(f"looking at what Lambda does with a loop of {name}"):
        found = aws.client("lambda").get_function_recursion_config(FunctionName=name)
    return str(found["RecursiveLoop"])


def tags(aws: Aws, arn: str) -> dict[str, str]:
    """Without AWS's own, which nobody may set."""
    with errors(f"reading the tags of {arn}"):
        found = aws.client("lambda").list_tags(Resource=arn).get("Tags", {})
    return {name: text for name, text in found.items() if not name.lower().startswith("aws:")}


def configuration(aws: Aws, name: str) -> dict[str, Any] | None:
    """GetFunctionConfiguration's answer, None when there is no such function."""
    from botocore.exceptions import ClientError

    with errors(f"looking at function {name}"):
        try:
            answer: dict[str, Any] = aws.client("lambda").get_function_configuration(
                FunctionName=name
            )
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise
    return answer
