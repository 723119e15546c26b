"""A temporary copy of the project in which tests run the real doit, as a person would."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ["dodo.py", "tasks", "docker", ".chalice", "app.py", "requirements.txt", "pyproject.toml"]
SECRETS = ("AWS_", "LAYER_", "S3_BUCKET", "DOIT_")  # of the person who runs the tests
STARTED = re.compile(r"^▶ (\S+)$", re.M)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one doit command did. `steps`: the tasks that ran, in order."""

    code: int
    output: str

    @property
    def steps(self) -> list[str]:
        return STARTED.findall(self.output)


@dataclass(frozen=True, kw_only=True)
class Project:
    """The copy. `environment` is added to a clean one for every command."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    def doit(self, *arguments: str, **environment: str) -> Run:
        """Run doit in the copy; stdout and stderr together, as text."""
        done = subprocess.run(
            [sys.executable, "-m", "doit", *arguments],
            cwd=self.path,
            env=clean_environment() | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(code=done.returncode, output=done.stdout)

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")


def copy(target: Path, requirements: str) -> Project:
    """A copy with its own requirements (no lock), nothing built."""
    target.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", "deployed", "deployments", "config.json.bak*")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=ignore)
        else:
            shutil.copy(source, target / part)
    project = Project(path=target)
    project.write("requirements-all.txt", requirements)
    return project


def clean_environment() -> dict[str, str]:
    """The tests' environment without anybody's AWS account or settings in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    return kept | {"HOME": os.environ.get("HOME", "/"), "AWS_EC2_METADATA_DISABLED": "true"}
