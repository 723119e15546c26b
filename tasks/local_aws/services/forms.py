"""Forms: what AWS itself reads as one, and what a browser's form may upload to S3 without any other
signature (AWS: "Browser-based uploads using POST").

moto parses every body whose Content-Type is a form's, and what is parsed is not stored. An object
with that type would be empty. Only a call of the query protocol and such an upload are forms here.
moto reads no policy. Here it holds, and what it does not speak of is refused.
"""

import io
import json
import re
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..signatures import Secrets, is_policy_signed

# Where calls of the query protocol go: to a service, or to a queue.
_QUERY_PROTOCOL = re.compile(r"/|/\d{12}/[^/]+")
_MULTIPART, _FILE = "multipart/form-data", "file"
_BUCKET = re.compile(r"/(?!moto-api|doit-)([^/]+)/?")
# Fields that no condition has to name (AWS: "POST policy").
_UNNAMED = {"policy", "x-amz-signature", _FILE, "awsaccesskeyid", "signature"}
_IN_MEMORY = 1 << 20  # bytes of a form. The rest waits on the disk
_FIELDS = 1 << 16  # bytes before the file, which comes last (AWS: at most 20 KB)


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
    if kind == _MULTIPART:
        return not environ.get("QUERY_STRING")  # all other POSTs to S3 have a query
    path = str(environ.get("PATH_INFO", ""))
    return kind == "application/x-www-form-urlencoded" and bool(_QUERY_PROTOCOL.fullmatch(path))


def may_upload(environ: dict[str, Any], secrets: Secrets) -> bool:
    """Is it a form with a signed policy that allows just this? The body stays to be read."""
    bucket = _BUCKET.fullmatch(str(environ.get("PATH_INFO", "")))
    is_upload = str(environ.get("CONTENT_TYPE", "")).lower().startswith(_MULTIPART)
    if not (bucket and is_upload and is_form(environ)):
        return False
    head = environ["wsgi.input"].read(_FIELDS)
    if not is_policy_signed(_first_fields(head, str(environ["CONTENT_TYPE"])), secrets):
        return False  # before anything of a stranger's file is read
    fields, sizes = _read(environ, head)
    if len(sizes) != 1 or not is_policy_signed(fields, secrets):
        return False
    return is_allowed(fields, bucket[1], sizes[0])


def _first_fields(head: bytes, content_type: str) -> dict[str, str]:
    """Those before the file, their names in lower case. {} where the head of the form has none."""
    from werkzeug.exceptions import HTTPException
    from werkzeug.http import parse_options_header
    from werkzeug.sansio import multipart

    fields, name = dict[str, bytes](), ""
    try:
        boundary = parse_options_header(content_type)[1]["boundary"].encode("latin-1")
        decoder = multipart.MultipartDecoder(boundary)
        decoder.receive_data(head)
        while not isinstance(event := decoder.next_event(), multipart.File):
            if isinstance(event, multipart.Field) and event.name.lower() == _FILE:
                break
            if isinstance(event, multipart.Field):
                name = event.name.lower()
            elif isinstance(event, multipart.Data):
                fields[name] = fields.get(name, b"") + event.data
            elif not isinstance(event, multipart.Preamble):
                return {}  # it goes on, or has no file
        return {name: value.decode() for name, value in fields.items()}
    except (KeyError, ValueError, HTTPException):  # it is no form
        return {}


def _read(environ: dict[str, Any], head: bytes) -> tuple[dict[str, str], list[int]]:
    """Fields, their names in lower case, and bytes of each file. Nothing of a form that moto and
    AWS may understand in two ways. `head`: what was read of it before."""
    from werkzeug.wrappers import Request

    body = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - moto reads it, too
    body.write(head)
    shutil.copyfileobj(environ["wsgi.input"], body)
    body.seek(0)
    form = Request({**environ, "wsgi.input": body})
    said = [(name.lower(), value) for name, value in form.form.items(multi=True)]
    files = [(name, file.seek(0, io.SEEK_END)) for name, file in form.files.items(multi=True)]
    body.seek(0)
    environ["wsgi.input"] = body
    files += [(name, len(value.encode())) for name, value in said if name == _FILE]
    if len({name for name, _ in said}) < len(said) or any(name != _FILE for name, _ in files):
        return {}, []
    return dict(said), [size for _, size in files]


def is_allowed(fields: Mapping[str, str], bucket: str, size: int) -> bool:
    """By its policy. `fields`: names in lower case. `size`: of the file, in bytes."""
    said = {**fields, "bucket": bucket}
    try:
        policy = json.loads(b64decode(fields["policy"]))
        conditions = [each for told in policy["conditions"] for each in _conditions(told)]
        holds = all(_holds(*each, said, size) for each in conditions)
        is_late = datetime.fromisoformat(policy["expiration"]) < datetime.now(UTC)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False  # it cannot be judged
    named = {str(name).lower().removeprefix("$") for _, name, _ in conditions} | _UNNAMED
    unnamed = [name for name in said if name not in named and not name.startswith("x-ignore-")]
    return holds and not is_late and not unnamed


def _conditions(told: Any) -> list[tuple[Any, Any, Any]]:
    if isinstance(told, dict):
        return [("eq", f"${name}", value) for name, value in told.items()]
    kind, name, value = told
    return [(kind, name, value)]


def _holds(kind: Any, name: Any, value: Any, said: Mapping[str, str], size: int) -> bool:
    if kind == "content-length-range":
        return int(name) <= size <= int(value)
    is_said = said[name.lower().removeprefix("$")]
    if kind == "starts-with":
        return bool(is_said.startswith(value))
    return kind == "eq" and bool(is_said == value)
