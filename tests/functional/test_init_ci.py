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
    environment |= {"PATH": f"{tool.bin}:{clean_environment()['PATH']}", "TOOL": str(wheel)}
    environment |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}

    def run(job: str, **inputs: str) -> str:
        clone = tmp_path / job
        git(tmp_path, "clone", "-q", str(app), str(clone))
        commands = ci_jobs.github("lambda-layer.yml", job, root=clone, **inputs).commands
        return "".join(ci_jobs.shell(script, clone, environment | own) for script, own in commands)

    run("build")
    assert aws.seen == []
    assert "six" in (tmp_path / "summary").read_text()
    assert "shuking-live: GET / → 200" in run("deploy")
    said = run("rollback", version="1", reason="a test", stage="live")
    assert "stage live is back on" in said


def test_ci_installs_what_init_came_from(wheel: Path, tmp_path: Path) -> None:
    """A wheel that is in the app's repository, by its place there."""
    folder = sample_apps.make(tmp_path / "app", APP)
    (folder / "tools").mkdir()
    own = installed_wheel.install(Path(shutil.copy(wheel, folder / "tools")), tmp_path)
    said = own.run(folder, "doit-lambda-layer", "init", "--yes").output
    assert f'+  TOOL: "./tools/{wheel.name}" # the wheel that init came from' in said
    assert "where CI finds the tool" not in said
    runner = own.environment | {"PATH": f"{own.bin}:{clean_environment()['PATH']}"}
    environment = clean_environment() | runner | tools(folder)
    ci_jobs.shell(install(folder), folder, environment)
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


def tools(folder: Path) -> dict[str, str]:
    """The variables of all of the workflow's jobs."""
    found: dict[str, str] = ci_jobs.load(str(folder / ".github/workflows/lambda-layer.yml"))["env"]
    return found


def install(folder: Path) -> str:
    """The command of the build job that does it."""
    return ci_jobs.github("lambda-layer.yml", "build", root=folder).commands[0][0]
