"""builder=host for a platform that this machine is not, with real wheels of the public index."""

import json
import platform
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.requirements import host_python
from tasks.settings import paths
from tasks.settings.model import Settings
from tests import handmade_layers, project
from tests.moto_server import Server
from tests.project import Project

MACHINES = {"x86_64": 62, "arm64": 183}  # ELF's e_machine
OTHER = "x86_64" if platform.machine() == "aarch64" else "arm64"
MACHINE = next(each for each in MACHINES if each != OTHER)
NATIVE = "markupsafe==3.0.3\nwrapt==1.17.3\n"


@pytest.fixture
def copy(tmp_path: Path) -> Project:
    """A small project, nothing built."""
    return project.small(tmp_path / "project", NATIVE)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No Python here but ours."""
    monkeypatch.setattr(host_python, "_candidates", lambda python, home: [])
    host_python._found.cache_clear()
    yield
    host_python._found.cache_clear()


def libraries(layer: Path) -> dict[str, int]:
    """{shared object: the machine it is for}"""
    with zipfile.ZipFile(layer) as archive:
        names = [name for name in archive.namelist() if name.endswith(".so")]
        heads = {name: archive.read(name)[:20] for name in names}
    assert all(head[:4] == b"\x7fELF" for head in heads.values())
    return {name: struct.unpack_from("<H", head, 18)[0] for name, head in heads.items()}


def verified(copy: Project, name: str = "deps") -> Any:
    return json.loads(copy.read(f"build/verify/{name}/record.json"))


def test_a_layer_for_another_architecture(copy: Project) -> None:
    """Its libraries, bytecode of the same Python, and no word of a proof that there was not."""
    text = copy.read("pyproject.toml")
    copy.write("pyproject.toml", f'{text}architecture = "{OTHER}"\ncheck = "own.py"\n')
    copy.write("own.py", "raise SystemExit('this ran')")
    refused = copy.doit("build", "stage=local")  # which would run the function here
    assert refused.code == 1
    assert f"which does not run Python 3.12 on {OTHER}" in refused.output
    first, again = copy.doit("build"), copy.doit("build")
    assert first.code == 0, first.output
    assert again.steps == []
    found = libraries(copy.path / "build/deps.zip")
    assert set(found.values()) == {MACHINES[OTHER]}
    assert {name.split("/")[1] for name in found} == {"markupsafe", "wrapt"}
    with zipfile.ZipFile(copy.path / "build/deps.zip") as archive:
        assert any(name.endswith("cpython-312.pyc") for name in archive.namelist())
    for run in (first, again):
        assert "warning: not tested: no import was tried, no library loaded" in run.output
        assert "check = 'own.py' was not run" in run.output
    assert "imported," not in first.output
    record = verified(copy)
    assert (record["modules"], record["libraries"], record["distributions"]) == (0, 0, 2)
    assert f"does not run Python 3.12 on {OTHER}" in record["not_proven"]
    assert f"does not run Python 3.12 on {OTHER}" in copy.read("build/deps.report.html")


def test_functions_run_on_their_layers_architecture(tmp_path: Path, open_aws: Server) -> None:
    """New ones, and those that are there already."""
    copy = project.small(tmp_path / "project")
    copy.environment.update(open_aws.environment())
    text = copy.read("pyproject.toml")

    def deployed(architecture: str) -> list[list[str]]:
        copy.write("pyproject.toml", f'{text}architecture = "{architecture}"\n')
        run = copy.doit("chalice-deploy", "stage=prod")
        assert run.code == 0, run.output
        aws = copy.aws("lambda")
        [version, *_] = aws.list_layer_versions(LayerName="deps")["LayerVersions"]
        function = aws.get_function_configuration(FunctionName="shuking-prod")
        assert [each["Arn"] for each in function["Layers"]] == [version["LayerVersionArn"]]
        return [version["CompatibleArchitectures"], function["Architectures"]]

    assert deployed(OTHER) == [[OTHER]] * 2
    assert deployed(MACHINE) == [[MACHINE]] * 2


def test_two_pythons_side_by_side(copy: Project) -> None:
    """Each with its lock, zip and records; proven where the Python is here."""
    run = copy.doit("lock", "build", "python=3.12,3.13")
    assert run.code == 0, run.output
    for name, lock, python in (
        ("deps", "requirements-all.lock", "3.12"),
        ("deps.py313", "requirements-all.py313.lock", "3.13"),
    ):
        tag = f".cpython-{python.replace('.', '')}-"
        assert "markupsafe==3.0.3" in copy.read(lock)
        found = libraries(copy.path / f"build/{name}.zip")
        assert found
        assert [each for each in found if tag not in each] == []
        proven = host_python.runs(Settings(python=python))
        assert (verified(copy, name)["not_proven"] == "") is proven
        assert (copy.path / f"build/{name}.report.html").is_file()


def test_a_python_that_the_tool_does_not_run_under_is_published(
    tmp_path: Path, server: Server
) -> None:
    """Chalice, which could not deploy it from here, is not asked."""
    copy = project.small(tmp_path / "small")
    copy.environment.update(server.environment())
    run = copy.doit("publish", "python=3.10")
    assert run.code == 0, run.output
    [version] = copy.aws("lambda").list_layer_versions(LayerName="deps")["LayerVersions"]
    assert version["CompatibleRuntimes"] == ["python3.10"]
    assert copy.read(".layer-arn.txt").strip() == version["LayerVersionArn"]
    run = copy.doit("deploy", "python=3.10")
    assert run.code == 1
    assert "Chalice would deploy python3.12" in run.output
    assert "→ `./doitw publish` builds, tests and publishes it" in run.output


def test_without_the_layers_python_there_is_no_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: None
) -> None:
    """What can be read is checked all the same."""
    settings = host_python.feasible(
        replace(handmade_layers.project(tmp_path, monkeypatch), python="3.13")
    )
    handmade_layers.lay(
        settings, {"pkg/__init__.py": "raise SystemExit('this ran')", "pkg/a.so": "INPUT(b)"}
    )
    record = handmade_layers.build(settings)
    with zipfile.ZipFile(paths.layer_zip(settings)) as archive:
        assert "python/pkg/__init__.py" in archive.namelist()
        assert [name for name in archive.namelist() if name.endswith(".pyc")] == []
    assert "does not run Python 3.13" in record.not_proven
