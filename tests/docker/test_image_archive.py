"""tasks/sandbox/container/image_archive.py: of an image, the engine gets what it lacks."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tasks.image import assemble, tar_layer
from tasks.image.assemble import Base, Image
from tasks.image.tar_layer import File, Layer
from tasks.sandbox.container import image_archive

pytestmark = pytest.mark.docker
REPOSITORY = "doit-lambda-layer/archive-test"
BARE: Any = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/nothing"]}}


def layer(folder: Path, name: str) -> Layer:
    content = File(name=name, mode=0o644, size=len(name), blocks=lambda: iter([name.encode()]))
    return tar_layer.write_layer([content], folder / name, 6, name)


def image(folder: Path, *names: str) -> Image:
    config = {**BARE, "rootfs": {"type": "layers", "diff_ids": []}}
    base = Base(reference="", digest="", config=config, layers=())
    return assemble.assemble(base, [layer(folder, each) for each in names], "x.y")


def found(folder: Path, *names: str) -> list[Callable[[], Path]]:
    return [partial(folder.joinpath, each) for each in names]


def gone() -> Path:
    raise AssertionError("the engine has it")


@pytest.fixture
def tag(docker_engine: DockerClient) -> Iterator[str]:
    yield f"{REPOSITORY}:of-this-test"
    image_archive.remove(image_archive.tags(REPOSITORY, "of-this-test"))
    assert image_archive.tags(REPOSITORY, "of-this-test") == []


def layers_of(engine: DockerClient, tag: str) -> Any:
    return engine.images.get(tag).attrs["RootFS"]["Layers"]


def test_only_what_the_engine_lacks_is_sent(
    docker_engine: DockerClient, tag: str, tmp_path: Path
) -> None:
    """The other layers are not even looked for: a base image's would be fetched."""
    first = image(tmp_path, "below", "app")
    image_archive.load(tag, first.config, found(tmp_path, "below", "app"))
    second = image(tmp_path, "below", "app-2")
    image_archive.load(
        f"{tag}-2", second.config, [gone, *found(tmp_path, "app-2")], ["no/such", tag]
    )
    assert layers_of(docker_engine, f"{tag}-2") == [x.diff_id for x in second.layers]


def test_an_engine_that_lacks_one_after_all_gets_them_all(
    docker_engine: DockerClient, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody removed the image meanwhile, or it is an engine that takes whole ones alone."""
    made = image(tmp_path, "other", "more")
    monkeypatch.setattr(image_archive, "_layers_there", lambda *_: 1)
    image_archive.load(tag, made.config, found(tmp_path, "other", "more"), [tag])
    assert layers_of(docker_engine, tag) == [x.diff_id for x in made.layers]


def test_an_image_that_is_there_gets_one_name_more(
    docker_engine: DockerClient, tag: str, tmp_path: Path
) -> None:
    made = image(tmp_path, "only")
    image_archive.load(tag, made.config, found(tmp_path, "only"))
    image_archive.load(f"{tag}-2", made.config, [gone])
    assert docker_engine.images.get(tag).id == docker_engine.images.get(f"{tag}-2").id
    assert sorted(image_archive.tags(REPOSITORY, "of-this-test")) == [tag, f"{tag}-2"]
