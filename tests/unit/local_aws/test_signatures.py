"""tasks/local_aws/signatures.py, guard.py: what a stranger sends costs nothing, and how long a
signature is good for."""

import io
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.auth import HmacV1Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tasks.local_aws import guard
from tasks.settings.local_access import Access

ACCESS = Access(url="http://127.0.0.1:5555", key="LKIA" + "A" * 16, secret="s", pid=1)  # noqa: S106
FORM = b"""--B\r
Content-Disposition: form-data; name="key"\r
\r
x\r
--B\r
Content-Disposition: form-data; name="file"; filename="f"\r
\r
"""


def environ(uri: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    path, _, query = uri.partition("?")
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_URI": uri, "HTTP_HOST": ACCESS.host, "wsgi.input": io.BytesIO(),
            **more}  # fmt: skip


def is_answered(asked: dict[str, Any]) -> bool:
    return guard.refusal(asked, ACCESS, lambda key: None) is None


@pytest.mark.parametrize(
    "uri",
    ["//[x", "/doit-lambda-layer//[x", "/b?X-Amz-Credential=%ff",
     f"/b?AWSAccessKeyId={ACCESS.key}&Signature=x&Expires={'9' * 5000}",
     f"/b?AWSAccessKeyId={ACCESS.key}&Signature=x&Expires=\u0663",
     f"/b?X-Amz-Credential={ACCESS.key}&X-Amz-Date=20260101T000000Z&X-Amz-Expires={'9' * 5000}",
     f"/b?X-Amz-Credential={ACCESS.key}&X-Amz-Date=99991231T235959Z&X-Amz-Expires=604800"],
)  # fmt: skip
def test_an_odd_address_is_refused(uri: str) -> None:
    """In an answer, without a line in the log."""
    assert not is_answered(environ(uri))


class Endless(io.RawIOBase):
    """A form whose file has no end."""

    def __init__(self) -> None:
        self.rest, self.read_bytes = FORM, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = (self.rest or b"x" * len(buffer))[: len(buffer)]
        self.rest = self.rest[len(block) :]
        buffer[: len(block)] = block
        self.read_bytes += len(block)
        return len(block)


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=B", "multipart/form-data"])
def test_nothing_of_a_strangers_file_is_read(kind: str) -> None:
    """The fields come before it (AWS: "POST Object"), and what they lack is seen there."""
    sent = Endless()
    body = io.BufferedReader(sent)
    asked = environ("/bucket", "POST", CONTENT_TYPE=kind, **{"wsgi.input": body})
    assert not is_answered(asked)
    assert sent.read_bytes < 1 << 18


def signed(monkeypatch: pytest.MonkeyPatch, auth: Any, when: datetime) -> bool:
    """Is a request answered that a botocore of another hour signed?"""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **more: when)
    date = format_datetime(when, usegmt=True)
    monkeypatch.setattr("botocore.auth.formatdate", lambda **more: date)
    request = AWSRequest("GET", f"{ACCESS.url}/b", headers={"host": ACCESS.host})
    auth.add_auth(request)
    told = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in request.headers.items()}
    return is_answered(environ(str(request.url).removeprefix(ACCESS.url), **told))


CREDENTIALS = Credentials(ACCESS.key, ACCESS.secret)
MINUTES = [(0, True), (-14, True), (14, True), (-16, False), (16, False), (-60 * 24 * 400, False)]


@pytest.mark.parametrize(("minutes", "good"), MINUTES)
def test_a_signature_is_good_for_a_quarter_of_an_hour(
    monkeypatch: pytest.MonkeyPatch, minutes: int, good: bool
) -> None:
    """AWS: "RequestTimeTooSkewed". In both versions."""
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    assert signed(monkeypatch, SigV4Auth(CREDENTIALS, "s3", "us-east-1"), when) is good
    assert signed(monkeypatch, HmacV1Auth(CREDENTIALS), when) is good


@pytest.mark.parametrize(
    ("since", "seconds", "good"),
    [(0, 60, True), (-120, 60, False), (-120, 180, True), (0, 604800, True), (0, 604801, False),
     (16 * 60, 60, False)],
)  # fmt: skip
def test_an_address_is_good_for_a_week_at_most(
    monkeypatch: pytest.MonkeyPatch, since: int, seconds: int, good: bool
) -> None:
    """AWS: "X-Amz-Expires must be less than a week (in seconds)"."""
    auth = S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=seconds)
    when = datetime.now(UTC) + timedelta(seconds=since)
    assert signed(monkeypatch, auth, when) is good
