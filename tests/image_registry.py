"""A registry on 127.0.0.1 with one small image in it (OCI distribution specification: pull)."""

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """`name`: the image's, without tag; `digest`: the one that the tag `here` stands for."""

    name: str
    digest: str


@contextmanager
def serving(text: str) -> Iterator[Registry]:
    """An image that holds one file with this text."""
    blobs: dict[str, tuple[str, bytes]] = {}

    def keep(kind: str, data: bytes) -> dict[str, object]:
        name = f"sha256:{hashlib.sha256(data).hexdigest()}"
        blobs[name] = (kind, data)
        return {"mediaType": kind, "size": len(data), "digest": name}

    layer = keep(LAYER, _tar(text))
    files = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": files}
    told = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer]}
    told["config"] = keep(CONFIG, json.dumps(config).encode())
    digest = str(keep(MANIFEST, json.dumps(told).encode())["digest"])
    blobs["here"] = blobs[digest]
    handler = type("Handler", (_Handler,), {"blobs": blobs})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Registry(name=f"127.0.0.1:{server.server_port}/lambda/python", digest=digest)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _tar(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo("text")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


class _Handler(BaseHTTPRequestHandler):
    blobs: dict[str, tuple[str, bytes]]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        name = self.path.rpartition("/")[2]
        if name == f"sha256:{'0' * 64}":
            name = "here"  # a registry that lies
        kind, data = ("text/plain", b"") if self.path == "/v2/" else self.blobs[name]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(data).hexdigest()}")
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the tests' output is read by people."""
