"""A request's body as it was sent. moto parses every body whose Content-Type is a form's, and what
is parsed is not stored. An object with that type would be empty. Here only what AWS itself reads as
a form is one: a call of the query protocol, and a browser's upload to S3 (AWS: "Browser-based
uploads using POST").
"""

import re
from collections.abc import Mapping
from typing import Any

# Where calls of the query protocol go: to a service, or to a queue.
_QUERY_PROTOCOL = re.compile(r"/|/\d{12}/[^/]+")


def apply() -> None:
    from moto.core.request import Request
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    setattr(Request, "want_form_data_parsed", property(lambda self: is_form(self.environ)))  # noqa: B010 - mypy refuses the plain form
    original: Any = DomainDispatcherApplication._get_body

    def looked_at(self: Any, environ: dict[str, Any]) -> Any:
        """By moto, for the service that an unsigned call means."""
        return original(self, environ) if is_form(environ) else None

    setattr(DomainDispatcherApplication, "_get_body", looked_at)  # noqa: B010 - mypy refuses the plain form


def is_form(environ: Mapping[str, Any]) -> bool:
    if environ.get("REQUEST_METHOD") != "POST":
        return False
    kind = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return not environ.get("QUERY_STRING")  # all other POSTs to S3 have a query
    path = str(environ.get("PATH_INFO", ""))
    return kind == "application/x-www-form-urlencoded" and bool(_QUERY_PROTOCOL.fullmatch(path))
