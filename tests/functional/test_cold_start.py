"""smoke and the start of a function: shown where Lambda says it, judged in AWS alone."""

import re
from pathlib import Path

import pytest

from tasks.local_aws import invoke
from tasks.settings import paths
from tasks.util import files
from tests import deployed_project
from tests.moto_server import Server
from tests.project import Project

SHOWN = r"init (?P<init>[\d,]+ ms|unknown), memory (?P<memory>\d+) MB of 512 MB"


@pytest.fixture
def copy(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = deployed_project.copy(tmp_path / "copy", server, monkeypatch)
    made.environment.update(server.environment())
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})  # where moto runs functions
    return made


def allow(copy: Project, milliseconds: int) -> None:
    copy.write("pyproject.toml", f"[tool.lambda-layer]\nmax-init = {milliseconds}\n")


def shown(output: str) -> str:
    found = re.search(SHOWN, output)
    assert found, output
    assert 5 < int(found["memory"]) < 512
    return found["init"]


def deploy(copy: Project, stage: str) -> tuple[int, str]:
    done = copy.doit("deploy", f"stage={stage}", "builder=host")
    return done.code, done.output


def test_on_the_embedded_aws_a_start_is_shown_and_not_judged(copy: Project) -> None:
    """A cold one with its milliseconds, of a warm one nobody knows."""
    allow(copy, 1)
    code, said = deploy(copy, "local")
    assert code == 0, said
    assert shown(said).endswith(" ms")
    code, said = deploy(copy, "local")
    assert (code, shown(said)) == (0, "unknown")


def test_a_slow_start_fails_a_deploy_to_aws(copy: Project, tmp_path: Path, server: Server) -> None:
    """With the time, the setting and the ways out. Warm, it is judged by the start that was seen,
    on another machine, too; within the setting it passes."""
    allow(copy, 1)
    code, said = deploy(copy, "prod")
    assert code == 1
    assert (slow := re.search(r"shuking-prod took \d+ ms to start, and max-init allows 1 ms", said))
    assert "./doitw report" in said
    assert "lambda_memory_size" in said
    other = deployed_project.checkout(tmp_path / "other", server)
    other.environment.update(server.environment())
    allow(other, 1)
    for checkout in (copy, other):
        code, said = deploy(checkout, "prod")
        assert (code, shown(said)) == (1, "unknown"), said
        assert slow[0] in said
    allow(copy, 60_000)
    code, said = deploy(copy, "prod")
    assert (code, shown(said)) == (0, "unknown"), said
    invoke.ENVIRONMENTS.end()
    code, said = deploy(copy, "prod")
    assert code == 0, said
    assert shown(said).endswith(" ms")


def test_a_start_that_was_not_seen_is_not_judged(copy: Project) -> None:
    """Of a function that is warm when `max-init` is first set; nor by that of another deploy."""
    assert deploy(copy, "prod")[0] == 0
    allow(copy, 1)
    code, said = deploy(copy, "prod")
    assert (code, shown(said)) == (0, "unknown"), said
    invoke.ENVIRONMENTS.end()
    assert deploy(copy, "prod")[0] == 1
    allow(copy, 0)
    copy.write("app.py", copy.read("app.py") + "# another\n")
    assert deploy(copy, "prod")[0] == 0
    assert "start" not in copy.record("chalice-deploy", "shuking-deps-layer", "prod")
