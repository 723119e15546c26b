"""Objects of the team's store: read in pieces, written once, counted.

Reads are not repeated: making an entry costs little. Writes are, since they go on beside the build.
How long a build waits for either is for patience.py to say.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ...aws import s3
from ...aws.client import Aws
from ...aws.errors import DENIED, error_code
from ...util.errors import readable
from .patience import Patience

ANSWER = 30.0  # seconds until a connection counts as lost
BLOCK = 1 << 18  # bytes of a piece
CHECKSUM = "CRC32"  # of parts: S3 refuses them where the upload began with another, or with none
GONE = {"404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound"}
# Somebody was quicker, also at this very moment (S3: "conditional write behavior").
THERE = {"412", "PreconditionFailed", "ConditionalRequestConflict", "409"}


class MissingError(Exception):
    """No such object."""


class DeniedError(Exception):
    """Not allowed. S3 says the same of a missing object if the bucket may not be listed."""


class ThereError(Exception):
    """Somebody has written it already."""


class BrokenError(Exception):
    """The store answers with an error, with something else, or not at all."""


@dataclass(kw_only=True)
class Tally:
    """`size`: bytes."""

    requests: int = 0
    size: int = 0
    entries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, requests: int = 0, size: int = 0) -> None:
        with self._lock:
            self.requests += requests
            self.size += size


class Objects:
    """Of one bucket. `patience`: what comes is added there."""

    def __init__(self, aws: Aws, patience: Patience) -> None:
        self.aws = aws.hurried(ANSWER)
        self.place = s3.bucket_of(aws)
        self.patience = patience
        self.read, self.written = Tally(), Tally()
        self._reader, self._s3 = self.aws.client("s3", once=True), self.aws.client("s3")

    @property
    def address(self) -> str:
        """Where S3 is asked, as the SDK finds it."""
        return str(self._s3.meta.endpoint_url)

    def get(self, key: str, begin: int = 0, size: int | None = None) -> Iterator[bytes]:
        """Pieces of an object, or of `size` bytes of it. MissingError, DeniedError, BrokenError."""
        span = {} if size is None else {"Range": f"bytes={begin}-{begin + size - 1}"}
        self.read.add(requests=1)
        with _refusals():
            answer = self._reader.get_object(**self.place, Key=key, **span)
            with answer["Body"] as body:
                while block := body.read(BLOCK):
                    if self.patience.is_over.is_set():
                        raise BrokenError("nobody waits any more")
                    self.read.add(size=len(block))
                    self.patience.lend(len(block))
                    yield block

    def put(self, key: str, body: bytes) -> bool:
        """False where it is there already. DeniedError, MissingError for the bucket,
        BrokenError."""
        self.written.add(requests=1)
        with suppress(ThereError), _refusals():
            sent = _Sent(body, self.patience)
            self._s3.put_object(**self.place, Key=key, Body=sent, IfNoneMatch="*")
            self.written.add(size=len(body))
            return True
        return False

    def is_there(self, key: str) -> bool:
        """False where this identity may not know, too. BrokenError."""
        self.written.add(requests=1)
        with suppress(MissingError, DeniedError), _refusals():
            self._s3.head_object(**self.place, Key=key)
            return True
        return False

    def begin_parts(self, key: str) -> str:
        """The upload's ID. Errors as `put`."""
        self.written.add(requests=1)
        with _refusals():
            begun = self._s3.create_multipart_upload(
                **self.place, Key=key, ChecksumAlgorithm=CHECKSUM
            )
        return str(begun["UploadId"])

    def put_part(self, key: str, upload: str, number: int, body: bytes) -> dict[str, Any]:
        """What `end_parts` needs of it."""
        self.written.add(requests=1)
        with _refusals():
            sent = self._s3.upload_part(
                **self.place, Key=key, UploadId=upload, PartNumber=number,
                Body=_Sent(body, self.patience), ChecksumAlgorithm=CHECKSUM,
            )  # fmt: skip
        self.written.add(size=len(body))
        said = {name: sent[name] for name in sent if name.startswith(("ETag", "Checksum"))}
        return {"PartNumber": number, **{k: v for k, v in said.items() if k != "ChecksumType"}}

    def end_parts(self, key: str, upload: str, parts: list[dict[str, Any]]) -> None:
        """Where the object is there already, it stays: its key says what it holds. Errors as
        `put`."""
        self.written.add(requests=1)
        ordered = sorted(parts, key=lambda each: each["PartNumber"])
        try:
            with suppress(ThereError), _refusals():
                self._s3.complete_multipart_upload(
                    **self.place, Key=key, UploadId=upload, IfNoneMatch="*",
                    MultipartUpload={"Parts": ordered},
                )  # fmt: skip
        except MissingError:  # an answer was lost, the SDK asked again, and the upload has ended
            if not self.is_there(key):
                raise

    def abort_parts(self, key: str, upload: str) -> None:
        """What was sent of it goes, and costs nobody anything."""
        self.written.add(requests=1)
        with _refusals():
            self._s3.abort_multipart_upload(**self.place, Key=key, UploadId=upload)


class _Sent(io.BytesIO):
    """Bytes on their way: a large object is slow if they stand still, not if it takes long."""

    def __init__(self, data: bytes, patience: Patience) -> None:
        super().__init__(data)
        self._patience = patience

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._patience.gain(len(data))
        return data


@contextmanager
def _refusals() -> Iterator[None]:
    """The SDK's errors as the few that make a difference here."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise _named(error) from None
    except (BotoCoreError, ResponseParserError, HTTPError, OSError, ValueError) as error:
        raise BrokenError(readable(str(error))) from None


def _named(error: Any) -> Exception:
    code = error_code(error)
    if code in GONE:
        return MissingError(code)
    if code in THERE:
        return ThereError(code)
    if code in DENIED:
        return DeniedError(code)
    return BrokenError(f"{code}: {error.response['Error'].get('Message', '')}")
