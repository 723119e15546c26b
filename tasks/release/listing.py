"""Lambda's layer versions: listed, looked at, deleted."""

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from http.client import HTTPException
from typing import IO, Any

from ..aws.arn import layer_of, number_of
from ..aws.client import Aws
from ..aws.errors import error_code, errors
from ..settings import paths
from ..util.errors import AwsError, InputError
from .version import LayerVersion, code_sha256, from_response

PAGE = 50  # versions in one answer, the most that AWS gives
GONE = ("ResourceNotFoundException", "404")


class Listing:
    """The settings' layer's versions that still exist, newest first. May be gone through again.

    AWS is asked page by page and only as far as somebody looks. That it answers newest first is
    what everybody relies on and no document says: within a page it is made sure.
    """

    def __init__(self, aws: Aws) -> None:
        self._seen: list[LayerVersion] = []
        self._more = self._pages(aws)

    def __iter__(self) -> Iterator[LayerVersion]:
        at = 0
        while at < len(self._seen) or self._fetch():
            yield self._seen[at]
            at += 1

    def _fetch(self) -> bool:
        """One more page. False at the end."""
        page = next(self._more, [])
        self._seen += page
        return bool(page)

    @staticmethod
    def _pages(aws: Aws) -> Iterator[list[LayerVersion]]:
        layer = aws.settings.layer
        asked = aws.client("lambda").get_paginator("list_layer_versions")
        with errors(f"listing the versions of layer {layer}"):
            for page in asked.paginate(LayerName=layer, PaginationConfig={"PageSize": PAGE}):
                found = [from_response(entry) for entry in page["LayerVersions"]]
                if found:
                    yield sorted(found, key=lambda version: -version.number)


def versions(aws: Aws) -> list[LayerVersion]:
    """All of them, newest first. [] for none."""
    return list(Listing(aws))


def arn(aws: Aws, number: int) -> str:
    """Of a version of this layer, whether it exists or not."""
    partition = aws.identity.arn.split(":")[1]
    place = f"{aws.settings.region}:{aws.account}:layer:{aws.settings.layer}"
    return f"arn:{partition}:lambda:{place}:{number}"


def by_arn(aws: Aws, arn: str) -> LayerVersion:
    """Any layer's version. InputError when it does not exist (any more)."""
    answer = _by_arn(aws, arn)
    if answer is None:
        fix = "`./doitw history` lists this layer's versions. A deleted one is published again "
        fix += "from its zip by ./doitw rollback version=N"
        raise InputError(f"{arn} does not exist", fix=fix)
    return from_response(answer)


def unzipped(aws: Aws, arn: str) -> int | None:
    """Bytes that any layer's version takes at /opt. None when AWS does not hand it out.

    AWS tells the zip's size only (GetLayerVersion), so the zip is fetched and looked into.
    InputError when it does not exist.
    """
    answer = _by_arn(aws, arn)
    if answer is None:
        raise InputError(f"{arn} does not exist", fix=f"take it out of {paths.CHALICE_CONFIG}")
    members = fetched(aws, str(answer["Content"].get("Location", "")), arn)
    return None if members is None else sum(members.values())


def members(aws: Aws, arn: str) -> dict[str, int] | None:
    """{file: bytes} of any layer's version. None when it does not exist, or is not handed out."""
    answer = _by_arn(aws, arn)
    return fetched(aws, str(answer["Content"].get("Location", "")), arn) if answer else None


def fetched(aws: Aws, address: str, what: str) -> dict[str, int] | None:
    """{file: bytes} of a zip that AWS hands out at an address. None for no address. Where the
    connection ends early the zip has no end, which says so."""
    with tempfile.TemporaryFile() as file:
        if not _download(aws, address, f"{what} to measure it", file):
            return None
        try:
            return {each.filename: each.file_size for each in zipfile.ZipFile(file).infolist()}
        except zipfile.BadZipFile as error:
            raise _not_fetched(f"{what} to measure it", error) from None


def download(aws: Aws, arn: str) -> bytes | None:
    """A version's zip. None when it does not exist, or is not handed out."""
    answer, content = _by_arn(aws, arn), io.BytesIO()
    address = str(answer["Content"].get("Location", "")) if answer else ""
    return content.getvalue() if _download(aws, address, arn, content) else None


def _download(aws: Aws, address: str, what: str, target: IO[bytes]) -> bool:
    """False for no address. The emulator is asked past proxies."""
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener

    if not address.startswith("http"):
        return False
    secure = HTTPSHandler(context=aws.tls())
    opener = build_opener(secure, *([ProxyHandler({})] if aws.access else []))
    try:
        with opener.open(address, timeout=60) as source:
            shutil.copyfileobj(source, target)
    except (OSError, HTTPException) as error:
        raise _not_fetched(what, error) from None
    return True


def _not_fetched(what: str, error: Exception) -> AwsError:
    fix = "check the network, then run the command again"
    return AwsError(f"fetching {what}: {error}", fix=fix)


def zipped(aws: Aws, version: LayerVersion) -> int | None:
    """Bytes of a version's zip. None when it does not exist."""
    answer = _by_arn(aws, version.arn)
    return int(answer["Content"]["CodeSize"]) if answer else None


def holds(aws: Aws, version: LayerVersion) -> bool:
    """Are AWS's bytes the ones that the description speaks of?"""
    answer = _by_arn(aws, version.arn) or {"Content": {}}
    return bool(answer["Content"].get("CodeSha256") == code_sha256(version.content_hash))


def _by_arn(aws: Aws, arn: str) -> dict[str, Any] | None:
    # a whole ARN in the name's place: another account's layers are found, too
    return _get(aws, layer_of(arn), number_of(arn))


def described(aws: Aws, number: int) -> dict[str, Any] | None:
    """GetLayerVersion's answer about a version of this layer. None when it does not exist."""
    return _get(aws, aws.settings.layer, number)


def _get(aws: Aws, layer: str, number: int) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    with errors(f"looking at {layer}:{number}"):
        try:
            answer: dict[str, Any] = aws.client("lambda").get_layer_version(
                LayerName=layer, VersionNumber=number
            )
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            return None
    return answer


def withdraw(aws: Aws, number: int) -> bool:
    """Delete a version that was just published and is not what we sent. False when refused:
    the permission is optional, and `holds` never takes such a version for ours."""
    try:
        delete(aws, number)
    except AwsError:
        return False
    return True


def delete(aws: Aws, number: int) -> None:
    """AWS does not mind one that is gone already. Functions that run with it go on doing so."""
    with errors(f"deleting version {number}"):
        aws.client("lambda").delete_layer_version(
            LayerName=aws.settings.layer, VersionNumber=number
        )
