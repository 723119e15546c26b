"""The shapes of public apps (tests/adopted_apps/shapes.py): each is adopted, deployed, gets another
version of a package, and goes back. On an emulator, by the commands that init names."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import sample_apps
from tests.adopted_apps.index import addressed
from tests.adopted_apps.shapes import CONFIG, SHAPES, Shape
from tests.installed_wheel import Tool
from tests.package_index import Index
from tests.project import Project, Run

SHORT: tuple[str, ...] = ()  # all: ./doitw test:long


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in SHORT else pytest.mark.long) for each in SHAPES],
)
def test_a_public_apps_shape(name: str, repository: Path, tool: Tool, team_index: Index) -> None:
    """What it answers is what is pinned, three times."""
    shape = SHAPES[name]
    folder = made(shape, repository, name, team_index)
    adopt(shape, tool, repository, folder)
    assert answered(deploy(tool, folder), shape.before) == bool(shape.asked)
    with_another_pin(shape, folder)
    if not shape.pinned.startswith("requirements-all"):
        assert tool.run(folder, "doit-lambda-layer", "init", "--yes").code == 0
    said = deploy(tool, folder)
    assert answered(said, shape.after) == bool(shape.asked)
    assert "version 2" in said
    back = tool.run(folder, "doit", "rollback", "stage=local", "reason=a test")
    assert back.code == 0, back.output
    assert "stage local is back on" in back.output
    assert answered(back.output, shape.before) == bool(shape.asked)
    assert versions(folder) == {"1"}


def made(shape: Shape, place: Path, name: str, index: Index) -> Path:
    """The app's folder in its repository."""
    sample_apps.make(place, addressed(dict(shape.files), index))
    if name == "windows":  # as PowerShell writes it
        (place / "requirements.txt").write_text(shape.files["requirements.txt"], "utf-16-le")
    return place / shape.folder


def adopt(shape: Shape, tool: Tool, place: Path, folder: Path) -> None:
    """With what its refusal asks for, where it refuses; nothing is written before."""
    words = ("doit-lambda-layer", "init", "--yes", *shape.words)
    run = tool.run(folder, *words)
    if shape.refusal:
        assert run.code == 1
        assert shape.refusal in run.output
        assert sample_apps.changed(place) == set()
        for file, text in shape.mend.items():
            (folder / file).write_text(text)
        run = tool.run(folder, *words)
    assert run.code == 0, run.output
    assert "Traceback" not in run.output
    assert tool.run(folder, *words).output == "nothing to do: this app has all of it\n"


def deploy(tool: Tool, folder: Path) -> str:
    run: Run = tool.run(folder, "doit", "deploy", "stage=local", "builder=host")
    assert run.code == 0, run.output
    return run.output


def answered(said: str, version: str) -> bool:
    return f'"six": "{version}"' in said or f'"six":"{version}"' in said


def with_another_pin(shape: Shape, folder: Path) -> None:
    path = folder / shape.pinned
    text = path.read_text()
    path.write_text(re.sub(r"(?<!# )\bsix\b(==[\d.]+)?", f"six=={shape.after}", text, count=1))


def versions(folder: Path) -> set[str]:
    """Of the layer that all functions of stage local have, and config.json for it."""
    client: Any = Project(path=folder).aws("lambda")
    listed = client.list_functions()["Functions"]
    arns = [layer["Arn"] for each in listed for layer in each.get("Layers", [])]
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8-sig"))
    arns += config["stages"]["local"]["layers"]
    return {arn.rpartition(":")[2] for arn in arns}
