"""What `smoke` asks a deployed app for: one path, or the tables [[tool.lambda-layer.smoke]]."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NONE = "none"  # as a smoke-path: nothing is asked
PATH = rf"{NONE}|(({'|'.join(METHODS)}) )?/\S*"
REFUSALS = {401, 403}  # API Gateway's own, before the function is called
# Of each request. A request's own headers win.
HEADERS = {"Accept": "*/*", "User-Agent": "doit-lambda-layer"}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # of a header (RFC 9110, token)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Request:
    """`headers`: (name, value), in a value `${NAME}` is an environment variable. `status`: what is
    expected, () for any 2xx. `json`: (dotted name, value as JSON) of fields that the answer must
    have. `body`: sent as it is."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    status: tuple[int, ...] = ()
    json: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def wants_refusal(self) -> bool:
        """Is API Gateway expected to refuse it?"""
        return bool(self.status) and {*self.status} <= REFUSALS

    def is_answered(self, status: int) -> bool:
        return status in self.status if self.status else 200 <= status < 300

    def missing(self, text: str) -> list[str]:
        """What an answer lacks of the expected fields, in words."""
        if not self.json:
            return []
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            return ["the answer is not JSON"]
        found = {name: _written(_field(told, name)) for name, _ in self.json}
        return [
            f"{name} is {found[name]}, not {wanted}"
            for name, wanted in self.json
            if found[name] != wanted
        ]


def _field(told: Any, name: str) -> Any:
    """`checks.database`. None where there is none."""
    for part in name.split("."):
        told = told.get(part) if isinstance(told, dict) else None
    return told


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def of_path(text: str) -> tuple[Request, ...]:
    """`/health`, `POST /hook`. None for `none`."""
    if text == NONE:
        return ()
    method, _, path = text.rpartition(" ")
    return (Request(path=path, method=method or "GET"),)


def made(table: Mapping[str, Any]) -> Request:
    """A table without faults as a request."""
    status = table.get("status", [])
    return Request(
        path=table["path"],
        method=table.get("method", "GET"),
        headers=tuple(table.get("headers", {}).items()),
        status=tuple(status if isinstance(status, list) else [status]),
        json=tuple((name, _written(value)) for name, value in table.get("json", {}).items()),
        body=table.get("body", ""),
    )


def faults(value: Any) -> Iterator[str]:
    """What is wrong with the setting, in words."""
    if not (isinstance(value, tuple) and all(isinstance(each, dict) for each in value)):
        yield 'is not a list of tables: write [[tool.lambda-layer.smoke]] with path = "/…"'
        return
    for number, table in enumerate(value, 1):
        yield from (f"{number}: {fault}" for fault in _faults(table))


def _faults(table: Mapping[str, Any]) -> Iterator[str]:
    for name in table.keys() - _FORMS.keys():
        yield f"{name} is not one of {', '.join(_FORMS)}"
    for name, (is_right, form) in _FORMS.items():
        if (name in table or name == "path") and not is_right(table.get(name)):
            yield f"{name} is not {form}"


def _is_status(value: Any) -> bool:
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(type(each) is int and 100 <= each <= 599 for each in listed)


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _NAME.fullmatch(name) and isinstance(text, str) and text.isprintable()
        for name, text in value.items()
    )


# {name: (has a value the right form?, which it is)}
_FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "path": (lambda value: bool(re.fullmatch(r"/\S*", str(value))), "a path, from / on"),
    "method": (METHODS.__contains__, f"one of {', '.join(METHODS)}"),
    "headers": (_are_headers, "a table of names and texts"),
    "body": (lambda value: isinstance(value, str), "text"),
    "status": (_is_status, "a number from 100 to 599, or a list of some"),
    "json": (lambda value: isinstance(value, dict), "a table of names and values"),
}


def unset(requests: Iterable[Request], environ: Mapping[str, str]) -> list[str]:
    """The environment variables that headers speak of and nobody has set."""
    texts = [text for request in requests for _, text in request.headers]
    named = [name for text in texts for name in _VARIABLE.findall(text)]
    return [name for name in dict.fromkeys(named) if name not in environ]


def filled(request: Request, environ: Mapping[str, str]) -> dict[str, str]:
    """Its headers, variables filled in. KeyError for one that is not set."""
    return {
        name: _VARIABLE.sub(lambda found: environ[found[1]], value)
        for name, value in request.headers
    }
