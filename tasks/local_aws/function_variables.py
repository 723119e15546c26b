"""The environment of a function of the emulator. It is what Lambda gives one, what config.json and
the secret say, and the emulator in the place of AWS, whatever these say of that.

Lambda's: settings/lambda_variables.py.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..settings import lambda_variables
from ..settings.local_access import Access, past_proxies
from . import image_functions

# Of the function's own: other addresses, and what no other address can be combined with.
_ELSEWHERE = re.compile(r"AWS_(ENDPOINT_URL.*|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_.*|CSM_.*)")


def variables(function: Any, access: Access | None) -> dict[str, str]:
    """`function`: moto's. What its image says comes before what it says itself.

    What only the place knows where it runs, docker/lambda_runtime.py adds: LAMBDA_TASK_ROOT,
    LAMBDA_RUNTIME_DIR, AWS_LAMBDA_RUNTIME_API."""
    own = {name: str(value) for name, value in function.environment_vars.items()}
    given = (image_functions.variables(function) if image_functions.is_one(function) else {}) | own
    kept = {name: value for name, value in given.items() if not _ELSEWHERE.fullmatch(name)}
    here = _here(kept, access, function.region)
    return lambda_variables.OPEN | kept | here | _reserved(function)


def refusal(wishes: Mapping[str, Any]) -> str:
    """Why the emulator makes no such function, '' where it does. `wishes`: as CreateFunction
    and UpdateFunctionConfiguration take them."""
    code = wishes.get("Code")
    if wishes.get("PackageType") == "Image" or (isinstance(code, dict) and "ImageUri" in code):
        return image_functions.refusal(wishes)
    runtime = wishes.get("Runtime")
    if runtime is not None and not re.fullmatch(r"python3\.\d+", str(runtime)):
        return f"the emulator runs Python alone, not {runtime!a}"
    given = (wishes.get("Environment") or {}).get("Variables") or {}
    for name, value in given.items():
        if not name or "=" in name or lambda_variables.unsendable(name):
            return f"{name!a} is no name of a variable"
        if what := lambda_variables.unsendable(str(value)):
            return f"the value of variable {name} holds {what}"
    return ""


def _here(given: Mapping[str, str], access: Access | None, region: str) -> dict[str, str]:
    if access is None:
        return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return access.variables(region) | past_proxies(given, access.name)


def _reserved(function: Any) -> dict[str, str]:
    return lambda_variables.reserved(
        handler=image_functions.handler(function), name=function.function_name,
        memory=function.memory_size, version=str(function.version),
    )  # fmt: skip


def log_stream(function: Any, name: str) -> str:
    """Of one execution environment, called `name`."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{name}"
