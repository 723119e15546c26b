"""What CI does, read from its files and run: fresh clones, empty homes, one AWS. The second run
builds nothing."""

from collections.abc import Callable

import pytest

from tests import ci_jobs
from tests.ci_jobs import Job, Runner
from tests.moto_server import Server

BUILDING = {"install", "prune", "optimize", "zip", "verify", "upload"}
LAYER, API = "/layers/deps/versions", "/restapis"


def made(aws: Server, what: str) -> int:
    """How often one was asked for, a LAYER or an API."""
    return len([s for s in aws.seen if s.method == "POST" and s.path.endswith(what)])


JOBS: dict[str, tuple[Job, Job, Callable[[], Job]]] = {
    "github": (
        ci_jobs.github("deploy.yml", "build"),
        ci_jobs.github("deploy.yml", "deploy"),
        lambda: ci_jobs.github(
            "rollback.yml", "rollback", version="1", reason="a test", stage="prod"
        ),
    ),
    "gitlab": (
        ci_jobs.gitlab("build"),
        ci_jobs.gitlab("deploy"),
        lambda: ci_jobs.gitlab("rollback"),
    ),
}


@pytest.mark.parametrize("system", JOBS)
def test_a_request_builds_once(runner: Runner, open_aws: Server, system: str) -> None:
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
    assert open_aws.seen == []


@pytest.mark.parametrize("system", ["github", pytest.param("gitlab", marks=pytest.mark.long)])
def test_main_deploys_once_and_goes_back(runner: Runner, open_aws: Server, system: str) -> None:
    """One version, one API; later runners build and publish nothing, with and without what the
    first one left; then other requirements, and back by hand, which the next run keeps."""
    _, deploy, back = JOBS[system]
    assert set(runner.run(deploy).steps) >= BUILDING
    for _ in ("with the cache", "without"):
        again = runner.run(deploy)
        assert BUILDING.isdisjoint(again.steps)
        assert again.steps[-1] == "smoke"
        runner.forget()
    assert made(open_aws, LAYER) == 1

    ci_jobs.change(runner.origin, "requirements-all.txt", "six==1.17.0\n")
    assert '"six": "1.17.0"' in runner.run(deploy).output
    rolled = runner.run(back(), ROLLBACK_VERSION="1", CI_PIPELINE_ID="7")
    assert rolled.steps[-1] == "rollback:smoke"
    kept = runner.run(deploy).output
    assert "rolled back to version 1 of deps by " in kept
    assert ": pipeline 7" in kept if system == "gitlab" else ": a test" in kept
    for run in (rolled.output, kept):
        assert '"six": "1.16.0"' in run
    assert (made(open_aws, LAYER), made(open_aws, API)) == (2, 1)
