"""What moto cannot do is said as such, in the form that each of AWS's protocols is read by. Never
by a web server's error page, which reads as if the app were wrong."""

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ...settings.local_access import NOT_YET

_ERROR = "<Error><Code>{0}</Code><Message>{1}</Message></Error>"
_XML = ("s3", "s3control", "cloudfront", "route53")  # services that answer a REST call in XML


def saying(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto's way to make a service's app, with its faults and gaps answered in words."""

    def made(service: Any) -> Any:
        from werkzeug.exceptions import InternalServerError, MethodNotAllowed, NotFound

        app = create(service)
        if hasattr(app, "register_error_handler"):  # a service of moto's
            app.config["PROPAGATE_EXCEPTIONS"] = False  # moto's debug mode hands them to the page
            for kind in (InternalServerError, MethodNotAllowed, NotFound):
                app.register_error_handler(kind, lambda error: _answered(service, error))
        return app

    return made


def _answered(service: str, error: Any) -> Any:
    from flask import Response, request

    fault = getattr(error, "original_exception", None)
    why = f"{type(fault).__name__}: {fault}" if fault else "it has no such address"
    message = f"the emulator cannot do {service} {_operation(request)} yet: {why}"
    headers = {"x-amzn-ErrorType": NOT_YET}
    return Response(
        _body(service, request, message), status=501, headers=headers, content_type=_kind(request)
    )


def _operation(request: Any) -> str:
    """Its name where the request has one, as the query and JSON protocols do."""
    target = str(request.headers.get("X-Amz-Target", "")).rpartition(".")[2]
    return target or request.form.get("Action", "") or f"{request.method} {request.path}"


def _body(service: str, request: Any, message: str) -> str:
    if "Action" in request.form:
        return f"<ErrorResponse>{_ERROR.format(NOT_YET, escape(message))}</ErrorResponse>"
    if service in _XML:
        return _ERROR.format(NOT_YET, escape(message))
    return json.dumps({"__type": NOT_YET, "message": message})


def _kind(request: Any) -> str:
    return str(request.content_type or "application/json")
