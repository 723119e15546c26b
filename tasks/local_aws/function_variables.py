"""The environment of a function of the embedded AWS: what Lambda gives one, what config.json and
the secret say, and the embedded AWS in the place of AWS, whatever these say of that.
"""

import re
from collections.abc import Mapping
from typing import Any

from ..sandbox.isolation import HOME
from ..settings.local_access import Access, past_proxies

# Of the function's own: other addresses, and what no other address can be combined with.
_ELSEWHERE = re.compile(r"AWS_(ENDPOINT_URL.*|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_.*|CSM_.*)")


def variables(function: Any, access: Access | None) -> dict[str, str]:
    """`function`: moto's. Lambda Developer Guide, "Defined runtime environment variables"."""
    given = {name: str(value) for name, value in function.environment_vars.items()}
    kept = {name: value for name, value in given.items() if not _ELSEWHERE.fullmatch(name)}
    base = {"HOME": HOME, "LANG": "en_US.UTF-8", "TZ": ":UTC"}
    return base | kept | _here(kept, access, function.region) | _reserved(function)


def _here(given: Mapping[str, str], access: Access | None, region: str) -> dict[str, str]:
    if access is None:
        return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return access.variables(region) | past_proxies(given, access.name)


def _reserved(function: Any) -> dict[str, str]:
    return {
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.function_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "{work}/task",
    }
