"""Names of variables that Lambda does not take from a function's configuration."""

import re
from collections.abc import Iterable

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")  # Lambda's API, EnvironmentVariableName
# Lambda Developer Guide, "Defined runtime environment variables": these cannot be set.
RESERVED = {
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}  # fmt: skip
_REASON = (
    "the environment variables you have provided contains reserved keys that are currently not "
    "supported for modification. Reserved keys used in this request: "
)  # Lambda's own words


def refused(names: Iterable[str]) -> list[str]:
    """What Lambda would say of them; nothing where it takes them all."""
    wanted = sorted(set(names))
    reserved = [name for name in wanted if name in RESERVED]
    strange = [name for name in wanted if not NAME.fullmatch(name) and name not in RESERVED]
    said = [f"Lambda refuses it: {_REASON}{', '.join(reserved)}"] if reserved else []
    return said + [f"{name!r} is no name that Lambda takes ({NAME.pattern})" for name in strange]
