"""tasks/release/stored_zip.py: a zip from S3 that no build of ours made is not published again."""

import io
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.release import stored_zip
from tasks.release.manifest import Manifest
from tasks.settings.model import Settings
from tasks.util import files as file_tools
from tasks.util.errors import VerifyError

INPUTS = {"python": "3.12", "requirements": "six==1.17.0"}
GOOD = {"python/six.py": b"x = 1\n"}
BODY = b"MIIEowIBAAKCAQEAq7Zl3Xw9Vn2kT5uPzR8sYb4Jd6Hf1Lg0Mc/Nx+WoQeCtUvIj\n" * 8
KEY = b"-----BEGIN RSA PRIVATE KEY-----\n" + BODY + b"-----END RSA PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lay(
    files: Mapping[str, bytes], mode: int = stat.S_IFREG | 0o644, method: int = zipfile.ZIP_DEFLATED
) -> Path:
    out, layer = io.BytesIO(), Path("layer.zip")
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, data, method)
    layer.write_bytes(out.getvalue())
    return layer


def manifest(layer: Path, unzipped: int, **changed: Any) -> Manifest:
    """That fits; but for what is `changed`."""
    facts: dict[str, Any] = {
        "layer": "deps", "python": "3.12", "architecture": "x86_64", "image": "", "builder": "host",
        "input": file_tools.digest(INPUTS), "sha256": file_tools.file_digest(layer), "inputs":
        INPUTS,
        "bytes": layer.stat().st_size, "unzipped": unzipped, "installed": unzipped, "files": 1,
        "distributions": [], "others": {}, "settings": {}, "tool": "1", "git": None,
        "built": "20250102-030405",
    }  # fmt: skip
    return Manifest(**facts | changed)


def refused(layer: Path, made: Manifest) -> str:
    with pytest.raises(VerifyError) as caught:
        stored_zip.check_stored_zip(Settings(), layer, made)
    assert caught.value.fix
    return caught.value.problem


def test_what_the_tool_made_passes() -> None:
    """Bytecode beside its source is as harmless as that."""
    files = {**GOOD, "python/__pycache__/six.cpython-312.pyc": b"compiled"}
    layer = lay(files)
    made = manifest(layer, 14)
    stored_zip.check_manifest(made)
    stored_zip.check_stored_zip(Settings(), layer, made)


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("bootstrap", 0o100755, "no file below python/"),
        ("python/../extensions/run", 0o100755, "leads out of the layer"),
        ("/opt/python/six.py", 0o100644, "leads out of the layer"),
        ("python/link", 0o120777, "is no plain file"),
        ("python/null", 0o020666, "is no plain file"),
        ("python/run", 0o104755, "is no plain file"),
        ("python/folder/", 0o040755, "no file below python/"),
    ],
)
def test_what_no_layer_of_ours_holds(name: str, mode: int, said: str) -> None:
    """Extensions of Lambda's, links, devices, programs that run as somebody else."""
    layer = lay({name: b"x"}, mode)
    assert said in refused(layer, manifest(layer, 1))


def test_credentials() -> None:
    """As before an upload; `harmless` holds for them, and for what was compiled from them."""
    layer = lay({"python/k.py": KEY, "python/__pycache__/k.cpython-312.pyc": KEY})
    made = manifest(layer, 2 * len(KEY))
    assert "python/k.py (no distribution): " in refused(layer, made)
    stored_zip.check_stored_zip(Settings(harmless=("k.py",)), layer, made)


def test_other_bytes_or_sizes_than_the_manifest_says() -> None:
    """Nothing of it is unpacked then."""
    layer = lay(GOOD)
    assert "other bytes" in refused(layer, manifest(layer, 6, sha256="0" * 64))
    assert "takes 6 bytes unzipped" in refused(layer, manifest(layer, 5))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_no_zip_or_a_broken_one(method: int) -> None:
    """In words."""
    layer = lay({"python/six.py": b"x = 1\n" * 1000}, method=method)
    data = bytearray(layer.read_bytes())
    data[50:60] = b"\0" * 10
    layer.write_bytes(data)
    assert "cannot be read" in refused(layer, manifest(layer, 6000))
    layer.write_bytes(b"no zip")
    assert "cannot be read" in refused(layer, manifest(layer, 6))


@pytest.mark.parametrize(
    "changed", [{"inputs": {"python": "3.11"}}, {"input": "x"}, {"sha256": "../x"}]
)
def test_a_manifest_that_speaks_of_other_inputs(changed: dict[str, Any]) -> None:
    """Its input hash is that of the parts which stand beside it."""
    with pytest.raises(VerifyError, match="other inputs than it has"):
        stored_zip.check_manifest(manifest(lay(GOOD), 6, **changed))


@pytest.mark.parametrize(("limit", "is_refused"), [(6, False), (5, True)])
def test_more_than_lambda_takes_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: int, is_refused: bool
) -> None:
    """To the byte, although its manifest says as much."""
    monkeypatch.setattr(stored_zip, "LAMBDA_LIMIT", limit)
    layer = lay(GOOD)
    if is_refused:
        assert "it takes 6 bytes unzipped" in refused(layer, manifest(layer, 6))
    else:
        stored_zip.check_stored_zip(Settings(), layer, manifest(layer, 6))
