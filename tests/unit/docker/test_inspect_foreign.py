"""docker/inspect_foreign.py: what a layer tells that is not run."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import sandbox_scripts
from tests.elves import ARM, elf

SCRIPT = sandbox_scripts.FOLDER / "inspect_foreign.py"


def read(tmp_path: Path, *libraries: str, programs: Sequence[str] = (), folder: str = "") -> Any:
    """What it says of one distribution."""
    request = tmp_path / "request.json"
    batch = {"folder": folder, "modules": ["gone"], "libraries": libraries, "programs": programs}
    request.write_text(json.dumps({"batches": {"d": batch}}), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(tmp_path), str(request)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    trying, answer = done.stdout.splitlines()
    assert (done.returncode, trying, answer[:2], done.stderr) == (0, "~ d", "= ", "")
    return json.loads(answer[2:])["d"]


@pytest.fixture(autouse=True)
def python(tmp_path: Path) -> Path:
    """The layer's folder."""
    path = tmp_path / "python"
    path.mkdir()
    return path


def test_libraries_and_programs_tell_what_they_are_for(tmp_path: Path, python: Path) -> None:
    """By their ELF header; a linker script and a shell script have none."""
    (python / "good.so").write_bytes(elf("libc.so.6", machine=ARM))
    (python / "script.so").write_bytes(b"INPUT(good.so)")
    (python / "node").write_bytes(elf("libatomic.so.1", program=True))
    (python / "run").write_bytes(b"#!/bin/sh\n")
    found = read(tmp_path, "good.so", "script.so", programs=["node", "run"])["elf"]
    assert {path: each["machine"] for path, each in found.items()} == {
        "good.so": "aarch64",
        "node": "x86_64",
    }
    assert [path for path, each in found.items() if each["program"]] == ["node"]


def test_nothing_is_run_and_metadata_is_read(tmp_path: Path, python: Path) -> None:
    """As importlib.metadata answers."""
    (python / "d-1.dist-info").mkdir()
    found = read(tmp_path, folder="d-1.dist-info")
    assert (found["imports"], found["loads"]) == ({}, {})
    assert found["metadata"] != ""
    text = "Metadata-Version: 2.1\nName: d\nVersion: 1\n"
    (python / "d-1.dist-info/METADATA").write_text(text)
    assert read(tmp_path, folder="d-1.dist-info")["metadata"] == ""
