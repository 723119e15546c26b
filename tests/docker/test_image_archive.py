"""tasks/sandbox/container/image_archive.py: of an image, the engine gets what it lacks."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tasks.image import assemble, base, tar_layer
from tasks.image.assemble import Base, Image
from tasks.image.registry import push
from tasks.image.registry.client import Registry
from tasks.image.registry.login import Login
from tasks.image.tar_layer import File, Layer
from tasks.sandbox.container import image_archive
from tasks.settings.model import Settings
from tasks.util.errors import InputError
from tests import docker_registry
from tests.docker_registry import RealRegistry

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
    yield image_archive.own_tag(REPOSITORY, "sha256:of-this-test")
    image_archive.remove(image_archive.own_tags(REPOSITORY))
    assert image_archive.own_tags(REPOSITORY) == []


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
    assert sorted(image_archive.own_tags(REPOSITORY)) == [tag, f"{tag}-2"]


def test_another_checkout_takes_nothing_away(
    docker_engine: DockerClient, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the same image, and its emulator ends: functions of this one run on."""
    made = image(tmp_path, "only")
    image_archive.load(tag, made.config, found(tmp_path, "only"))
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(tmp_path)
        theirs = image_archive.own_tag(REPOSITORY, "sha256:of-this-test")
        assert theirs != tag
        image_archive.load(theirs, made.config, [gone])
        image_archive.remove(image_archive.own_tags(REPOSITORY))
    assert docker_engine.images.get(tag)


# ---- base images --------------------------------------------------------------------------------


@contextmanager
def pulled(engine: DockerClient, folder: Path) -> Iterator[tuple[RealRegistry, str]]:
    """A base image that the engine has, and a registry. The engine names a digest for it."""
    with docker_registry.serving(folder) as server:
        name = f"{server.host}/base"
        made = image(folder, "below")
        registry = Registry(url=server.url, repository="base", login=Login(is_remote=False))
        push.push(registry, made, lambda layer: folder / "below")
        registry.put_manifest("1", assemble.MANIFEST, made.manifest)
        engine.images.pull(name, tag="1")
        try:
            yield server, f"{name}:1"
        finally:
            engine.images.remove(f"{name}:1", force=True)


def test_a_base_image_comes_from_where_it_is(docker_engine: DockerClient, tmp_path: Path) -> None:
    """The very one that packages were tested in: of the registry, past a tag that has moved. Of the
    engine, where the registry lets only it in, or has none (an engine names a digest for what it
    built, too: moby#48747)."""
    with pulled(docker_engine, tmp_path) as (server, name):
        settings = Settings(builder="docker", stage="prod", image=name, store=str(tmp_path / "s"))
        tested = docker_engine.images.get(name).attrs
        there = base.find_base(settings)
        assert f"{name.removesuffix(':1')}@{there.digest}" in tested["RepoDigests"]
        registry, _ = base._place(name, True)
        kind, data = registry.read_manifest("1")
        registry.put_manifest("1", kind, data.replace(b'"schemaVersion"', b' "schemaVersion"'))
        assert base.find_base(settings).digest == there.digest
        server.passwords = {"of the engine"}
        ours = base.find_base(settings)
        assert ours.digest == ""
        assert [x.diff_id for x in ours.layers] == tested["RootFS"]["Layers"]


@pytest.mark.parametrize("content", [b"\x28\xb5\x2f\xfd zstd", b"another layer"])
def test_a_layer_that_is_not_what_the_image_says_is_refused(content: bytes) -> None:
    """It would have become a layer of ours, and nobody had noticed before Lambda."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo("blobs/one")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    packed.seek(0)
    config = {"rootfs": {"diff_ids": [f"sha256:{hashlib.sha256(b'the layer').hexdigest()}"]}}
    with tarfile.open(fileobj=packed) as tar:
        archive = image_archive.Archive(config=config, _tar=tar, _layers=["blobs/one"])
        with pytest.raises(InputError, match=r"layer 1 .* packed with something else than gzip"):
            archive.layer(0).__enter__()
