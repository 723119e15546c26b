"""steps/push.py: which handlers are started before an image is pushed, and with what."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.aws.client import Aws
from tasks.image import assemble, blobs, handlers
from tasks.image.assemble import Base
from tasks.image.tar_layer import Layer
from tasks.release.images.parts import ImageParts
from tasks.sandbox import choose
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import push
from tasks.util import files


def layer(name: str) -> Layer:
    return Layer(digest=f"sha256:{name}", size=1, diff_id=f"sha256:d-{name}", unpacked=1)


BASE = Base(
    reference="base:1", digest="sha256:m", layers=(layer("base"),),
    config={"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": ["sha256:d-base"]}},
)  # fmt: skip
MADE = ImageParts(
    input="1" * 64, base=BASE, own=(layer("own"),), versions={}, modules=[], packages={},
    unzipped=1,
)  # fmt: skip
CONFIG: dict[str, Any] = {
    "app_name": "shop", "environment_variables": {"MODE": "all"},
    "stages": {"prod": {"lambda_functions": {
        "jobs": {"environment_variables": {"MODE": "jobs"}, "lambda_memory_size": 3008},
    }}},
}  # fmt: skip


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What check_handlers is given. On a machine with Docker, whose store has what was built."""
    monkeypatch.chdir(tmp_path)
    files.write_atomic(paths.CHALICE_CONFIG, json.dumps(CONFIG).encode())
    given: list[Any] = []
    monkeypatch.setattr(choose, "kind", lambda settings: "docker")
    monkeypatch.setattr(choose, "runs", lambda settings: True)
    monkeypatch.setattr(blobs, "has", lambda kept, digest: digest == "sha256:own")

    def check(*of: Any) -> list[str]:
        given.extend(of)
        return []

    monkeypatch.setattr(handlers, "check_handlers", check)
    return given


def run() -> None:
    aws = Aws(Settings(stage="prod", package="image", layer="deps"), {})
    image = assemble.assemble(BASE, MADE.own, "app.app")
    record = {"handlers": {"api_handler": "app.app", "jobs": "app.work"}}
    files.write_record(paths.stage_record(aws.settings, "import-app"), record)
    push._start_handlers(aws, MADE, image, lambda layer: pytest.fail(f"{layer} is fetched"))


def test_the_first_deploy_of_a_real_stage_starts_them(started: list[Any]) -> None:
    """The base image's layers are in a registry, and in the engine that built with it; not in the
    store, where only own ones are."""
    run()
    assert [each.handler for each in started[3]] == ["app.app", "app.work"]


def test_each_is_started_as_its_own_function(started: list[Any]) -> None:
    """By name, memory and variables: config.json's."""
    run()
    routes, jobs = started[3]
    assert (routes.name, routes.memory, routes.variables) == ("shop-prod", 128, {"MODE": "all"})
    assert (jobs.name, jobs.memory, jobs.variables) == ("shop-prod-jobs", 3008, {"MODE": "jobs"})
