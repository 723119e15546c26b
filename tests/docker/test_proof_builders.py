"""One checkout, two builders in turn: each build ends as it does from an empty store."""

import ipaddress
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from docker import DockerClient

from tasks.util import files as file_tools
from tests import package_index, project
from tests.package_index import Index
from tests.project import Project

pytestmark = [pytest.mark.docker, pytest.mark.long]
WRITES_HOME = b"import pathlib\n(pathlib.Path.home() / '.x').mkdir(exist_ok=True)\n"
PACKAGES: Mapping[str, bytes] = {
    "buildersgood": b"X = 1\n",
    "buildersuses": b"import buildersgood\nimport boto3\n",
    "buildershome": WRITES_HOME,
    "buildersnamed": b"import ctypes\nctypes.CDLL('libcrypt.so.1')\n",
}
GOOD, BAD, NAMED = (
    ["buildersgood", "buildersuses"],
    ["buildersgood", "buildershome"],
    ["buildersgood", "buildersnamed"],
)
SERIES = [
    (GOOD, "docker"), (BAD, "host"), (GOOD, "host"), (NAMED, "docker"), (BAD, "docker"),
    (GOOD, "docker"), (NAMED, "host"), (GOOD, "host"),
]  # fmt: skip
End = tuple[int, str, list[str]]


@pytest.fixture
def served(docker_engine: DockerClient, tmp_path: Path) -> Iterator[Index]:
    """Where containers and this machine reach it alike."""
    [config, *_] = docker_engine.api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    with package_index.serving(tmp_path / "index", gateway) as found:
        for name, code in PACKAGES.items():
            found.add(name, "1.0", files={f"{name}/__init__.py": code})
        yield found


def end(checkout: Project, names: list[str], builder: str) -> End:
    """Exit status, the zip's sha256, what was said of it, without the builder's name and times."""
    checkout.write("requirements-all.txt", "".join(f"{name}==1.0\n" for name in names))
    (checkout.path / "requirements-all.lock").unlink(missing_ok=True)
    run = checkout.doit("build", f"builder={builder}")
    record = file_tools.read_record(checkout.path / "build/zip/deps/record.json")
    assert record, run.output
    *_, said = run.output.partition("✗")
    lines = [re.sub(r"\d+\.\d s", "", line) for line in said.splitlines()]
    return run.code, record["sha256"], lines


def test_builders_in_turn(tmp_path: Path, lambda_image: str, served: Index) -> None:
    """Also where what one has proven is the other's next question."""
    shared = project.small(tmp_path / "shared", "")
    shared.environment.update(LAYER_IMAGE=lambda_image, UV_DEFAULT_INDEX=served.url)
    alone: dict[tuple[str, str], End] = {}
    for names, builder in SERIES:
        key = (" ".join(names), builder)
        if key not in alone:
            shutil.rmtree(tmp_path / "alone", ignore_errors=True)
            empty = project.small(tmp_path / "alone", "")
            empty.environment.update(shared.environment)
            alone[key] = end(empty, names, builder)
        assert end(shared, names, builder) == alone[key], key
        assert alone[key][0] == (0 if names == GOOD else 1), alone[key]
