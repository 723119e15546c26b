"""stage=local stays on this machine, whatever its surroundings say; here without Docker. And a real
stage goes where its person says, whatever the app, config.json and the secret say.
"""

import json
from pathlib import Path

import pytest

from tasks.settings import paths
from tasks.util import files
from tests import deployed_project, hostile_surroundings
from tests.moto_server import Server
from tests.project import CONFIG, small

APPS_OWN = ["secrets", "docker", "requests", "json", "moto", "boto3", "rich", "runpy", "tomllib"]


def test_a_whole_life_speaks_with_its_own_server_alone(tmp_path: Path) -> None:
    """deploy, rollback, status, gc and the rest; every proxy is a sink that hears nothing. What
    lies beside app.py (a secrets.py, say) is the app's: nobody takes it for the module that the
    tool, its emulator or Chalice import by that name."""
    project = small(tmp_path / "project")
    for name in APPS_OWN:
        project.write(f"{name}.py", f"raise SystemExit('{name}.py belongs to the app')\n")
    assert hostile_surroundings.live(project, tmp_path, "host") == []


def test_a_function_does_not_say_where_its_stage_is_deployed(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real stage: what config.json and the secret name reaches the function, and what app.py
    sets while it is imported reaches nobody."""
    deployed_project.adjust(monkeypatch, server)
    made = small(tmp_path / "project")
    monkeypatch.chdir(made.path)  # moto runs the function in this process
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
    made.environment.update(server.environment())
    with hostile_surroundings.listening() as sink:
        steering = {
            "AWS_ENDPOINT_URL": sink.url, "AWS_ENDPOINT_URL_LAMBDA": sink.url, "LD_PRELOAD": "/x",
            "AWS_CONFIG_FILE": "/nowhere", "HTTP_PROXY": sink.url, "AWS_PROFILE": "nosuch",
            "PYTHONPATH": "/nowhere:/opt/python",
        }  # fmt: skip
        config = json.loads(made.read(CONFIG))
        config["stages"]["prod"]["environment_variables"] = {"TABLE": "t", **steering}
        made.write(CONFIG, json.dumps(config))
        table = '\n[tool.lambda-layer.stages.prod]\nsecret = "s"\n'
        made.write("pyproject.toml", made.read("pyproject.toml") + table)
        values = {"WORD": "w", "AWS_ENDPOINT_URL_IAM": sink.url}
        secrets = made.aws("secretsmanager")
        secrets.create_secret(Name="s", SecretString=json.dumps(values))
        reads = "import os\nassert os.environ['TABLE'] + os.environ['WORD'] == 'tw'\n"
        sets = f"if 'AWS_LAMBDA_FUNCTION_NAME' not in os.environ: os.environ.update({steering})\n"
        made.write("app.py", reads + made.read("app.py") + sets)
        run = made.doit("deploy", "stage=prod")
        assert run.code == 0, run.output
        function = made.aws("lambda").get_function_configuration(FunctionName="shuking-prod")
        assert (steering | values).items() <= function["Environment"]["Variables"].items()
        assert sink.heard == []
