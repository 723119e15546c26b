"""What a repository of a registry has, as the OCI specification of registries and ECR's documents
have it.

What comes from one is compared with its digest, and what it says of what it got, too. Why no client
library does this: docs/architecture.md.
"""

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn
from urllib.parse import urljoin

from ...util.errors import AwsError
from .connection import Connection

if TYPE_CHECKING:
    from requests import Response

BLOCK = 1 << 20
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
LIES = "something between here and the registry changes what is sent. Look at proxies, then again"


@dataclass(kw_only=True)
class Registry(Connection):
    """One repository. `sent`: bytes of blobs."""

    sent: int = 0

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
        if (said := answer.headers.get(DIGEST) or self.find_manifest(tag)) != _digest(data):
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
        """Bytes in a blob that is gzip, by its last four (RFC 1952). Packed it has `size`. 0 where
        that says nothing, or the registry sends no part of a blob."""
        asked = {"Range": f"bytes=-{UNPACKED.size}"}

        def read() -> bytes:
            path, good = f"blobs/{digest}", (200, 206)
            with self._once("GET", path, good=good, headers=asked, stream=True) as answer:
                return answer.content if answer.status_code == 206 else b""

        data = self._tried(read)
        if len(data) != UNPACKED.size:
            return 0
        return _gzip_size(int(UNPACKED.unpack(data)[0]), size)

    def read_blob(self, digest: str) -> bytes:
        """A small one: a config."""
        data = self._ask("GET", f"blobs/{digest}").content
        if _digest(data) != digest:
            self._lies(f"blob {digest} has other bytes")
        return data

    def begin_mount(self, digest: str, source: str) -> str:
        """'' for a blob that is there now, from another repository of the registry. A registry that
        does not do that begins an upload (202): its address, for `send_blob`."""
        path = f"blobs/uploads/?mount={digest}&from={source}"
        answer = self._ask("POST", path, good=(201, 202))
        return "" if answer.status_code == 201 else _upload(answer)

    def send_blob(self, digest: str, content: bytes | Path, begun: str = "") -> None:
        """All of it in one request. `begun`: the address of an upload that waits for it. One that
        broke off begins anew."""
        length = len(content) if isinstance(content, bytes) else content.stat().st_size
        places = [begun] if begun else []

        def send() -> "Response":
            place = places.pop() if places else self._begin()
            place += ("&" if "?" in place else "?") + f"digest={digest}"
            with _opened(content) as body:
                headers = {"Content-Type": "application/octet-stream"}
                return self._once("PUT", place, good=(201,), data=body, headers=headers)

        answer = self._tried(send)
        with self._counting:
            self.sent += length
        if (said := answer.headers.get(DIGEST, "")) and said != digest:
            self._lies(f"it took {digest} for {said}")

    def _begin(self) -> str:
        return _upload(self._once("POST", "blobs/uploads/", good=(202,)))

    def _lies(self, how: str) -> NoReturn:
        raise AwsError(f"{self} is not to be trusted: {how}", fix=LIES)


def _gzip_size(told: int, size: int) -> int:
    """Bytes of what gzip packed to `size`. `told`: its last four bytes, the length modulo 4 GiB of
    the last member. Packing makes nothing smaller by more than its frame. Where less is told, it
    was over 4 GiB, or has several members (eStargz): 0, not known, unless it must be the first."""
    least = size - size // 1000 - 4096
    if told >= least:
        return told
    return told + (least - told + WRAPS - 1) // WRAPS * WRAPS if size >= WRAPS else 0


def _upload(begun: "Response") -> str:
    return urljoin(begun.url, begun.headers.get("Location", ""))


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
