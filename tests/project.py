"""A temporary copy of the project in which tests run the real doit, as a person would."""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import boto3

from tasks.aws import sealed_session
from tasks.settings import local_access
from tasks.settings.local_access import Access

ROOT = Path(__file__).parents[1]
PARTS = [
    "dodo.py",
    "tasks",
    "devtools",
    "docker",
    ".chalice",
    "app.py",
    "requirements.txt",
    "pyproject.toml",
]
CONFIG = ".chalice/config.json"
OWN = ["requirements-all.txt", "requirements-all.lock"]
# The steps of a deploy whose layer is published already.
AFTER_APP = [
    "preflight",
    "lookup",
    "import-app",
    "deploy-lock",
    "smoke-before",
    "chalice-deploy",
    "smoke",
]
SECRETS = ("AWS_", "LAYER_", "S3_BUCKET", "DOIT_")  # of the person who runs the tests
NUMBER = r"[\d.]+ (?:k|M)?B"
# How large it is, as a deploy ends.
SIZE = rf"size   {NUMBER} zipped, {NUMBER} unzipped; {NUMBER} of 262.1 MB used \(\d+%\)"
STARTED = re.compile(r"^▶ (\S+)$", re.M)

# A small project: one pure-Python requirement, built on this machine.
SIX = "six==1.16.0\n"
SETTINGS = """
[tool.lambda-layer]
layer = "deps"
builder = "host"
"""
APP = """
from importlib.metadata import version

from chalice import Chalice

app = Chalice(app_name="shuking")


@app.route("/health")
def health():
    import six

    return {"six": version("six"), "file": six.__file__}
"""


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
        """Run doit in the copy as ./doitw does; stdout and stderr together, as text."""
        done = subprocess.run(
            [sys.executable, "-m", "tasks", *arguments],
            cwd=self.path,
            env=clean_environment() | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(code=done.returncode, output=done.stdout)

    def deploy(self, *arguments: str, **environment: str) -> Run:
        """`doit deploy stage=local`, which must succeed."""
        run = self.doit("deploy", "stage=local", *arguments, **environment)
        assert run.code == 0, run.output
        return run

    def layers(self, stage: str = "local") -> list[str]:
        """The ARNs that config.json has for the stage."""
        config = json.loads(self.read(CONFIG))
        return list(config["stages"][stage]["layers"])

    def record(self, step: str, layer: str = "deps", stage: str = "local") -> Any:
        """What an AWS-side step wrote."""
        return json.loads(self.read(f"build/{step}/{layer}/{stage}.json"))

    def aws(self, service: str) -> Any:
        """A client of the AWS that this project is told of, else of the embedded one it runs."""
        session: Any = sealed_session.make(self.access(), "ap-northeast-2")
        client: Any = boto3.session.Session(botocore_session=session).client
        return client(service)

    def access(self) -> Access:
        """To the AWS that `stage=local` of this project has."""
        named = local_access.of_others(self.environment)
        found = named or local_access.read(self.path / "build/local/server.json")
        assert found
        return found

    @property
    def local_aws(self) -> str:
        """Its emulator, as another project's LAYER_LOCAL_AWS."""
        found = self.access()
        return found.url.replace("://", f"://{found.key}:{found.secret}@")

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")


def copy(target: Path, requirements: str = "") -> Project:
    """A copy, nothing built: with requirements of the test's own and no lock, or the project's
    own requirements and lock."""
    target.mkdir(parents=True)
    of_chalice = ("deployed", "deployments", "config.json.bak*")
    for part in PARTS if requirements else [*PARTS, *OWN]:
        source = ROOT / part
        if source.is_dir():
            ignored = of_chalice if part == ".chalice" else ()
            ignore = shutil.ignore_patterns("__pycache__", *ignored)
            shutil.copytree(source, target / part, ignore=ignore)
            for code in compiled(part):
                made = target / code.source.parent / "__pycache__" / code.made.name
                made.parent.mkdir(exist_ok=True)
                shutil.copyfile(code.made, made)
        else:
            shutil.copy(source, target / part)
    project = Project(path=target)
    if requirements:
        project.write("requirements-all.txt", requirements)
    _undeploy(project)
    return project


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """`source`: below the project's root."""

    source: Path
    made: Path


@cache
def compiled(folder: str) -> list[Compiled]:
    """Its modules, compiled once for all copies: each copy would take half a second for it. Python
    takes them for its own, since a copied module is as old as the original."""
    sources = sorted((ROOT / folder).rglob("*.py"))
    compileall.compile_dir(ROOT / folder, quiet=2)
    found = [
        Compiled(source=each.relative_to(ROOT), made=Path(cache_from_source(str(each))))
        for each in sources
    ]
    return [each for each in found if each.made.is_file()]


def _undeploy(project: Project) -> None:
    """Whoever runs the tests may have deployed: config.json names no layer, as in a fresh clone."""
    config = json.loads(project.read(CONFIG))
    for stage in config["stages"].values():
        stage["layers"] = []
    project.write(CONFIG, json.dumps(config, indent=2) + "\n")


def small(path: Path, requirements: str = SIX) -> Project:
    """A copy of the project with little in its layer."""
    made = copy(path, requirements)
    text = made.read("pyproject.toml")
    made.write("pyproject.toml", text[: text.index("[tool.lambda-layer]")] + SETTINGS)
    made.write("app.py", APP)
    return made


def clean_environment() -> dict[str, str]:
    """The tests' environment without anybody's AWS account or settings in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    return kept | {"HOME": os.environ.get("HOME", "/"), "AWS_EC2_METADATA_DISABLED": "true"}
