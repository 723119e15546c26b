"""A registry over HTTP, as the OCI distribution specification and ECR's documents have it.

What comes from one is compared with its digest, and what it says of what it got, too. Why no client
library does this: docs/architecture.md.
"""

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import urljoin

from ..util.errors import AwsError
from . import registry_login
from .registry_login import Login

if TYPE_CHECKING:
    from requests import Response, Session

BLOCK = 1 << 20
PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds after a broken connection, or what a busy registry said
LONGEST = 60.0  # seconds that a registry may ask to wait; a limit of hours is told at once
LOGINS = 2  # that are renewed for one request
SECONDS = (10, 300)  # to connect, and without a byte
INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
DIGEST = "Docker-Content-Digest"
UNPACKED = struct.Struct("<L")
WRAPS = 1 << 32
AGAIN = "run the command again: what was sent is not sent twice"
LIES = "something between here and the registry changes what is sent. Look at proxies, then again"


@dataclass(kw_only=True)
class Registry:
    """One repository. `url`: the registry's. `verify`: a file of certificates, or requests' own.
    `sent`: bytes of blobs. `asked`: requests."""

    url: str
    repository: str
    login: Login
    verify: str | bool = True
    sent: int = 0
    asked: int = 0
    _session: "Session | None" = field(default=None, repr=False)

    def find_manifest(self, reference: str) -> str:
        """The digest of a tag or digest. '' for none."""
        answer = self._ask("HEAD", f"manifests/{reference}", good=(200, 404), headers=_accepted())
        return str(answer.headers.get(DIGEST, "")) if answer.status_code == 200 else ""

    def read_manifest(self, reference: str) -> tuple[str, bytes]:
        """(media type, bytes). AwsError where they are not what the digest says."""
        answer = self._ask("GET", f"manifests/{reference}", headers=_accepted())
        data = answer.content
        named = reference if reference.startswith("sha256:") else answer.headers.get(DIGEST, "")
        if named and _digest(data) != named:
            self._lies(f"it answers {_digest(data)} for {named}")
        kind = str(answer.headers.get("Content-Type", "")).partition(";")[0]
        with suppress(ValueError, AttributeError):  # a page of a proxy, perhaps
            kind = str(json.loads(data).get("mediaType") or kind)
        return kind, data

    def put_manifest(self, tag: str, kind: str, data: bytes) -> None:
        """Where tags never move, ECR refuses one that is there, for the same image, too
        (containers-roadmap#2380): an answer was lost, or another run was first."""
        try:
            answer = self._ask(
                "PUT", f"manifests/{tag}", good=(201,), data=data, headers={"Content-Type": kind}
            )
        except AwsError:
            if self.find_manifest(tag) != _digest(data):
                raise
            return
        if (said := answer.headers.get(DIGEST, "")) and said != _digest(data):
            self._lies(f"it took {_digest(data)} for {said}")

    def has_blob(self, digest: str) -> bool:
        return self._ask("HEAD", f"blobs/{digest}", good=(200, 404)).status_code == 200

    def fetch_blob(self, digest: str, target: Path) -> None:
        """AwsError where it is not what its digest says."""
        handle, name = tempfile.mkstemp(dir=target.parent)
        os.close(handle)
        try:
            if self._tried(lambda: self._fetch(digest, Path(name))) != digest:
                self._lies(f"blob {digest} has other bytes")
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)

    def _fetch(self, digest: str, target: Path) -> str:
        """The digest of what came. A connection that breaks in the middle is one try."""
        hashed = hashlib.sha256()
        with (
            self._once("GET", f"blobs/{digest}", good=(200,), stream=True) as answer,
            target.open("wb") as file,
        ):
            for block in answer.iter_content(BLOCK):
                hashed.update(block)
                file.write(block)
        return f"sha256:{hashed.hexdigest()}"

    def read_unpacked(self, digest: str, size: int) -> int:
        """Bytes in a blob that is gzip, by its last four (RFC 1952: modulo 4 GiB). Packed it has
        `size`, and is no smaller unpacked. 0 where the registry sends no part of a blob."""
        asked = {"Range": f"bytes=-{UNPACKED.size}"}

        def read() -> bytes:
            path, good = f"blobs/{digest}", (200, 206)
            with self._once("GET", path, good=good, headers=asked, stream=True) as answer:
                return answer.content if answer.status_code == 206 else b""

        data = self._tried(read)
        if len(data) != UNPACKED.size:
            return 0
        told = int(UNPACKED.unpack(data)[0])
        return told + max(0, size - told + WRAPS - 1) // WRAPS * WRAPS

    def read_blob(self, digest: str) -> bytes:
        """A small one: a config."""
        data = self._ask("GET", f"blobs/{digest}").content
        if _digest(data) != digest:
            self._lies(f"blob {digest} has other bytes")
        return data

    def mount_blob(self, digest: str, source: str) -> bool:
        """From another repository of the registry, without sending it. A registry may not do that:
        it begins an upload then, which is left alone."""
        path = f"blobs/uploads/?mount={digest}&from={source}"
        return self._ask("POST", path, good=(201, 202)).status_code == 201

    def send_blob(self, digest: str, content: bytes | Path) -> None:
        """All of it in one request. One that broke off begins anew."""
        length = len(content) if isinstance(content, bytes) else content.stat().st_size

        def send() -> "Response":
            begun = self._once("POST", "blobs/uploads/", good=(202,))
            place = urljoin(begun.url, begun.headers.get("Location", ""))
            place += ("&" if "?" in place else "?") + f"digest={digest}"
            with _opened(content) as body:
                headers = {"Content-Type": "application/octet-stream"}
                return self._once("PUT", place, good=(201,), data=body, headers=headers)

        answer = self._tried(send)
        self.sent += length
        if (said := answer.headers.get(DIGEST, "")) and said != digest:
            self._lies(f"it took {digest} for {said}")

    # ---- requests -------------------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, good: tuple[int, ...] = (200,), **more: Any
    ) -> "Response":
        return self._tried(lambda: self._once(method, path, good=good, **more))

    def _tried[T](self, ask: Callable[[], T]) -> T:
        """Again where that may help, after as long as the registry says."""
        from requests import RequestException

        for pause in (*PAUSES, None):
            try:
                return _logged_in(ask)
            except _AgainError as error:
                problem, wanted = error.problem, error.pause
            except RequestException as error:
                problem, wanted = AwsError(f"{self}: {error}", fix=AGAIN), None
            if pause is None or (wanted or 0) > LONGEST:
                raise problem from None
            sleep(pause if wanted is None else wanted)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, good: tuple[int, ...], **more: Any) -> "Response":
        url = urljoin(f"{self.url}/v2/{self.repository}/", path)
        headers = {**more.pop("headers", {}), **self.login.headers(url)}
        self.asked += 1
        answer = self._open().request(
            method, url, headers=headers, timeout=SECONDS, verify=self.verify, **more
        )
        if answer.status_code in good:
            return answer
        problem = self._problem(method, path, answer)
        if answer.status_code == 401 and self.login.renew(answer, self._open(), self.verify):
            raise _RenewedError(problem)
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise _AgainError(problem, _pause(answer))
        raise problem

    def _open(self) -> "Session":
        if self._session is None:
            import requests

            self._session = requests.Session()
            self._session.auth = registry_login.own  # no ~/.netrc
            self._session.trust_env = self.login.is_remote
        return self._session

    def _problem(self, method: str, path: str, answer: "Response") -> AwsError:
        said = _said(answer)
        problem = f"{self}: {method} {path.partition('?')[0]}: {answer.status_code} {said}".rstrip()
        if answer.status_code in (401, 403, 404):
            return AwsError(problem, fix=self.login.remedy(method, path))
        return AwsError(problem, fix=AGAIN)

    def _lies(self, how: str) -> NoReturn:
        raise AwsError(f"{self} is not to be trusted: {how}", fix=LIES)

    def __str__(self) -> str:
        return f"registry {self.url.partition('://')[2]}, repository {self.repository}"


class _AgainError(Exception):
    """One more try may do it. `pause`: seconds, None where the registry says nothing of it."""

    def __init__(self, problem: AwsError, pause: float | None = None) -> None:
        self.problem, self.pause = problem, pause


class _RenewedError(_AgainError):
    """A login has expired, and there is another."""


def _logged_in[T](ask: Callable[[], T]) -> T:
    """Asked again at once with a new login: that is no try."""
    for _ in range(LOGINS):
        with suppress(_RenewedError):
            return ask()
    try:
        return ask()
    except _RenewedError as error:  # a new login does not help
        raise error.problem from None


def _pause(answer: "Response") -> float | None:
    """`Retry-After`: seconds, or a date (RFC 9110)."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said)
    with suppress(ValueError):
        until = parsedate_to_datetime(said).astimezone(UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    return None


def _accepted() -> Mapping[str, str]:
    return {"Accept": ", ".join((*MANIFESTS, *INDEXES))}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@contextmanager
def _opened(content: bytes | Path) -> Iterator[bytes | IO[bytes]]:
    """A file is sent as it is read."""
    if isinstance(content, bytes) or not content.stat().st_size:
        yield content if isinstance(content, bytes) else b""
        return
    with content.open("rb") as file:
        yield file


def _said(answer: "Response") -> str:
    """The registry's own words."""
    try:
        return "; ".join(f"{x['code']} {x.get('message', '')}" for x in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200].strip()
