"""Two apps of one repository with one layer: same `layer`, same `bucket`, one requirements file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import project
from tests.project import CONFIG, Project

SHARED = """
[tool.lambda-layer]
layer = "shared-deps"
bucket = "shared-layers"
builder = "host"
requirements = "../requirements-all.txt"
"""


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[list[Project]]:
    """Beside each other, on one AWS: the first one's."""
    (tmp_path / "requirements-all.txt").write_text("six==1.16.0\n")
    made = [app(tmp_path / name) for name in ("orders", "mail")]
    assert made[0].doit("local-start").code == 0
    made[1].environment["LAYER_LOCAL_AWS"] = made[0].local_aws
    yield made
    made[0].doit("local-stop")


def test_functions_run_as_the_emulators_own_checkout_says(apps: list[Project]) -> None:
    """Also where another one is the first to deploy to it."""
    assert json.loads(apps[0].read("build/local/runtime.json"))["builder"] == "host"


def app(folder: Path) -> Project:
    found = project.small(folder)
    text = found.read("pyproject.toml")
    found.write("pyproject.toml", text[: text.index("[tool.lambda-layer]")] + SHARED)
    (folder / "requirements-all.txt").unlink()
    config = json.loads(found.read(CONFIG))
    found.write(CONFIG, json.dumps({**config, "app_name": folder.name}))
    return found


@pytest.mark.long
def test_one_layer_for_two_apps(apps: list[Project]) -> None:
    """What the one has published the other finds, and builds nothing; each goes back alone, and
    `gc` of the one spares what runs in the other."""
    orders, mail = apps
    assert "version 1 published" in orders.deploy().output
    said = mail.deploy()
    assert "optimize" not in said.steps
    assert orders.layers() == mail.layers()
    (orders.path.parent / "requirements-all.txt").write_text("six==1.17.0\n")
    assert "version 2 published" in orders.deploy().output
    assert mail.doit("plan", "stage=local").code == 2
    mail.deploy()
    back = mail.doit("rollback", "stage=local", "reason=a test")
    assert back.code == 0, back.output
    assert running(orders) == {"orders-local": 2, "mail-local": 1}
    cleared = orders.doit("gc", "stage=local", "keep=0", "yes=1")
    assert cleared.code == 0, cleared.output
    assert published(orders) == [1, 2]
    assert '"six": "1.16.0"' in mail.doit("smoke", "stage=local").output


def running(project_: Project) -> dict[str, int]:
    """{function: the layer's version that it has}"""
    client: Any = project_.aws("lambda")
    listed = client.list_functions()["Functions"]
    return {
        each["FunctionName"]: int(each["Layers"][0]["Arn"].rpartition(":")[2]) for each in listed
    }


def published(project_: Project) -> list[int]:
    listed = project_.aws("lambda").list_layer_versions(LayerName="shared-deps")["LayerVersions"]
    return sorted(each["Version"] for each in listed)
