"""What awslambdaric's compiled part of this name does, for a Python that it is not compiled for:
talk to the Runtime API. Standard library only, imported when it is first needed, as there.
"""

from typing import Any

ROOT = "/2018-06-01/runtime/invocation"
NUMBERS = ("Lambda-Runtime-Deadline-Ms",)
Headers = dict[str, Any]


def initialize_client(user_agent: str) -> None:
    _Agent.name = user_agent


class _Agent:
    name = ""


def next() -> "tuple[bytes, Headers]":  # noqa: A001 - its name there
    body, headers = _ask("GET", f"{ROOT}/next", None, {})
    for name in NUMBERS:
        headers[name] = int(headers.get(name) or 0)
    for name in ("Client-Context", "Cognito-Identity"):
        headers.setdefault(f"Lambda-Runtime-{name}", None)
    return body, headers


def post_invocation_result(
    invoke_id: str, body: bytes, content_type: str, invocation_id: "str | None" = None
) -> None:
    _ask("POST", f"{ROOT}/{invoke_id}/response", body, {"Content-Type": content_type})


def post_error(
    invoke_id: str, body: str, xray_fault: str, invocation_id: "str | None" = None
) -> None:
    headers = {"Content-Type": "application/json"}
    _ask("POST", f"{ROOT}/{invoke_id}/error", body.encode(), headers)


def _ask(method: str, path: str, body: "bytes | None", headers: Headers) -> "tuple[bytes, Headers]":
    import os
    from http.client import HTTPConnection

    connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        connection.request(method, path, body, {"User-Agent": _Agent.name} | headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"Failed to ask {path}: {answer.status}")
    return content, dict(answer.headers)
