"""Five apps of teams: adopted, deployed and brought back by what README says, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from tests import installed_wheel, sample_apps
from tests.adopted_apps.index import addressed
from tests.adopted_apps.real import TEAMS, Team
from tests.installed_wheel import Tool, uv
from tests.package_index import Index
from tests.project import ROOT, Project, clean_environment

SHORT: tuple[str, ...] = ()  # all: ./doitw test:long
QUIET = {"POETRY_VIRTUALENVS_CREATE": "false", "PIP_FIND_LINKS": ""}
PIN = re.compile(r"six==[\d.]+")


def written() -> list[list[str]]:
    """README's own commands for an app, but for the installation."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition("## Use it in your Chalice app")[2].partition("```sh\n")[2]
    install, *others = block.partition("```")[0].splitlines()
    assert install.startswith("pip install doit_lambda_layer-")
    return [line.split() for line in others]


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in SHORT else pytest.mark.long) for each in TEAMS],
)
def test_a_team_adopts_it(
    name: str, repository: Path, tool: Tool, team_index: Index, tmp_path: Path
) -> None:
    """Each of its apps: adopted, deployed, deployed with another pin, brought back."""
    team = TEAMS[name]
    sample_apps.make(repository, addressed(dict(team.files), team_index))
    tool = beside(tool, team, repository, tmp_path)
    for folder in [repository / each for each in team.folders]:
        for words in written():
            said = succeed(tool, folder, *words)
        assert '"six": "1.16.0"' in said
        if name == "old":
            assert '"boto3": "1.28.57"' in said
            assert list(folder.glob(".venv/lib/*/site-packages/chalice-1.29.0.dist-info"))
        assert len(functions(folder)) == team.functions
        another_pin(tool, team, repository, folder)
        assert '"six": "1.17.0"' in succeed(tool, folder, "doit", "deploy", "stage=local")
        assert '"six": "1.16.0"' in succeed(tool, folder, "doit", "rollback", "stage=local")
        assert set(functions(folder).values()) == {"1"}


def beside(tool: Tool, team: Team, place: Path, tmp_path: Path) -> Tool:
    """What the team has beside the tool: its lock, the lock's own tool, the app's .venv."""
    if team.environment:
        uv("venv", "--python", str(tool.bin / "python"), str(place / ".venv"))
        uv("pip", "install", "--python", str(place / ".venv/bin/python"), *team.environment)
    if team.locks[:1] == ("poetry",):
        own = installed_wheel.empty(tmp_path, "poetry")
        own.install("poetry==2.5.1", "poetry-plugin-export==1.10.1")
        path = f"{own.bin}:{tool.bin}:{clean_environment()['PATH']}"
        tool = Tool(bin=tool.bin, environment={**tool.environment, **QUIET, "PATH": path})
    lock(tool, team, place)
    return tool


def lock(tool: Tool, team: Team, place: Path) -> None:
    """As the team does it: Poetry's program is on its PATH."""
    if team.locks:
        words = list(team.locks)
        if words[0] == "uv":
            words = [find_uv_bin(), "lock", "--no-config", "--python", sys.executable]
        environment = clean_environment() | tool.environment
        subprocess.run(words, cwd=place, env=environment, check=True, capture_output=True)


def succeed(tool: Tool, folder: Path, *words: str) -> str:
    run = tool.run(folder, *words)
    assert run.code == 0, run.output
    assert "Traceback" not in run.output
    return run.output


def another_pin(tool: Tool, team: Team, place: Path, folder: Path) -> None:
    """Where a person pins it; what was made from that is made again."""
    locked = team.locks or ()
    path = folder / ("pyproject.toml" if locked else "requirements-all.txt")
    path.write_text(PIN.sub("six==1.17.0", path.read_text()))
    if locked:
        top = place / "pyproject.toml"  # one version for a whole workspace
        top.write_text(PIN.sub("six==1.17.0", top.read_text()))
        lock(tool, team, place)
        succeed(tool, folder, "doit-lambda-layer", "init", "--yes")


def functions(folder: Path) -> dict[str, str]:
    """{function: version of its layer}"""
    client: Any = Project(path=folder).aws("lambda")
    listed = client.list_functions()["Functions"]
    return {
        each["FunctionName"]: layer["Arn"].rpartition(":")[2]
        for each in listed
        for layer in each["Layers"]
    }
