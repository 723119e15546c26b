"""A secret of AWS Secrets Manager as a function's environment: read, checked, never shown.

Names may be said; a value appears in no message, record or `repr`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import AwsError

LIMIT = 4096  # bytes of all variables of one function, as JSON (AWS quota: 4 KB)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")  # Lambda's API, EnvironmentVariableName
# Lambda Developer Guide, "Defined runtime environment variables": these cannot be set.
RESERVED = {
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}  # fmt: skip
HIDDEN = "***"
SHORT = 4  # characters; shorter ones are hidden only where they stand beside their name


@dataclass(frozen=True, kw_only=True)
class Secret:
    """`version`: the ID that AWS gives to each change; says nothing of the values."""

    name: str
    version: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What a record may hold."""
        return {"name": self.name, "version": self.version, "names": sorted(self.values)}


def parse(name: str, version: str, text: str) -> Secret:
    """From a secret's text, a JSON object. Numbers stay as they are written there. AwsError names
    every key that cannot be a variable."""
    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AwsError(
            f"secret {name} is not a JSON object",
            fix='write it as {"NAME": "value", …}: each becomes a variable of the function',
        )
    problems = [line for key, value in found.items() for line in _problems(key, value)]
    if problems:
        fix = "correct the secret, then run the same again"
        raise AwsError(f"secret {name}: {'; '.join(problems)}", fix=fix)
    return Secret(name=name, version=version, values={k: _text(v) for k, v in found.items()})


def _refuse(constant: str) -> Any:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _problems(key: str, value: object) -> list[str]:
    if not NAME.fullmatch(key):
        return [f"{key!r} is no name that Lambda takes ({NAME.pattern})"]
    if key in RESERVED:
        return [f"{key} is reserved by Lambda"]
    if not isinstance(value, str | bool):
        return [f"{key} is neither text nor a number"]
    return ["the value of " + key + " holds a NUL"] if "\0" in _text(value) else []


def shadowed(secret: Secret, configured: Mapping[str, str]) -> list[str]:
    """Names that config.json has with another value."""
    return sorted(
        name for name, value in configured.items() if secret.values.get(name, value) != value
    )


def check_size(secret: Secret, configured: Mapping[str, str], function: str) -> None:
    """AwsError when Lambda would refuse the function's variables, config.json's and these."""
    taken = _size({**configured, **secret.values})
    if taken <= LIMIT:
        return
    biggest = sorted(secret.values, key=lambda name: -len(secret.values[name].encode()))[:3]
    raise AwsError(
        f"function {function}: the variables of secret {secret.name} and config.json take "
        f"{taken} bytes; Lambda allows {LIMIT}",
        fix=f"make the secret smaller (largest: {', '.join(biggest)}); what is large is better "
        "read by the function itself, when it starts",
    )


def _size(variables: Mapping[str, str]) -> int:
    return len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode())


def hide(line: str, values: Mapping[str, str]) -> str:
    """The line without the values: plain, or as JSON or Python write them. AWS and tracebacks
    repeat what they were given."""
    for form in _forms(values):
        line = line.replace(form, HIDDEN)
    for name, value in values.items():
        pair = rf"({re.escape(name)}['\"]?\s*[:=]\s*['\"]?){re.escape(value)}(?!\w)"
        line = re.sub(pair, lambda found: found[1] + HIDDEN, line) if value else line
    return line


def _forms(values: Mapping[str, str]) -> list[str]:
    """Longest first: one value may be part of another."""
    texts = {part for value in values.values() for part in _lines(value)}
    spelt = {form for text in texts for form in (text, *_quoted(text))}
    return sorted((form for form in spelt if len(form) >= SHORT), key=lambda form: -len(form))


def _quoted(text: str) -> list[str]:
    return [
        json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]
    ]  # fmt: skip


def _lines(value: str) -> Iterable[str]:
    """A key in PEM is printed line by line."""
    return {value, *(line.strip() for line in value.splitlines())}
