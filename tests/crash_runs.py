"""Deploys that a signal ends at an exact point, and what is left of them here and in AWS."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from tasks.release.stage import lease
from tasks.sandbox import temp_dirs
from tests import deployed_project, docker_engine, reliability_counts
from tests.moto_server import REGION, Server
from tests.project import ROOT, Project, Run, clean_environment

SCRIPT = ROOT / "tests" / "crash_at_point.py"
COMMAND = ("deploy", "stage=local", "builder=host")
LAYER, BUCKET = "shuking-deps-layer", "shuking-lambda-layers"
LOCK = "chalice/shuking/local/lock.json"
NUMBER = re.compile(r"(?<=:)\d+$|(?<=/versions/)\d+$")
TIME = re.compile(r"\d{8}-\d{6}")
KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": REGION}


@dataclass(kw_only=True)
class Ground:
    """One checkout and one AWS, made new for each case. `points`: how many each step of an
    undisturbed deploy has; `good`: its end state; `before`: the layers that config.json had before
    it; `struck`: when the last signal came."""

    server: Server
    project: Project
    temporary: Path
    templates: Path
    points: dict[str, int]
    good: dict[str, Any]
    struck: Path
    before: list[str] = field(default_factory=list)
    ended: float = 0.0

    def fresh(self, template: str = "bare") -> None:
        """`template`: `bare`, or `built`, where only AWS's half is left to do."""
        self.server.reset()
        self.lay(template)

    def lay(self, template: str) -> None:
        """The checkout, and no temporary file."""
        for folder in (self.project.path, self.temporary):
            shutil.rmtree(folder)
        self.temporary.mkdir()
        shutil.copytree(self.templates / template, self.project.path, symlinks=True)

    def start(self, *words: str) -> Run:
        """Deploy as tests/crash_at_point.py is told to."""
        told = {"STRUCK": str(self.struck)}
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *words, "--", *COMMAND],
            cwd=self.project.path,
            env=clean_environment() | self.project.environment | told,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )  # fmt: skip
        self.ended = time.time()
        return Run(code=done.returncode, output=done.stdout)

    def end(self, number: signal.Signals, step: str, point: str) -> Run:
        """A deploy that meets this signal there. config.json is whole after it, in any case."""
        run = self.start(number.name.removeprefix("SIG"), step, point)
        config = json.loads(self.project.read(".chalice/config.json"))
        layers = self.ranked(*config["stages"]["local"].get("layers", []))
        assert layers in (self.before, self.good["layers"]), run.output
        assert self.lock_ends_soon(), run.output
        return run

    def measure(self) -> None:
        """An undisturbed deploy: its points, and its end state."""
        told = self.struck.with_name("points.json")
        run = self.start("count", str(told))
        assert run.code == 0, run.output
        self.points, self.good = json.loads(told.read_text()), self.state()

    def took_to_end(self) -> float:
        """Seconds from the last signal to the end of the process."""
        return self.ended - float(self.struck.read_text())

    def deploy(self) -> None:
        run = self.project.doit(*COMMAND)
        assert run.code == 0, run.output

    def aws(self, service: str) -> Any:
        session = boto3.session.Session(**KEYS)  # type: ignore[arg-type] # its kinds of keys
        client: Any = session.client
        return client(service, endpoint_url=self.server.url)

    def lock(self) -> dict[str, Any]:
        s3 = self.aws("s3")
        try:
            lock: dict[str, Any] = json.load(s3.get_object(Bucket=BUCKET, Key=LOCK)["Body"])
        except s3.exceptions.ClientError:
            return {"released": True, "since": 0, "until": 0}
        return lock

    def lock_ends_soon(self) -> bool:
        """It is given back, or expires without anybody's doing: nobody renews it any more."""
        lock = self.lock()
        ahead = lock["until"] - time.time()  # the server's clock is this machine's
        return bool(lock["released"] or (ahead <= lease.SECONDS and self.lock() == lock))

    def numbers(self) -> dict[str, str]:
        """{number of a version that there is: its rank}: a deleted one's is never given again."""
        listed = self.aws("lambda").list_layer_versions(LayerName=LAYER)["LayerVersions"]
        numbers = sorted(each["Version"] for each in listed)
        return {str(number): str(rank) for rank, number in enumerate(numbers, 1)}

    def ranked(self, *names: str) -> list[str]:
        """ARNs of versions, and keys of notes, with the rank in the number's place."""
        ranks = self.numbers()
        return [NUMBER.sub(lambda found: ranks.get(found[0], found[0]), name) for name in names]

    def state(self) -> dict[str, Any]:
        """What there is, without the times at which it came."""
        functions = self.aws("lambda")
        listed = functions.list_layer_versions(LayerName=LAYER)["LayerVersions"]
        function = functions.get_function_configuration(FunctionName="shuking-local")
        objects = self.aws("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
        config = json.loads(self.project.read(".chalice/config.json"))
        return {
            "versions": [TIME.sub("T", each["Description"]) for each in listed],
            "function": self.ranked(*(layer["Arn"] for layer in function["Layers"])),
            "apis": len(self.aws("apigateway").get_rest_apis()["items"]),
            "objects": sorted(self.ranked(*(TIME.sub("T", each["Key"]) for each in objects))),
            "layers": self.ranked(*config["stages"]["local"]["layers"]),
            "arn": self.ranked(self.project.read(".layer-arn.txt").strip()),
        }

    def leaks(self) -> list[str]:
        return left(self.project, self.temporary)

    def check(self, row: str, case: object) -> None:
        """The same command once more, and all is as it should be. A run with nothing left to do
        takes no lock, so a dead one's may stand until it expires."""
        self.deploy()
        assert self.lock_ends_soon(), case
        found, leaks = self.state(), self.leaks()
        duplicates = len(found["versions"]) + found["apis"] - len(self.good["versions"]) - 1
        reliability_counts.ran(row, duplicates=duplicates, leaks=leaks)
        assert found == self.good, (case, found, self.good)
        assert leaks == [], (case, leaks)
        reliability_counts.correct(row)


def left(project: Project, temporary: Path) -> list[str]:
    """Of runs that ended: temporary files, half-written ones, processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.path)
        half = [str(path) for path in temp_dirs.half_written()]
    lying = [str(path) for path in temporary.iterdir()]
    return [*half, *lying, *docker_engine.processes_left_in(project.path)]


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    with (
        pytest.MonkeyPatch.context() as patch,
        deployed_project.serving(folder / "server") as server,
    ):
        made = deployed_project.checkout(folder / "checkout", server)
        temporary, templates = folder / "temporary", folder / "templates"
        temporary.mkdir()
        made.environment.update(TMPDIR=str(temporary))
        patch.chdir(folder / "server")
        found = Ground(
            server=server, project=made, temporary=temporary, templates=templates,
            points={}, good={}, struck=folder / "struck",
        )  # fmt: skip
        shutil.copytree(made.path, templates / "bare", symlinks=True)
        build = made.doit("build", *COMMAND[1:])
        assert build.code == 0, build.output
        shutil.copytree(made.path, templates / "built", symlinks=True)
        found.fresh()
        found.measure()
        yield found
