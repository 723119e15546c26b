"""An event brought to a function, after the call that made it has been answered, as in AWS."""

import json
import threading
from collections.abc import Mapping
from typing import Any

from ...ui.console import say


def invoke(function_arn: str, event: Mapping[str, Any]) -> bool:
    """The function's own answer is awaited: has it handled the event? False, too, where there is
    no such function."""
    from moto.awslambda.models import lambda_backends
    from moto.core.models import DEFAULT_ACCOUNT_ID

    _, _, _, region, _, _, name, *_ = function_arn.split(":")
    headers: dict[str, str] = {}
    try:
        function = lambda_backends[DEFAULT_ACCOUNT_ID][region].get_function(function_arn)
        function.invoke(json.dumps(event), {}, headers)
    except Exception as error:
        say(f"{name}: an event is lost: {type(error).__name__}: {error}")
        return False
    failed = "x-amz-function-error" in headers
    say(f"{name}: {'failed on' if failed else 'handled'} an event")
    return not failed


def send(function_arn: str, event: Mapping[str, Any]) -> None:
    """The same in the background. It is tried once. Lambda would try two times more."""
    threading.Thread(target=invoke, args=[function_arn, event], daemon=True).start()
