"""A stage `prod` of images without Docker: built on this machine, on a base image of a real
registry, pushed to an emulator over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.image import assemble, tar_layer
from tasks.image.assemble import Base
from tasks.image.registry import push as pushing
from tasks.image.registry.client import Registry
from tasks.image.registry.login import Login
from tasks.image.tar_layer import File, Layer
from tests import docker_registry, project
from tests.docker_registry import RealRegistry
from tests.project import Project, Run

SETTINGS = """
[tool.lambda-layer]
layer = "deps"
builder = "host"
package = "image"
image = "{host}/lambda/python:3.12"
smoke-path = "none"
"""
CONFIG: dict[str, Any] = {
    "architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/lambda-entrypoint.sh"]},
}  # fmt: skip


@dataclass(kw_only=True)
class Story:
    """Of one stage: what each command said, and what `look` found after it."""

    project: Project
    stage: str
    look: Callable[[], Any]
    runs: dict[str, Run] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def type(self, name: str, *words: str, code: int | None = 0) -> None:
        """`code`: None for any."""
        self.runs[name] = self.project.doit(*words, f"stage={self.stage}")
        assert code in (None, self.runs[name].code), self.runs[name].output
        self.seen[name] = self.look()


@contextmanager
def local(folder: Path, image: str, package: str) -> Iterator[Project]:
    """Stage local with Docker; nothing of it is left in the engine."""
    made = project.small(folder / "project")
    in_docker(made, image, package)
    try:
        yield made
    finally:
        made.doit("local-stop")


def in_docker(made: Project, image: str, package: str) -> None:
    lines = f'builder = "docker"\nimage = "{image}"\npackage = "{package}"\n'
    made.write("pyproject.toml", made.read("pyproject.toml").replace('builder = "host"\n', lines))


@dataclass(frozen=True, kw_only=True)
class Place:
    """`emulator`: the project that has the emulator; `registry`: of base images."""

    folder: Path
    emulator: Project
    registry: RealRegistry

    def put_base(self, text: str) -> None:
        put_base(self.registry, self.folder, text)

    def checkout(self, name: str) -> Project:
        return checkout(self.folder / name, self.emulator, self.registry)


@contextmanager
def serving(folder: Path) -> Iterator[Place]:
    emulator = project.small(folder / "emulator")
    with docker_registry.serving(folder) as registry:
        place = Place(folder=folder, emulator=emulator, registry=registry)
        place.put_base("one")
        assert emulator.doit("local-start").code == 0
        emulator.write("build/local/runtime.json", '{"builder": "docker"}')
        try:
            yield place
        finally:
            emulator.doit("local-stop")


def put_base(server: RealRegistry, folder: Path, text: str) -> None:
    """A base image of one layer under the tag 3.12, as it may move."""
    made: dict[str, Path] = {}

    def layer(title: str) -> Layer:
        entry = File(name=title, mode=0o644, size=len(text), blocks=lambda: iter([text.encode()]))
        found = tar_layer.write_layer([entry], folder / f"{title}-{text}", 6, title)
        made[found.digest] = folder / f"{title}-{text}"
        return found

    below = layer("below")
    config = {**CONFIG, "rootfs": {"type": "layers", "diff_ids": [below.diff_id]}}
    base = Base(reference="", digest="", config=config, layers=(below,))
    image = assemble.assemble(base, [layer("above")], "x.y")
    login = Login(is_remote=False)
    registry = Registry(url=server.url, repository="lambda/python", login=login)
    pushing.push(registry, image, lambda each: made[each.digest])
    registry.put_manifest("3.12", assemble.MANIFEST, image.manifest)


def checkout(path: Path, emulator: Project, registry: RealRegistry) -> Project:
    made, access = project.small(path), emulator.access()
    text = made.read("pyproject.toml").partition("[tool.lambda-layer]")[0]
    made.write("pyproject.toml", text + SETTINGS.format(host=registry.host))
    made.environment.update(access.variables("ap-northeast-2"))
    return made
