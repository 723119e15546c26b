"""What is for another machine: libraries, and an image whose programs do not start here."""

import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

from docker import DockerClient

MACHINES = {"x86_64": 62, "arm64": 183}  # ELF's e_machine
IMAGE = "doit-lambda-layer-test-foreign:1"


def elf(architecture: str, more: bytes = b"") -> bytes:
    """The head of a shared object, with nothing in it but `more`."""
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    machine = MACHINES[architecture]
    rest = struct.pack("<2HL3QL6H", 3, machine, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0)
    return identity + rest + more


@contextmanager
def image(engine: DockerClient, architecture: str) -> Iterator[str]:
    """An image for that architecture whose shell and Python are such files."""
    program = elf(architecture)
    layer = _tar({"bin/sh": program, "var/lang/bin/python3": program})
    files = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    name = {"x86_64": "amd64"}.get(architecture, architecture)
    config = {"architecture": name, "os": "linux", "config": {}, "rootfs": files}
    told = [{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    whole = {"layer.tar": layer, "config.json": _json(config), "manifest.json": _json(told)}
    engine.images.load(_tar(whole))
    try:
        yield IMAGE
    finally:
        engine.images.remove(IMAGE, force=True)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()
