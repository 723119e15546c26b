"""The workflow that init writes, its commands run as a runner would: fresh clones, one AWS."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ci_jobs, deployed_project, installed_wheel, sample_apps
from tests.installed_wheel import Tool
from tests.moto_server import Server
from tests.project import clean_environment
from tests.sample_apps import git

APP = {
    "app.py": """from chalice import Chalice
import six

app = Chalice(app_name="shuking")


@app.route("/")
def index():
    return {"six": six.__version__}
""",
    "requirements.txt": "six==1.16.0\n",
    ".chalice/config.json": '{"app_name": "shuking", "stages": {"live": {}}}\n',
}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Server]:
    with deployed_project.serving(tmp_path / "aws") as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, tool: Tool) -> Path:
    """Adopted, committed; built without Docker."""
    folder = sample_apps.make(tmp_path / "app", APP)
    run = tool.run(folder, "doit-lambda-layer", "init", "--yes")
    assert run.code == 0, run.output
    with (folder / "pyproject.toml").open("a") as file:
        file.write('builder = "host"\n')
    sample_apps.commit(folder)
    return folder


def test_its_jobs_run(app: Path, tool: Tool, wheel: Path, aws: Server, tmp_path: Path) -> None:
    """Build asks no AWS and shows sizes; deploy publishes and asks the app; rollback goes back."""
    environment = clean_environment() | tool.environment | aws.environment()
    environment |= runner(installed_wheel.install(wheel, tmp_path, "tool"), tmp_path)
    environment |= {"TOOL": str(wheel), "CHALICE": "chalice==1.29.0"}
    environment |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}

    def run(job: str, **inputs: str) -> str:
        clone = tmp_path / job
        git(tmp_path, "clone", "-q", str(app), str(clone))
        commands = ci_jobs.github("lambda-layer.yml", job, root=clone, **inputs).commands
        (tool, _), *others = commands
        assert "$TOOL" in tool  # the next test runs it
        return "".join(ci_jobs.shell(script, clone, environment | own) for script, own in others)

    run("build")
    assert aws.seen == []
    assert "six" in (tmp_path / "summary").read_text()
    assert "shuking-live: GET / → 200" in run("deploy")
    assert list((tmp_path / "deploy/.venv").glob("lib/*/site-packages/chalice-1.29.0.dist-info"))
    said = run("rollback", version="1", reason="a test", stage="live")
    assert "stage live is back on" in said


def test_a_pull_request_of_dependabots_is_locked_again(
    app: Path, tool: Tool, tmp_path: Path
) -> None:
    """One commit on its branch, of the lock alone; none where there is nothing to lock."""
    environment = clean_environment() | tool.environment | {"GITHUB_OUTPUT": str(tmp_path / "out")}
    environment |= {"PATH": f"{tool.bin}:{environment['PATH']}"}

    def run(name: str) -> None:
        clone = tmp_path / name
        git(tmp_path, "clone", "-q", "-b", "bot", str(app), str(clone))
        _, *commands = ci_jobs.github("lambda-layer.yml", "lock", root=clone).commands
        own = {"REMOTE": str(app), "BRANCH": "bot"}
        for script, _ in commands:
            ci_jobs.shell(script, clone, environment | own)

    git(app, "checkout", "-q", "-b", "bot")
    git(app, "checkout", "-q", "main")
    run("without")
    git(app, "checkout", "-q", "bot")
    assert tool.run(app, "doit", "lock").code == 0
    sample_apps.commit(app)
    layer = app / "requirements-all.txt"
    layer.write_text(layer.read_text().replace("six==1.16.0", "six==1.17.0"))
    sample_apps.commit(app)
    before = git(app, "rev-parse", "bot")
    git(app, "checkout", "-q", "main")
    run("stale")
    assert "six==1.17.0" in git(app, "show", "bot:requirements-all.lock")
    assert git(app, "diff", "--name-only", before.strip(), "bot") == "requirements-all.lock\n"
    assert "[dependabot skip]" in git(app, "log", "-1", "--format=%s", "bot")
    assert (tmp_path / "out").read_text() == f"commit={git(app, 'rev-parse', 'bot')}"
    after = git(app, "rev-parse", "bot")
    run("again")
    assert git(app, "rev-parse", "bot") == after


def test_ci_installs_what_init_came_from(wheel: Path, tmp_path: Path) -> None:
    """A wheel that is in the app's repository, by its place there."""
    folder = sample_apps.make(tmp_path / "app", APP)
    (folder / "tools").mkdir()
    own = installed_wheel.install(Path(shutil.copy(wheel, folder / "tools")), tmp_path, "tool")
    said = own.run(folder, "doit-lambda-layer", "init", "--yes").output
    assert f'+  TOOL: "./tools/{wheel.name}" # the wheel that init came from' in said
    assert "where CI finds the tool" not in said
    environment = clean_environment() | own.environment | runner(own, tmp_path) | tools(folder)
    ci_jobs.shell(install(folder), folder, environment)
    assert (tmp_path / "path").read_text() == f"{own.bin}\n"
    with pytest.raises(
        AssertionError, match=r"tools/.* does not exist|Invalid requirement|No such"
    ):
        ci_jobs.shell(install(folder), tmp_path, environment)


def test_a_wheel_that_ci_has_not_is_asked_for(app: Path, tool: Tool) -> None:
    """Never a name that anybody could publish: init says it, and so does the job."""
    assert tools(app) == {"TOOL": ""}
    written = (app / ".github/workflows/lambda-layer.yml").read_text()
    assert 'TOOL: "" # init came from a file that CI does not have' in written
    with pytest.raises(AssertionError, match="say in this workflow where doit-lambda-layer comes"):
        ci_jobs.shell(install(app), app, clean_environment() | tools(app))
    (app / ".github/workflows/lambda-layer.yml").unlink()
    said = tool.run(app, "doit-lambda-layer", "init", "--yes").output
    assert "note: .github/workflows/lambda-layer.yml: write into TOOL where CI finds" in said


def runner(tool: Tool, folder: Path) -> dict[str, str]:
    """What GitHub's runner says, with the tool in its place there already."""
    path = f"{tool.bin}:{clean_environment()['PATH']}"
    return {"RUNNER_TEMP": str(folder), "GITHUB_PATH": f"{folder}/path", "PATH": path}


def tools(folder: Path) -> dict[str, str]:
    """Where all of the workflow's jobs have the tool from."""
    found = ci_jobs.load(str(folder / ".github/workflows/lambda-layer.yml"))["env"]
    return {"TOOL": found["TOOL"]}


def install(folder: Path) -> str:
    """The command of the build job that does it."""
    return ci_jobs.github("lambda-layer.yml", "build", root=folder).commands[0][0]
