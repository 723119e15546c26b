"""docker/inspect_foreign.py: what a layer tells that is not run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sandbox_scripts

SCRIPT = sandbox_scripts.FOLDER / "inspect_foreign.py"
X86, ARM = (62).to_bytes(2, "little"), (183).to_bytes(2, "little")


def elf(machine: bytes, more: bytes = b"", order: bytes = b"\x01") -> bytes:
    """The head of one: 64 bits, this byte order."""
    return b"\x7fELF\x02" + order + bytes(12) + machine + more


def read(tmp_path: Path, *libraries: str, folder: str = "") -> dict[str, object]:
    """What it says of one distribution for arm64 and glibc 2.26."""
    request = tmp_path / "request.json"
    batch = {"folder": folder, "modules": ["gone"], "libraries": libraries}
    asked = {"batches": {"d": batch}, "target": {"machine": "aarch64", "glibc": [2, 26]}}
    request.write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(tmp_path), str(request)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:2], done.stderr) == (0, "= ", "")
    found: dict[str, object] = json.loads(done.stdout[2:])["d"]
    return found


@pytest.fixture(autouse=True)
def python(tmp_path: Path) -> Path:
    """The layer's folder."""
    path = tmp_path / "python"
    path.mkdir()
    return path


def test_libraries_of_another_machine_are_named(tmp_path: Path, python: Path) -> None:
    """By their ELF header; a linker script has none."""
    (python / "good.so").write_bytes(elf(ARM))
    (python / "other.so").write_bytes(elf(X86))
    (python / "big.so").write_bytes(elf((21).to_bytes(2, "big"), order=b"\x02"))
    (python / "script.so").write_bytes(b"INPUT(good.so)")
    found = read(tmp_path, "good.so", "other.so", "big.so", "script.so")
    assert found["foreign"] == {"other.so": "x86_64", "big.so": "machine 21"}


def test_the_images_glibc_counts_not_this_machines(tmp_path: Path, python: Path) -> None:
    """2.26 is Amazon Linux 2's."""
    (python / "old.so").write_bytes(elf(ARM, b"\0GLIBC_2.26\0"))
    (python / "new.so").write_bytes(elf(ARM, b"\0GLIBC_2.27\0"))
    assert read(tmp_path, "old.so", "new.so")["glibc"] == {"new.so": "2.27"}


def test_nothing_is_run_and_metadata_is_read(tmp_path: Path, python: Path) -> None:
    """As importlib.metadata answers."""
    (python / "d-1.dist-info").mkdir()
    found = read(tmp_path, folder="d-1.dist-info")
    assert (found["imports"], found["loads"]) == ({}, {})
    assert found["metadata"] != ""
    text = "Metadata-Version: 2.1\nName: d\nVersion: 1\n"
    (python / "d-1.dist-info/METADATA").write_text(text)
    assert read(tmp_path, folder="d-1.dist-info")["metadata"] == ""
