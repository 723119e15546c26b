"""The environment of a function of the embedded AWS, as Lambda gives it
(Lambda Developer Guide, "Defined runtime environment variables")."""

from datetime import UTC, datetime
from typing import Any

HOME = "/home/sbx_user1051"  # Lambda's: it is not there, and nobody may make it
LATEST = "$LATEST"


def variables(function: Any) -> dict[str, str]:
    """`function`: moto's. What only the place knows where it runs, docker/lambda_runtime.py adds:
    LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR, AWS_LAMBDA_RUNTIME_API."""
    given = {name: str(value) for name, value in function.environment_vars.items()}
    return _unreserved() | given | _reserved(function)


def _unreserved() -> dict[str, str]:
    """What a function's own variables may change."""
    return {
        "HOME": HOME,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
    }


def _reserved(function: Any) -> dict[str, str]:
    return {
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.function_name}",
    }


def log_stream(function: Any, name: str) -> str:
    """Of one execution environment, called `name`."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{name}"
