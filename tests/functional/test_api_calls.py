"""How many calls of ours each command costs, as docs/architecture.md says."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import deployed_project
from tests.api_operations import operation
from tests.moto_server import Server
from tests.project import ROOT, Project

TABLE = re.compile(r"^\| (.+?) \| ([\d, ]+?) \| .* \|$", re.M)
PAGE = ROOT / "docs" / "architecture.md"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with deployed_project.serving(tmp_path / "aws") as found:
        yield found


def written() -> dict[str, list[int]]:
    """{command: its calls}"""
    text = PAGE.read_text(encoding="utf-8").partition("\nAPI calls of ours per command")[2]
    rows = TABLE.findall(text.partition("\n\nWhat it does not do")[0])
    return {name: [int(each) for each in said.split(", ")] for name, said in rows}


def calls(server: Server, project: Project, *words: str) -> list[str]:
    """Those that a command made itself: not Chalice's, not the functions'."""
    server.seen.clear()
    run = project.doit(*words, "stage=local")
    assert run.code in (0, 2), run.output
    ours = [
        each for each in server.seen if "doit-lambda-layer" in each.headers.get("user-agent", "")
    ]
    return [operation(each)[1] for each in ours if "authorization" in each.headers]


@pytest.mark.long
def test_the_table_is_what_is_counted(server: Server, tmp_path: Path) -> None:
    """One small layer, one function with an API; on a fresh clone where it says so."""
    project = deployed_project.checkout(tmp_path / "a", server)
    project.write("pyproject.toml", '[tool.lambda-layer]\nbuilder = "host"\n')
    clean = tmp_path / "clean"
    shutil.copytree(project.path, clean, symlinks=True)
    found = {
        "`deploy`, the first of all": [len(calls(server, project, "deploy"))],
        "`deploy` again, nothing to do": [len(calls(server, project, "deploy"))],
    }
    clone = Project(path=clean, environment=dict(project.environment))
    found["`deploy` in a fresh clone, nothing to build"] = [len(calls(server, clone, "deploy"))]
    project.write("requirements-all.txt", "six==1.17.0\n")
    found["`deploy` of changed requirements"] = [len(calls(server, project, "deploy"))]
    looks = [[word] for word in ("plan", "status", "history", "gc")]
    found["`plan`, `status`, `history`, `gc` (plan)"] = [
        len(calls(server, project, *words)) for words in looks
    ]
    found["`rollback version=1`"] = [len(calls(server, project, "rollback", "version=1"))]
    found["`deploy` of a stage that is pinned"] = [len(calls(server, project, "deploy"))]
    found["`undo`"] = [len(calls(server, project, "undo"))]
    assert found == written()
