"""Twelve apps as public Chalice apps are made (tests/apps/: ours, small, no copied code), each
adopted, deployed, called and rolled back by what README says alone."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli
from simple_websocket import Client

from tests import sample_apps
from tests.installed_wheel import Tool
from tests.project import ROOT

APPS = ROOT / "tests/apps"
USUAL = ("todo",)  # in every run of the tests; all others in `test:long`
NAMES = sorted(path.parent.name for path in APPS.glob("*/story.toml"))
LONG = [pytest.param(name, marks=pytest.mark.long) for name in NAMES if name not in USUAL]


@dataclass(frozen=True, kw_only=True)
class App:
    """`folder`: of its app.py; `story`: its story.toml."""

    tool: Tool
    folder: Path
    story: dict[str, Any]

    def run(self, *words: str) -> str:
        """A command that must succeed; what it says."""
        run = self.tool.run(self.folder, *words)
        assert run.code == 0, run.output
        return run.output

    def doit(self, command: str) -> str:
        return self.run("doit", *command.split(), "stage=local")

    def pin(self, number: int) -> None:
        """The first or the second version of the package that its story names."""
        file, pins = self.folder / "requirements-all.txt", self.story["pin"]
        text = file.read_text()
        assert pins[1 - number] in text
        file.write_text(text.replace(pins[1 - number], pins[number]))

    def gets_its_events(self) -> None:
        for event in self.story["events"]:
            if "words" in event:
                said = self.doit(event["words"]) + self.doit("logs")
            else:
                said = self.answer(event["message"])
            assert re.search(event["says"], said), said

    def answer(self, message: str) -> str:
        """By websocket."""
        url = self.run("doit", "local-url").partition("websockets: ")[2].split()[0]
        client = Client.connect(url)
        client.send(message)
        said = str(client.receive(60.0))
        client.close()
        return said


def made(tool: Tool, name: str, place: Path) -> App:
    """In a repository of its own."""
    story = tomli.loads((APPS / name / "story.toml").read_text(encoding="utf-8"))
    shutil.copytree(APPS / name, place, ignore=shutil.ignore_patterns("story.toml", "__pycache__"))
    sample_apps.commit(place)
    return App(tool=tool, folder=place / story.get("at", ""), story=story)


@pytest.fixture
def ended(tmp_path: Path, tool: Tool) -> Iterator[Path]:
    """A folder for an app, whose emulator ends with the test."""
    place = tmp_path / "app"
    yield place
    for record in place.rglob("build/local/server.json"):
        tool.run(record.parents[2], "doit", "local-stop")


def is_adopted_called_and_rolled_back(app: App) -> None:
    said = app.run("doit-lambda-layer", "init", "--yes")
    needed = re.search(r"^to run the app: pip install (.*)$", said, re.M)
    with contextlib.chdir(app.folder):  # of a pyproject.toml the team has installed all already
        app.tool.install(*(needed[1].split() if needed else ("-r", "pyproject.toml")))
    first = app.doit("deploy")
    assert re.search(r"^live   .* with version 1 of ", first, re.M), first
    assert re.search(r"^call   \S", first, re.M), first
    app.gets_its_events()
    app.pin(1)
    assert re.search(r"^live   .* with version 2 of ", app.doit("deploy"), re.M)
    app.gets_its_events()
    assert re.search(r"^live   .* with version 1 of ", app.doit("rollback"), re.M)
    app.gets_its_events()


@pytest.mark.parametrize("name", [*USUAL, *LONG])
def test_an_app_is_adopted_by_readme_alone(name: str, tool: Tool, ended: Path) -> None:
    is_adopted_called_and_rolled_back(made(tool, name, ended))


@pytest.mark.long
@pytest.mark.docker
@pytest.mark.parametrize("name", NAMES)
def test_the_same_in_containers(name: str, tool: Tool, ended: Path, lambda_image: str) -> None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    more = {"DOCKER_HOST": host, "LAYER_IMAGE": lambda_image}
    with_docker = Tool(bin=tool.bin, environment=tool.environment | more)
    is_adopted_called_and_rolled_back(made(with_docker, name, ended))


def test_there_are_twelve() -> None:
    """Each says what its shape is."""
    stories = [tomli.loads((APPS / name / "story.toml").read_text()) for name in NAMES]
    assert len({each["shape"] for each in stories}) == 12
