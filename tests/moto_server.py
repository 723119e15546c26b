"""An AWS for functional tests: moto over real HTTP, with what a test needs to see or upset."""

import io
import json
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from tasks.local_aws import moto_patches
from tasks.local_aws.services import bucket_policies, image_registry
from tasks.settings.local_access import OTHERS

ACCOUNT = DEFAULT_ACCOUNT_ID
REGION = "ap-northeast-2"
Meddle = Callable[[str, str], bool]
Refuse = Callable[["Request"], "Refusal | None"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One that arrived. `headers`: lower-case names; `form`: the body of a query-protocol call;
    `json`: that of a JSON one; `xml`: that of a call which names many objects of S3."""

    method: str
    path: str
    query: str
    form: str
    json: str
    headers: Mapping[str, str]
    xml: str = ""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error as AWS answers it: XML from S3 and STS, JSON from Lambda and Secrets Manager."""

    status: int
    code: str
    message: str = "as AWS says it"

    def answer(self, request: Request, start_response: Any) -> list[bytes]:
        path = request.path
        if path.startswith("/v2/"):
            headers = [("Content-Type", "application/json")]
            body = json.dumps({"errors": [{"code": "DENIED", "message": self.message}]})
        elif "x-amz-target" in request.headers:
            headers = [("Content-Type", "application/x-amz-json-1.1")]
            body = json.dumps({"__type": self.code, "message": self.message})
        elif path.startswith("/20"):  # Lambda's API is dated
            headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", self.code)]
            body = json.dumps({"Message": self.message})
        else:
            headers = [("Content-Type", "application/xml")]
            inner = f"<Code>{self.code}</Code><Message>{self.message}</Message>"
            body = f"<Error>{inner}</Error>"
            body = f"<ErrorResponse>{body}</ErrorResponse>" if path == "/" else body
        start_response(f"{self.status} refused", headers)
        return [body.encode()]


@dataclass(kw_only=True)
class Server:
    """`dropped`: for a request (method, path) that it names, the work is done and the answer is
    lost, as when a connection breaks or a process is killed right then. `refused`: a request is
    answered with this error. `seen`: every request, in order."""

    url: str = ""
    dropped: Meddle = field(default=lambda method, path: False)
    refused: Refuse = field(default=lambda request: None)
    seen: list[Request] = field(default_factory=list)

    def reset(self) -> None:
        """Forget everything."""
        self.dropped = lambda method, path: False
        self.refused = lambda request: None
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310 - our own server
        urllib.request.urlopen(request).close()  # noqa: S310 - our own server
        self.seen.clear()

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            OTHERS: self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def serving() -> Iterator[Server]:
    """A server of this process on a free port of 127.0.0.1."""
    server = Server()
    bucket_policies.judge_conditions()
    moto_patches.recursion()
    moto = DomainDispatcherApplication(create_backend_app)
    app = _recording(server, _lossy(server, _paging(_handing_out(_registry(moto)))))
    http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{http.port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        server.reset()  # moto's memory is the process's, not the server's
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _registry(app: Any) -> Any:
    """ECR's, as the project's own server has it. Who may ask it is a test's business."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        if not image_registry.is_asked(environ):
            return app(environ, start_response)
        status, headers, body = image_registry.answer(environ, REGION)
        start_response(status, headers)
        return body

    return wrapped


def _recording(server: Server, app: Any) -> Callable[..., Iterable[bytes]]:
    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        request = _request(environ)
        server.seen.append(request)
        refusal = server.refused(request)
        if refusal is None:
            return app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return refusal.answer(request, start_response)

    return wrapped


def _request(environ: dict[str, Any]) -> Request:
    kind, body = environ.get("CONTENT_TYPE", ""), b""
    is_form = kind.startswith("application/x-www-form-urlencoded")
    is_json = kind.startswith("application/x-amz-json") or environ["PATH_INFO"].startswith("/20")
    is_xml = (environ["REQUEST_METHOD"], environ["QUERY_STRING"]) == ("POST", "delete")
    if is_form or is_json or is_xml:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=environ["QUERY_STRING"],
        form=body.decode() if is_form else "",
        json=body.decode() if is_json else "",
        xml=body.decode() if is_xml else "",
        headers={
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        },
    )


def _lossy(server: Server, app: Any) -> Callable[..., Iterable[bytes]]:
    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not server.dropped(environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            return app(environ, start_response)  # type: ignore[no-any-return] # a WSGI app
        list(app(environ, lambda status, headers, error=None: lambda data: None))
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        start_response("500 nobody hears this", [])
        return []

    return wrapped


def _handing_out(app: Any) -> Callable[..., Iterable[bytes]]:
    """The zips of layers and functions lie where moto_patches says."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith((moto_patches.LAYERS, moto_patches.FUNCTIONS)):
            return app(environ, start_response)  # type: ignore[no-any-return] # a WSGI app
        start_response("200 OK", [("Content-Type", "application/zip")])
        return [moto_patches.zip_at(path)]

    return wrapped


def _paging(app: Any) -> Callable[..., Iterable[bytes]]:
    """ListLayerVersions by pages of at most 50, as AWS answers; moto gives all at once."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"][-9:]) != ("GET", "/versions"):
            return app(environ, start_response)  # type: ignore[no-any-return] # a WSGI app
        asked = parse_qs(environ["QUERY_STRING"])
        begin, count = int(asked.get("Marker", ["0"])[0]), int(asked.get("MaxItems", ["50"])[0])
        answer = _answer(app, environ)
        found = answer.get("LayerVersions", [])
        answer["LayerVersions"] = found[begin : begin + min(count, 50)]
        if begin + count < len(found):
            answer["NextMarker"] = str(begin + count)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return wrapped


def _answer(app: Any, environ: dict[str, Any]) -> dict[str, Any]:
    body = b"".join(app(environ, lambda status, headers, error=None: lambda data: None))
    answer: dict[str, Any] = json.loads(body)
    return answer


class _Quiet(MotoRequestHandler):
    disable_nagle_algorithm = True  # else each answer waits 40 ms for its second half

    def log_request(self, *arguments: object, **named: object) -> None:
        """Nothing: the tests' output is read by people."""

    log_error = log_request
