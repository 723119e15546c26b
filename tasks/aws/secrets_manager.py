"""AWS Secrets Manager: the stage's `secret`, whose values become its functions' environment."""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..settings.lambda_variables import against_layer, refused, unsendable
from ..util.errors import AwsError
from . import lambda_functions
from .client import Aws
from .errors import error_code, errors

Variables = Mapping[str, Mapping[str, str]]  # {function: its environment in config.json}
LIMIT = 4096  # bytes of all variables of one function, as JSON (AWS quota: 4 KB)
HIDDEN = "***"
SHORT = 4  # characters; shorter ones are hidden only where they stand beside their name
TELLING = 8  # characters, of a text within a value
_PLAIN = re.compile(r"[\w.~-]+", re.ASCII)  # what no way of quoting changes
_PIECES = re.compile(rf"{_PLAIN.pattern}|\\+|.", re.ASCII | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Secret:
    """`version`: the ID that AWS gives to each change. Says nothing of the values."""

    name: str
    version: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What a record may hold."""
        return {"name": self.name, "version": self.version, "names": sorted(self.values)}


def parse_secret(name: str, version: str, text: str, *, image: bool = False) -> Secret:
    """From a secret's text, a JSON object. Numbers stay as they are written there. AwsError names
    every key that cannot be a variable. `image`: of a function that is one."""
    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AwsError(
            f"secret {name} is not a JSON object",
            fix='write it as {"NAME": "value", …}: each becomes a variable of the function',
        )
    problems = [line for key, value in found.items() for line in _problems(key, value, image)]
    if problems:
        fix = "correct the secret, then run the command again"
        raise AwsError(f"secret {name}: {'; '.join(problems)}", fix=fix)
    return Secret(name=name, version=version, values={k: _text(v) for k, v in found.items()})


def _refuse(constant: str) -> Any:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _problems(key: str, value: object, image: bool) -> list[str]:
    if problems := refused([key]):
        return problems
    if against := against_layer({key: str(value)}, image=image):
        return [f"{key} takes the layer from the functions" for key in against]
    if not isinstance(value, str | bool):
        return [f"{key} is neither text nor a number"]
    what = unsendable(_text(value))
    return [f"the value of {key} holds {what}"] if what else []


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
        f"{taken} bytes. Lambda allows {LIMIT}",
        fix=f"make the secret smaller (largest: {', '.join(biggest)}). Let the function "
        "itself read large values when it starts",
    )


def _size(variables: Mapping[str, str]) -> int:
    return len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode())


def hide(line: str, values: Mapping[str, str]) -> str:
    """The line without the values, however often they were quoted: an answer of an API is JSON in
    JSON, and AWS and tracebacks repeat what they were given."""
    for form in _forms(tuple(values.items())):
        line = form.sub(lambda found: (found[1] if found.re.groups else "") + HIDDEN, line)
    return line


@lru_cache(maxsize=8)  # each line of a log asks for the same
def _forms(values: tuple[tuple[str, str], ...]) -> list[re.Pattern[str]]:
    """Longest first: one value may be part of another. The short ones beside their names."""
    texts = {part for _, value in values for text in _texts(value) for part in _lines(text)}
    long = sorted((text for text in texts if len(text) >= SHORT), key=lambda text: -len(text))
    quote = r"\\*['\"]?"
    pairs = [
        rf"({re.escape(name)}{quote}\s*[:=]\s*{quote}){_quoted(value)}(?!\w)"
        for name, value in values if value
    ]  # fmt: skip
    return [re.compile(each) for each in (*map(_quoted, long), *pairs)]


def _texts(value: str) -> Iterator[str]:
    """Itself, and what stands in it where it is JSON, as the key of a service account does."""
    yield value
    try:
        waiting = [json.loads(value)] if value.lstrip()[:1] in ("{", "[") else []
    except (ValueError, RecursionError):
        return
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            waiting += each.values() if isinstance(each, dict) else each
        elif isinstance(each, str) and len(each) >= TELLING:
            yield each


def _lines(value: str) -> Iterable[str]:
    """A key in PEM is printed line by line."""
    return {value, *(line.strip() for line in value.splitlines())}


def _quoted(text: str) -> str:
    """A pattern of it: plain, or as JSON, Python, HTML and addresses write it, once or more."""
    return "".join(map(_piece, _PIECES.findall(text)))


def _piece(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return re.escape(text)
    if text[0] == "\\":
        return r"(?:\\++|(?i:%5c)++)"  # each time it is quoted, there are twice as many
    more = r"\\*+"
    octets, units = text.encode().hex(" ").split(), text.encode("utf-16-be").hex(" ", 2).split()
    codes = ["".join(f"%{each}" for each in octets), more.join(f"x{each}" for each in octets)]
    codes += [more.join(f"u{each}" for each in units), f"U{ord(text):08x}", f"x{ord(text):02x}"]
    codes += [f"&#{ord(text)};", f"&#x{ord(text):x};", re.escape(html.escape(text))]
    letter = {"\n": "|n", "\r": "|r", "\t": "|t"}.get(text, "")
    return f"{more}(?:{re.escape(text)}{letter}|(?i:{'|'.join(codes)}))"


CURRENT = "AWSCURRENT"  # Secrets Manager's label of the version that holds


def read_secret(aws: Aws, configured: Variables) -> Secret | None:
    """The values. None where the stage has no secret. AwsError for one that cannot be used, or
    is too large beside what config.json sets, `configured`."""
    name = aws.settings.secret
    if not name:
        return None
    answer = _ask(aws, "get_secret_value")
    if "SecretString" not in answer:
        fix = "store it as a JSON object (SecretString)"
        raise AwsError(f"secret {name} is binary", fix=fix)
    told = name, answer["VersionId"], answer["SecretString"]
    found = parse_secret(*told, image=aws.settings.is_image)
    for function, variables in configured.items():
        check_size(found, variables, function)
    return found


def earlier_values(aws: Aws, name: str, version: str) -> dict[str, str]:
    """Those of an earlier version of the stage's secret. AwsError where Secrets Manager does not
    keep it any more, or the stage has another secret by now."""
    if name != aws.settings.secret:
        fix = "set `secret` in pyproject.toml as it was"
        raise AwsError(f"secret {name} is not the stage's any more", fix=fix)
    answer = _ask(aws, "get_secret_value", VersionId=version)
    return dict(parse_secret(name, version, answer.get("SecretString", "")).values)


def hider(aws: Aws, function: str) -> Callable[[str], str]:
    """What takes the secret's values out of a text that the function wrote: the current ones, and
    those that it was deployed with."""
    found = read_secret(aws, {})
    if found is None:
        return str
    runs = lambda_functions.configuration(aws, function) or {}
    variables = runs.get("Environment", {}).get("Variables", {})
    deployed = {name: value for name, value in variables.items() if name in found.values}
    return lambda text: hide(hide(text, found.values), deployed)


def version(aws: Aws) -> str:
    """The ID of its current version, without a look at the values. '' where there is no secret."""
    if not aws.settings.secret:
        return ""
    stages = _ask(aws, "describe_secret").get("VersionIdsToStages", {})
    return next((each for each, labels in stages.items() if CURRENT in labels), "")


def _ask(aws: Aws, call: str, **more: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    settings = aws.settings
    with errors(f"looking at secret {settings.secret}"):
        try:
            client = aws.client("secretsmanager")
            answer: dict[str, Any] = getattr(client, call)(SecretId=settings.secret, **more)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            where = f"account {aws.account}, region {settings.region}"
            fix = f"make it there, or correct `secret` of stage {settings.stage} in pyproject.toml"
            raise AwsError(f"secret {settings.secret} is not in {where}", fix=fix) from None
    return answer
