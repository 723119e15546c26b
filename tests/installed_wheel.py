"""The built wheel in an environment of its own, as an app's team has it."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from tests.project import ROOT, Run, clean_environment


@dataclass(frozen=True, kw_only=True)
class Tool:
    """`bin`: where its programs are. `environment` is added to a clean one for every command."""

    bin: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, folder: Path, *words: str, answer: str = "", **environment: str) -> Run:
        """A program of the environment, run in this folder; stdout and stderr together.
        `answer`: what is typed into it."""
        path = f"{self.bin}:{clean_environment()['PATH']}"
        done = subprocess.run(
            [str(self.bin / words[0]), *words[1:]], cwd=folder, input=answer, check=False,
            env=clean_environment() | {"PATH": path} | self.environment | environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return Run(code=done.returncode, output=done.stdout)

    def install(self, *words: str) -> None:
        """More packages, as `pip install` would."""
        uv("pip", "install", "--python", str(self.bin / "python"), *words)


def install(wheel: Path, folder: Path, name: str = "venv") -> Tool:
    """The wheel and, of what it needs, the versions that doitw.lock pins."""
    tool = empty(folder, name)
    tool.install("-c", str(ROOT / "doitw.lock"), str(wheel))
    return tool


def empty(folder: Path, name: str = "venv") -> Tool:
    """A new environment. Its commands have an empty home and no Docker, so that they do the same
    everywhere."""
    venv, home = folder / name, folder / "home"
    home.mkdir()
    uv("venv", "--python", sys.executable, str(venv))
    away = {"HOME": str(home), "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    return Tool(bin=venv / "bin", environment=away)


def uv(*words: str) -> None:
    """It must succeed."""
    done = subprocess.run(
        [find_uv_bin(), *words, "--quiet", "--no-config"], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
