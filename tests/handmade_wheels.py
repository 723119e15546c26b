"""Wheels made by hand, for packages that no index has."""

import base64
import hashlib
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path


def wheel(
    folder: Path, name: str, files: Mapping[str, bytes], programs: Collection[str] = ()
) -> Path:
    """Write `name`-1.0 as a pure wheel with these files (PyPA: binary distribution format). They
    may hold metadata of their own; `programs` among them can be executed."""
    folder.mkdir(parents=True, exist_ok=True)
    target, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    content = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **files,
    }
    listing = "".join(f'"{path}",{_hash(data)},{len(data)}\n' for path, data in content.items())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in (content | {f"{info}/RECORD": listing.encode()}).items():
            entry = zipfile.ZipInfo(path, (2024, 1, 2, 3, 4, 6))
            entry.external_attr = (0o100755 if path in programs else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return target


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={digest.decode().rstrip('=')}"
