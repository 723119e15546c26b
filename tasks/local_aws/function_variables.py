"""The environment of a function of the embedded AWS: what Lambda gives one, what config.json and
the secret say, and the embedded AWS in the place of AWS, whatever these say of that.

Lambda's: settings/lambda_variables.py.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..sandbox.lambda_system import HOME
from ..settings import lambda_variables
from ..settings.local_access import Access, past_proxies

# Of the function's own: other addresses, and what no other address can be combined with.
_ELSEWHERE = re.compile(r"AWS_(ENDPOINT_URL.*|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_.*|CSM_.*)")


def variables(function: Any, access: Access | None) -> dict[str, str]:
    """`function`: moto's. What only the place knows where it runs, docker/lambda_runtime.py adds:
    LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR, AWS_LAMBDA_RUNTIME_API."""
    given = {name: str(value) for name, value in function.environment_vars.items()}
    kept = {name: value for name, value in given.items() if not _ELSEWHERE.fullmatch(name)}
    here = _here(kept, access, function.region)
    return {"HOME": HOME} | lambda_variables.OPEN | kept | here | _reserved(function)


def _here(given: Mapping[str, str], access: Access | None, region: str) -> dict[str, str]:
    if access is None:
        return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return access.variables(region) | past_proxies(given, access.name)


def _reserved(function: Any) -> dict[str, str]:
    return lambda_variables.reserved(
        handler=function.handler, name=function.function_name,
        memory=function.memory_size, version=str(function.version),
    )  # fmt: skip


def log_stream(function: Any, name: str) -> str:
    """Of one execution environment, called `name`."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{name}"
