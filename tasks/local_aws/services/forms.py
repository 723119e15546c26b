"""Forms: what AWS itself reads as one, and what a browser's form may upload to S3 without any other
signature (AWS: "Browser-based uploads using POST").

moto parses every body whose Content-Type is a form's, and what is parsed is not stored. An object
with that type would be empty. Only a call of the query protocol and such an upload are forms here.
moto reads no policy. Here it holds, and what it does not speak of is refused.
"""

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
    fields, sizes = _read(environ)
    if len(sizes) != 1 or not is_policy_signed(fields, secrets):
        return False
    return is_allowed(fields, bucket[1], sizes[0])


def _read(environ: dict[str, Any]) -> tuple[dict[str, str], list[int]]:
    """Fields, their names in lower case, and bytes of each file. Nothing of a form that moto and
    AWS may understand in two ways."""
    from werkzeug.wrappers import Request

    body = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - moto reads it, too
    shutil.copyfileobj(environ["wsgi.input"], body)
    body.seek(0)
    form = Request({**environ, "wsgi.input": body})
    said = [(name.lower(), value) for name, value in form.form.items(multi=True)]
    files = [(name, len(file.read())) for name, file in form.files.items(multi=True)]
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
