"""What CI does, read from its files and run: fresh clones, empty homes, one AWS. The second run
builds nothing."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.clients import invocation
from tasks.core import records
from tests import ci, deployed
from tests.aws import REGION, Server, serving
from tests.ci import Job, Runner
from tests.index import serving as serving_index
from tests.project import clean_environment, small

BUILDING = {"install", "prune", "optimize", "zip", "verify", "upload"}
FILES = ("doitw", "doitw.lock", ".python-version", ".gitignore", ".github", "docs")
LAYERS = "2018-10-31/layers/deps/versions"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Server]:
    """Functions run in this process, from a folder that no job sees."""
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        deployed.adjust(patch)
        patch.chdir(small(tmp_path / "aws").path)
        records.write(invocation.RUNTIME, {"builder": "host"})
        yield server


@pytest.fixture
def runner(tmp_path: Path, aws: Server) -> Iterator[Runner]:
    """A project of one small package, as a repository; nothing but AWS and an index around it."""
    project = small(tmp_path / "origin")
    ci.repository(project.path, *FILES)
    (tmp_path / "index").mkdir()
    (tmp_path / "jobs").mkdir()
    with serving_index(tmp_path / "index") as index:
        index.add("six", "1.16.0", files={"six.py": b"__version__ = '1.16.0'\n"})
        around = {**aws.environment(), "UV_DEFAULT_INDEX": index.url, "AWS_REGION": REGION}
        environment = clean_environment() | around
        yield Runner(origin=project.path, folder=tmp_path / "jobs", environment=environment)


def publishes(aws: Server) -> int:
    return len([s for s in aws.seen if s.method == "POST" and s.path.endswith(LAYERS)])


JOBS: dict[str, tuple[Job, Job, Callable[[], Job]]] = {
    "github": (
        ci.github("deploy.yml", "build"),
        ci.github("deploy.yml", "deploy"),
        lambda: ci.github("rollback.yml", "rollback", version="1", reason="a test", stage="prod"),
    ),
    "gitlab": (ci.gitlab("build"), ci.gitlab("deploy"), lambda: ci.gitlab("rollback")),
}


@pytest.mark.parametrize("system", JOBS)
def test_a_request_builds_once(runner: Runner, aws: Server, system: str) -> None:
    """And asks no AWS; the sizes are shown where the system shows them."""
    build, _, _ = JOBS[system]
    first, second = runner.run(build), runner.run(build)
    assert BUILDING - {"upload"} <= set(first.steps)
    assert BUILDING.isdisjoint(second.steps)
    for done in (first, second):
        shown = done.place / "summary" if system == "github" else done.clone / "sizes.txt"
        text = shown.read_text(encoding="utf-8")
        assert "six" in text
        assert "262.1 MB" in text
    assert aws.seen == []


@pytest.mark.parametrize(
    ("system", "cached"), [("github", True), ("github", False), ("gitlab", False)]
)
def test_main_deploys_once(runner: Runner, aws: Server, system: str, *, cached: bool) -> None:
    """One version, one API; a second runner builds and publishes nothing, with and without what
    the first one left; then back by hand."""
    _, deploy, back = JOBS[system]
    first = runner.run(deploy)
    if not cached:
        shutil.rmtree(runner.origin.parent / "cache")
        runner.cache.clear()
    second = runner.run(deploy)
    assert set(first.steps) >= BUILDING
    assert BUILDING.isdisjoint(second.steps)
    assert second.steps[-1] == "smoke"
    assert publishes(aws) == 1
    rolled = runner.run(back(), ROLLBACK_VERSION="1", CI_PIPELINE_ID="7")
    assert rolled.steps[-1] == "rollback:smoke"
    assert publishes(aws) == 1
