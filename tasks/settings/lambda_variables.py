"""The variables that Lambda sets for a function, and names that it does not take from its
configuration.

Source: Lambda Developer Guide, "Defined runtime environment variables".
"""

import re
from collections.abc import Iterable, Mapping

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")  # Lambda's API, EnvironmentVariableName
# These cannot be set.
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

# What a function's own variables may change. PATH and LD_LIBRARY_PATH are the image's, PYTHONPATH,
# PWD and SHLVL are set by the runtime's bootstrap. There is no HOME (lambci/docker-lambda#115,
# gkrizek/bash-lambda-layer#42): `~` is what /etc/passwd says.
OPEN = {
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
    "AWS_LAMBDA_LOG_FORMAT": "Text",
}

# Python's own that Lambda takes, with what they may say (docs.python.org/3/using/cmdline.html).
# PYTHONPATH is read by the runtime's bootstrap.py, too, which then puts no layer on sys.path
# (docker/bootstrap.py).
_LAYERS, _HOME = "/opt/python", "/var/lang"


NOBODY = "proof"  # whose credentials these are


def reserved(*, handler: str, name: str, memory: int, version: str) -> dict[str, str]:
    """What it may not, but for credentials, region and places. `memory`: MB."""
    return {
        "_HANDLER": handler,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
    }


def of_a_start(*, region: str, python: str, handler: str, name: str, memory: int) -> dict[str, str]:
    """What a function finds that is started here as Lambda starts it, but for places. Its
    credentials open nothing: it must be there, for a client is often made at import."""
    return {
        **reserved(handler=handler, name=name, memory=memory, version="$LATEST"),
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{python}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
        "AWS_ACCESS_KEY_ID": NOBODY,
        "AWS_SECRET_ACCESS_KEY": NOBODY,
        "AWS_SESSION_TOKEN": NOBODY,
    }


def unsendable(text: str) -> str:
    """What it holds that no AWS takes, '' for nothing. JSON may have one half of a pair
    (`\\ud800`), which cannot be written as UTF-8."""
    if "\0" in text:
        return "a NUL"
    return "half a character" if any("\ud800" <= char <= "\udfff" for char in text) else ""


def refused(names: Iterable[str]) -> list[str]:
    """What Lambda would say of them. Nothing where it takes them all."""
    wanted = sorted(set(names))
    reserved = [name for name in wanted if name in RESERVED]
    strange = [name for name in wanted if not NAME.fullmatch(name) and name not in RESERVED]
    said = [f"Lambda refuses it: {_REASON}{', '.join(reserved)}"] if reserved else []
    return said + [f"{name!r} is no name that Lambda takes ({NAME.pattern})" for name in strange]


def against_layer(variables: Mapping[str, str], *, image: bool = False) -> dict[str, str]:
    """{name: why} of those with which no function finds the layer, or Python itself. Of an `image`
    any PYTHONPATH: with another order than that of the test, other modules may be found."""
    found = {}
    if image and "PYTHONPATH" in variables:
        found["PYTHONPATH"] = (
            f"PYTHONPATH = {variables['PYTHONPATH']!r}: it changes the order in which the packages "
            "of an image are found"
        )
    elif _LAYERS not in (path := variables.get("PYTHONPATH", _LAYERS)).split(":"):
        found["PYTHONPATH"] = (
            f"PYTHONPATH = {path!r}: with a PYTHONPATH that lacks {_LAYERS}, Lambda's runtime "
            "leaves the layer off sys.path, and no import of it works"
        )
    for name, usual in (("PYTHONHOME", _HOME), ("PYTHONPLATLIBDIR", "lib")):
        if (value := variables.get(name, "").rstrip("/")) not in ("", usual):
            found[name] = f"{name} = {value!r}: Python looks there for its own modules, and ends"
    return found


def against_bytecode(variables: Mapping[str, str]) -> list[str]:
    """What those cost with which Python passes over the layer's bytecode, and so the import
    test."""
    harmless = {"PYTHONOPTIMIZE": ("", "0"), "PYTHONPYCACHEPREFIX": ("",)}
    return [
        f"with {name} Python passes over the layer's bytecode and compiles what it imports at each "
        "cold start; no import was tried like this"
        for name, values in harmless.items()
        if variables.get(name, "") not in values
    ]
