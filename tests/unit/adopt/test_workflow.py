"""tasks/adopt/workflow.py, repository.py, versions.py: where GitHub looks, and what it runs."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # no stubs

from tasks.adopt import repository, versions, workflow
from tasks.adopt.requirements.requirements_files import parse_entries
from tasks.adopt.tool_origin import Origin
from tasks.adopt.workflow import Place
from tasks.util import subprocesses
from tasks.util.errors import InputError
from tests.sample_apps import git

TOOL = Origin(requirement="./tools/x.whl", told="here")
PART = Place(folder=Path("services/orders"), watched=["uv.lock"])


def document(place: Place, chalice: str = "chalice") -> Any:
    text = workflow.workflow({"stage": "dev"}, TOOL, ["dev"], place, chalice)
    return yaml.safe_load(text)


def test_an_app_of_a_larger_repository_has_a_workflow_of_its_own() -> None:
    """Run in its folder, by its own changes alone; nothing of it waits for another app's."""
    found = document(PART)
    assert PART.file == Path(".github/workflows/lambda-layer-services-orders.yml")
    assert found["defaults"]["run"]["working-directory"] == "services/orders"
    for event in ("pull_request", "push"):
        assert found[True][event]["paths"] == ["services/orders/**", "uv.lock", str(PART.file)]
    jobs = found["jobs"]
    assert jobs["deploy"]["concurrency"]["group"] == "deploy-services-orders-dev"
    [cache] = [step["with"] for step in jobs["build"]["steps"] if "cache@" in step.get("uses", "")]
    folder = "services/orders"
    own = [f"{folder}/build", f"{folder}/.doit.sqlite3"]
    assert cache["path"].split() == [*own, "~/.cache/doit-lambda-layer"]
    assert "hashFiles('services/orders/requirements*'" in cache["key"]
    assert cache["key"].startswith("layer-services-orders-")
    # the tool's version stands there: with another one all is made anew, and has to be kept
    assert f"'{PART.file}')" in cache["key"]


def test_an_app_that_is_all_of_its_repository_has_no_filter() -> None:
    """As before: every push to main is deployed."""
    found = document(Place())
    assert found["name"] == "lambda-layer"
    assert "defaults" not in found
    assert found[True]["push"] == {"branches": ["main", "master"]}
    assert found["jobs"]["deploy"]["concurrency"]["group"] == "deploy-dev"


def test_the_repositorys_own_branch_deploys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a clone starts with; a new repository's only one; the usual name beside another."""
    found = workflow.workflow({}, TOOL, branch="trunk")
    assert yaml.safe_load(found)[True]["push"]["branches"] == ["trunk"]
    assert "Push to trunk" in found
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    assert subprocesses.default_branch() == ""
    git(tmp_path, "init", "-q", "-b", "trunk", "made")
    monkeypatch.chdir(tmp_path / "made")
    assert subprocesses.default_branch() == "trunk"
    git(Path(), "commit", "-q", "--allow-empty", "-m", "one")
    git(tmp_path, "clone", "-q", "made", "cloned")
    git(Path(), "switch", "-q", "-c", "mine")
    git(Path(), "branch", "-q", "-m", "trunk", "master")
    assert subprocesses.default_branch() == "master"
    monkeypatch.chdir(tmp_path / "cloned")
    git(Path(), "switch", "-q", "-c", "mine")
    assert subprocesses.default_branch() == "trunk"


def test_tool_and_app_have_environments_of_their_own() -> None:
    """So that no version of the one has to suit the other; the app has its own Chalice."""
    found = document(Place(), "chalice==1.29.0")
    assert found["env"]["CHALICE"] == "chalice==1.29.0"
    for job in ("deploy", "rollback", "unpin"):
        commands = [step["run"] for step in found["jobs"][job]["steps"] if "run" in step]
        [tool] = [each for each in commands if "TOOL" in each]
        [app] = [each for each in commands if "CHALICE" in each]
        assert "requirements" not in tool
        assert 'python -m venv "$RUNNER_TEMP/tool"' in tool
        assert "uv pip install --python .venv -r requirements-all.txt -r requirements.txt" in app
        assert commands.index(tool) < commands.index(app)


def test_the_top_of_a_repository(tmp_path: Path) -> None:
    """Also of a worktree, whose .git is a file; without one it is the app's own folder."""
    folder = tmp_path / "services/orders"
    folder.mkdir(parents=True)
    assert (repository.top(folder), repository.inside(folder)) == (folder, Path())
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    assert repository.top(folder) == tmp_path
    assert repository.inside(folder) == Path("services/orders")
    assert repository.up(folder) == Path("../..")
    assert list(map(str, repository.around(folder))) == ["..", "../.."]


@pytest.mark.parametrize(
    ("text", "lock", "found"),
    [
        ("chalice==1.29.0\n", "", "chalice==1.29.0"),
        ("Chalice[event-file-poller] >= 1.30 ; python_version > '3'\n", "",
         "Chalice[event-file-poller] >= 1.30"),
        ("chalice==1.34.0 --hash=sha256:aa\n", "", "chalice==1.34.0"),
        ("six\n", 'name = "chalice"\nversion = "1.32.0"\n', "chalice==1.32.0"),
        ("six\n", "", "chalice"),
    ],
)  # fmt: skip
def test_the_chalice_that_the_app_asks_for(
    text: str, lock: str, found: str, tmp_path: Path
) -> None:
    """In its requirements, or its lock."""
    (tmp_path / "uv.lock").write_text(lock)
    assert versions.chalice(tmp_path, "uv.lock", parse_entries(text, tmp_path)) == found


@pytest.mark.parametrize("pin", ["chalice==1.26.1", "chalice==1.20"])
def test_a_chalice_that_is_too_old_is_said(pin: str, tmp_path: Path) -> None:
    """Before anybody pushes."""
    with pytest.raises(InputError, match=r"cannot be installed on Python 3.12") as caught:
        versions.refuse_impossible(tmp_path, pin, "3.12")
    assert "chalice>=1.26.2" in caught.value.fix


@pytest.mark.parametrize("pin", ["chalice", "chalice==1.26.2", "chalice==1.34.0", "chalice>=1.20"])
def test_others_are_not(pin: str, tmp_path: Path) -> None:
    """1.26.6, 1.27.3, 1.28.0 and 1.29.0 were tried on Python 3.12."""
    versions.refuse_impossible(tmp_path, pin, "3.12")


@pytest.mark.parametrize(
    ("asked", "python", "works"),
    [(">=3.9", "3.12", True), (">=3.9,<3.12", "3.12", False), ("==3.12.4", "3.12", True),
     ("~=3.11.0", "3.12", False), ("nonsense", "3.12", True)],
)  # fmt: skip
def test_the_python_that_the_project_allows(
    asked: str, python: str, works: bool, tmp_path: Path
) -> None:
    """Where it excludes the layer's, nothing could be deployed."""
    (tmp_path / "pyproject.toml").write_text(f"[project]\nrequires-python = '{asked}'\n")
    if works:
        versions.refuse_impossible(tmp_path, "chalice", python)
        return
    with pytest.raises(InputError, match="requires-python"):
        versions.refuse_impossible(tmp_path, "chalice", python)
