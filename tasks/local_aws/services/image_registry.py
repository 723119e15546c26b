"""ECR's registry: what moto has only the API of. Blobs are files, manifests are moto's images.

Repositories, tags and deletions are moto's ECR, so that both speak of the same images. Who may ask
it is checked in local_aws/guard.py. The password names the region, which no address does here.
"""

import hashlib
import json
import os
import re
import tempfile
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ...settings import paths
from ...settings.local_access import Access
from ..signatures import is_same

V2 = "/v2/"
BLOBS = paths.LOCAL_AWS / "blobs"
BLOCK = 1 << 20
USER = "AWS"
ACCOUNT = "123456789012"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_BLOB = re.compile(rf"/v2/(?P<name>.+)/blobs/(?P<digest>{_DIGEST.pattern})")
_UPLOAD = re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<upload>[0-9a-f]{32})?")
_MANIFEST = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[\w:.-]+)")
Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]


def is_asked(environ: Mapping[str, Any]) -> bool:
    """Is it the registry's? API Gateway has addresses below /v2/, too."""
    path = str(environ.get("PATH_INFO", ""))
    return path == V2 or any(each.fullmatch(path) for each in (_BLOB, _UPLOAD, _MANIFEST))


def password(access: Access, region: str) -> str:
    return f"{region}.{access.proof(f'registry {region}')}"


def region_of(said: str, access: Access) -> str:
    """Of a password that is right. '' for another one."""
    region, _, _ = said.partition(".")
    return region if is_same(password(access, region), said) else ""


def apply(access: Access | None) -> None:
    """ECR's login leads here."""
    from moto.core.responses import ActionResult
    from moto.ecr.responses import ECRResponse

    if access is None:
        return
    here = access

    def get_authorization_token(self: Any) -> Any:
        pair = f"{USER}:{password(here, self.region)}".encode()
        told = {
            "authorizationToken": b64encode(pair).decode(), "proxyEndpoint": here.url,
            "expiresAt": datetime.now(UTC) + timedelta(hours=12),
        }  # fmt: skip
        return ActionResult({"authorizationData": [told]})

    setattr(ECRResponse, "get_authorization_token", get_authorization_token)  # noqa: B010 - mypy refuses the plain form


def answer(environ: dict[str, Any], region: str) -> Answer:
    """What the registry of that region says. `environ`: WSGI's, of a request that may be."""
    path, method = str(environ["PATH_INFO"]), str(environ["REQUEST_METHOD"])
    asked = parse_qs(str(environ.get("QUERY_STRING", "")))
    if path == V2:
        return _said("200 OK", {})
    if found := _UPLOAD.fullmatch(path):
        return _upload(environ, region, found["name"], found["upload"], asked)
    if found := _BLOB.fullmatch(path):
        return _blob(found["digest"], body=method == "GET")
    if found := _MANIFEST.fullmatch(path):
        if method == "PUT":
            return _put_manifest(environ, region, found["name"], found["reference"])
        return _manifest(region, found["name"], found["reference"], body=method == "GET")
    return _refused("404 Not Found", "UNSUPPORTED", f"nothing is at {path}")


def manifest_of(uri: str, region: str) -> dict[str, Any] | None:
    """The manifest of a function's image. None for one that is not there."""
    name, _, digest = uri.partition("/")[2].partition("@")
    image = _image(region, name, digest)
    return json.loads(image.image_manifest) if image else None


def blob(digest: object) -> Path:
    """Where it is, if it is there. What is no digest names none, wherever it would lead."""
    found = _DIGEST.fullmatch(str(digest))
    return BLOBS / (found[1] if found else "none")


def sweep() -> None:
    """At a start: blobs of no image that is there go, with those of the last emulator."""
    from moto.ecr.models import ecr_backends

    kept = {
        name
        for backend in ecr_backends[ACCOUNT].values()
        for repository in backend.repositories.values()
        for image in repository.images
        for name in _DIGEST.findall(image.image_manifest)
    }
    for path in BLOBS.glob("*") if BLOBS.is_dir() else ():
        if path.name not in kept:
            path.unlink()


# ---- blobs --------------------------------------------------------------------------------------


def _upload(
    environ: dict[str, Any], region: str, name: str, upload: str | None, asked: dict[str, Any]
) -> Answer:
    if _repository(region, name) is None:
        return _refused("404 Not Found", "NAME_UNKNOWN", f"there is no repository {name}")
    if upload is None and (wanted := asked.get("mount", [""])[0]) and blob(wanted).exists():
        return _said("201 Created", {"Location": f"/v2/{name}/blobs/{wanted}"})
    if upload is None:
        place = f"/v2/{name}/blobs/uploads/{uuid.uuid4().hex}"
        return _said("202 Accepted", {"Location": place, "Range": "0-0"})
    return _keep(environ, name, asked.get("digest", [""])[0])


def _keep(environ: dict[str, Any], name: str, digest: str) -> Answer:
    """Whole and right, or not at all."""
    BLOBS.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=BLOBS, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            made = _copy(environ, file.write)
        if made != digest:
            return _refused("400 Bad Request", "DIGEST_INVALID", f"it is {made}, not {digest}")
        Path(temporary).replace(blob(digest))
    finally:
        Path(temporary).unlink(missing_ok=True)
    where = f"/v2/{name}/blobs/{digest}"
    return _said("201 Created", {"Location": where, "Docker-Content-Digest": digest})


def _copy(environ: dict[str, Any], write: Callable[[bytes], object]) -> str:
    """The digest of a request's body."""
    hashed = hashlib.sha256()
    while block := environ["wsgi.input"].read(BLOCK):
        hashed.update(block)
        write(block)
    return f"sha256:{hashed.hexdigest()}"


def _blob(digest: str, *, body: bool) -> Answer:
    path = blob(digest)
    if not path.exists():
        return _refused("404 Not Found", "BLOB_UNKNOWN", f"there is no blob {digest}")
    length = str(path.stat().st_size)
    headers = {"Docker-Content-Digest": digest, "Content-Length": length}
    status, named, _ = _said("200 OK", headers)
    return status, named, _read(path) if body else []


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


# ---- manifests ----------------------------------------------------------------------------------


def _put_manifest(environ: dict[str, Any], region: str, name: str, tag: str) -> Answer:
    from moto.ecr.exceptions import ImageAlreadyExistsException
    from moto.ecr.models import ecr_backends

    if _repository(region, name) is None:
        return _refused("404 Not Found", "NAME_UNKNOWN", f"there is no repository {name}")
    pieces: list[bytes] = []
    digest = _copy(environ, pieces.append)
    text = b"".join(pieces).decode()
    told = json.loads(text)
    for each in (told["config"], *told["layers"]):
        if not blob(each["digest"]).exists():
            why = f"there is no blob {each['digest']}"
            return _refused("400 Bad Request", "MANIFEST_BLOB_UNKNOWN", why)
    there, found = _image(region, name, tag), _repository(region, name)
    other = there and there.get_image_digest() != digest
    if other or (there and found.image_tag_mutability == "IMMUTABLE"):  # of the same image, too
        why = f"The image tag '{tag}' already exists in the '{name}' repository and cannot be "
        why += "overwritten because the repository is immutable."
        return _refused("400 Bad Request", "TAG_INVALID", why)
    with suppress(ImageAlreadyExistsException):  # just this one
        ecr_backends[ACCOUNT][region].put_image(
            repository_name=name, image_manifest=text, image_tag=tag,
            image_manifest_mediatype=environ.get("CONTENT_TYPE"), digest=digest,
        )  # fmt: skip
    where = f"/v2/{name}/manifests/{digest}"
    return _said("201 Created", {"Location": where, "Docker-Content-Digest": digest})


def _manifest(region: str, name: str, reference: str, *, body: bool) -> Answer:
    image = _image(region, name, reference)
    if image is None:
        return _refused("404 Not Found", "MANIFEST_UNKNOWN", f"there is no image {reference}")
    data = image.image_manifest.encode()
    headers = {
        "Content-Type": json.loads(data)["mediaType"], "Content-Length": str(len(data)),
        "Docker-Content-Digest": image.get_image_digest(),
    }  # fmt: skip
    status, named, _ = _said("200 OK", headers)
    return status, named, [data] if body else []


def _repository(region: str, name: str) -> Any:
    from moto.ecr.models import ecr_backends

    return ecr_backends[ACCOUNT][region].repositories.get(name)


def _image(region: str, name: str, reference: str) -> Any:
    repository = _repository(region, name)
    for each in repository.images if repository else ():
        if reference in (each.get_image_digest(), *each.image_tags):
            return each
    return None


# ---- answers ------------------------------------------------------------------------------------


def _said(status: str, headers: dict[str, str]) -> Answer:
    return status, list(({"Content-Length": "0"} | headers).items()), []


def _refused(status: str, code: str, why: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": why}]}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    status, named, _ = _said(status, headers)
    return status, named, [body]
