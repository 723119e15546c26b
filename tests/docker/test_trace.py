"""`trace` in the image: its Python, its libraries, and the layer where it is in Lambda."""

from pathlib import Path

import pytest

from tests.project import Project, small

pytestmark = pytest.mark.docker
SCRIPT = "import six, dateutil.tz\nassert dateutil.tz.gettz('Asia/Seoul')\n"


@pytest.mark.long
def test_a_command_runs_on_what_was_installed(tmp_path: Path, lambda_image: str) -> None:
    """What it opened is counted; the rest of dateutil is offered."""
    found = small(tmp_path / "project", "python-dateutil==2.9.0.post0\n")
    found.write("pyproject.toml", f'{found.read("pyproject.toml")}trace = "trace_me.py"\n')
    found.write("trace_me.py", SCRIPT)
    made = Project(path=found.path, environment={"LAYER_IMAGE": lambda_image})
    run = made.doit("prune", "builder=docker")
    assert run.code == 0, run.output
    assert "files are opened by trace_me.py" in run.output
    assert '"dateutil/parser/**/*.py"' in run.output
