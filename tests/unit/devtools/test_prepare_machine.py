"""devtools/prepare_machine: what `./doitw test` does first, on a machine of made-up programs."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.project import ROOT

REAL = ("cat", "dirname", "env", "mkdir", "rm", "sed", "sh", "sleep", "tail")
TOOLS = ("debootstrap", "unshare", "bwrap", "chromium", "strip", "unzip", "docker-registry")
LOGGED = '#!/bin/sh\necho "${0##*/} $*" >> "$LOG"\n'
DOCKERD = '#!/bin/sh\n: > "$UP"\nexec sleep 60\n'


@dataclass(frozen=True, kw_only=True)
class Machine:
    """`bin`: all its programs."""

    bin: Path

    def put(self, name: str, text: str = LOGGED) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, word: str) -> str:
        up, log = self.bin.parent / "up", self.bin.parent / "log"
        done = subprocess.run(
            [str(self.bin.parent / "devtools/prepare_machine"), word], check=False, text=True,
            env={"PATH": str(self.bin), "UP": str(up), "LOG": str(log)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def log(self) -> str:
        path = self.bin.parent / "log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """Root's, with apt-get and a Docker engine that does not run."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "devtools").mkdir()
    shutil.copy(ROOT / "devtools/prepare_machine", tmp_path / "devtools")
    made = Machine(bin=tmp_path / "bin")
    for name in REAL:
        (made.bin / name).symlink_to(str(shutil.which(name)))
    made.put("id", "#!/bin/sh\necho 0\n")
    made.put("docker", '#!/bin/sh\n[ -f "$UP" ]\n')
    made.put("dockerd", DOCKERD)
    made.put("apt-get")
    return made


def test_what_is_missing_is_said_then_installed(bare: Machine) -> None:
    """As root, and by sudo."""
    bare.put("zsh")
    assert "installing: debootstrap util-linux bubblewrap chromium binutils" in bare.run("start")
    bare.run("stop")
    assert "apt-get update -qq\napt-get install -y -qq debootstrap util-linux" in bare.log
    assert "zsh" not in bare.log
    (bare.bin.parent / "log").unlink()
    bare.put("id", "#!/bin/sh\necho 1000\n")
    bare.put("sudo", '#!/bin/sh\necho "sudo $1" >> "$LOG"\nexec "$@"\n')
    bare.run("start")
    bare.run("stop")
    assert bare.log.startswith("sudo apt-get\napt-get update -qq\nsudo env\napt-get install")


def test_the_engine_that_it_starts_ends_with_the_tests(bare: Machine) -> None:
    for name in (*TOOLS, "zsh"):
        bare.put(name)
    assert bare.run("start") == "starting the Docker engine (log: build/test-engine.log)\n"
    pid = int((bare.bin.parent / "build/test-engine.pid").read_text())
    os.kill(pid, 0)  # it runs
    assert bare.run("start") == ""  # one that answers is left alone
    bare.run("stop")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert bare.run("stop") == ""
    assert "apt-get" not in bare.log


def test_nothing_is_installed_unasked(bare: Machine) -> None:
    """`install=0`, and where there is no apt-get: what is missing is said."""
    bare.put("zsh")
    said = bare.run("check")
    assert "not installed (tests that need these fail and say so): debootstrap" in said
    assert "no Docker engine answers" in said
    (bare.bin / "apt-get").unlink()
    assert bare.run("start") == said
    assert bare.log == ""
