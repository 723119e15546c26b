"""tasks/sandbox/container/docker_images.py and sandboxes.py: what is built once, and what is
said when it is not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from tasks.commands.doctor import builder_checks
from tasks.sandbox.container import docker_images
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.ui.finding import BAD, GOOD, Finding
from tasks.util.errors import BuildError
from tests import image_registry, project
from tests.project import Project

pytestmark = pytest.mark.docker
NOBODY = "tcp://127.0.0.1:9"  # discard: nothing listens there
SMALL = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY ca-bundle.pem /\nRUN echo built\n"


@pytest.fixture
def dockerfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_engine: DockerClient
) -> Iterator[Path]:
    """A small one, in a project without anything else; what is built from it goes."""
    monkeypatch.chdir(tmp_path)
    paths.DOCKER.mkdir()
    path = paths.DOCKER / "Dockerfile"
    path.write_text(SMALL)
    before = built(docker_engine)
    yield path
    for tag in built(docker_engine) - before:
        docker_engine.images.remove(tag)


def built(engine: DockerClient) -> set[str]:
    return {tag for image in engine.images.list(docker_images.REPOSITORY) for tag in image.tags}


def test_the_builder_is_built_once_for_its_content(
    docker_engine: DockerClient,
    lambda_image: str,
    dockerfile: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Another Dockerfile or CA bundle makes another; the first one stays what it was."""

    def ensured() -> tuple[str, bool]:
        tag = docker_images.ensure_compiler(
            docker_engine, Settings(image=lambda_image), "crcmod wants it"
        )
        said = capfd.readouterr().out
        assert ("crcmod wants it" in said) == ("with compilers" in said)
        return tag, "with compilers" in said

    first, built = ensured()
    assert built
    assert ensured() == (first, False)
    dockerfile.write_text(f"{SMALL}RUN echo again\n")
    second, built = ensured()
    assert (second != first, built) == (True, True)
    (tmp_path / "bundle.pem").write_text("a company's")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    assert ensured()[0] not in (first, second)
    monkeypatch.delenv("SSL_CERT_FILE")
    dockerfile.write_text(SMALL)


def test_a_builder_that_does_not_build_shows_why(
    docker_engine: DockerClient, lambda_image: str, dockerfile: Path
) -> None:
    """Its last lines, and where to look."""
    dockerfile.write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo the reason >&2; exit 7\n")
    with pytest.raises(BuildError, match="the reason") as caught:
        docker_images.ensure_compiler(docker_engine, Settings(image=lambda_image), "why")
    assert "the Dockerfile that this tool brings" in caught.value.fix


@pytest.mark.parametrize(
    "image", ["localhost:9/nothing:1", "localhost:9/nothing@sha256:" + 64 * "0"]
)
def test_an_image_that_is_nowhere_is_an_error(docker_engine: DockerClient, image: str) -> None:
    """It names the image and what to do."""
    with pytest.raises(BuildError, match=f"image {image} cannot be pulled") as caught:
        docker_images.ensure_base(docker_engine, Settings(image=image))
    assert "LAYER_IMAGE" in caught.value.fix


def test_doctor_says_where_the_image_is(docker_engine: DockerClient, lambda_image: str) -> None:
    """Here, in its registry alone, or nowhere; nothing is pulled."""

    def seen(image: str, architecture: str = "x86_64") -> Finding:
        settings = Settings(image=image, architecture=architecture)
        return next(each for each in builder_checks.check_builder(settings) if each.what == "image")

    here = docker_engine.images.get(lambda_image).attrs["Architecture"]
    kind = {"amd64": "x86_64"}.get(here, here)
    assert seen(lambda_image, kind).found == f"{lambda_image} is here"
    with image_registry.serving("not pulled") as served:
        image = f"{served.name}:here"
        there, other = seen(image), seen(image, "arm64")
        with pytest.raises(ImageNotFound):
            docker_engine.images.get(image)
    nowhere = seen("localhost:9/nothing:1")
    assert (there.mark, there.found) == (
        GOOD,
        f"{image} is in its registry; the first build pulls it",
    )
    assert (other.mark, other.found) == (BAD, f"the registry has no {image} for arm64")
    assert nowhere.mark == BAD
    assert "localhost:9/nothing:1 is not here, and its registry says" in nowhere.found
    assert "LAYER_IMAGE" in nowhere.fix


def test_an_image_of_another_architecture_is_not_used(
    docker_engine: DockerClient, lambda_image: str
) -> None:
    """A layer made in it would be for the wrong machine, and nobody would notice before Lambda."""
    here = docker_engine.images.get(lambda_image)
    other = {"amd64": "arm64", "arm64": "x86_64"}[here.attrs["Architecture"]]
    here.tag("localhost:9/nothing", "here")
    try:
        with pytest.raises(BuildError, match="cannot be pulled"):
            docker_images.ensure_base(
                docker_engine, Settings(image="localhost:9/nothing:here", architecture=other)
            )
    finally:
        docker_engine.images.remove("localhost:9/nothing:here")


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_an_image_is_known_by_its_digest(docker_engine: DockerClient, by: str) -> None:
    """Pulled by tag or by digest, it is said exactly which one it was."""
    with image_registry.serving(by) as served:
        reference = f"{served.name}:here" if by == "tag" else f"{served.name}@{served.digest}"
        settings = Settings(image=reference)
        found = docker_images.ensure_base(docker_engine, settings)
        try:
            assert docker_images.digest(docker_engine, settings) == f"{served.name}@{served.digest}"
        finally:
            docker_engine.images.remove(found, force=True)


def test_the_lock_says_which_image(docker_engine: DockerClient, copy: Project) -> None:
    """Asked of the registry, once: what is locked stays, also when the tag has moved on, and no
    registry is needed to know the build's key."""
    with image_registry.serving("first") as served:
        copy.environment["LAYER_IMAGE"] = f"{served.name}:here"
        assert copy.doit("lock").code == 0
        line = f"# base image: {served.name}:here@{served.digest}\n"
        assert line in copy.read("requirements-all.lock")
        locked = Settings(image=f"{served.name}:here", locked_image=served.digest)
        found = docker_images.ensure_base(docker_engine, locked)
        assert docker_images.digest(docker_engine, locked) == f"{served.name}@{served.digest}"
        docker_engine.images.remove(found, force=True)
    run = copy.doit("lock")  # its registry is gone
    assert run.code == 0, run.output
    assert line in copy.read("requirements-all.lock")
    run = copy.doit("install")
    assert f"image {served.name}:here@{served.digest} cannot be pulled" in run.output
    assert "delete `# base image:` in requirements-all.lock" in run.output


def test_what_no_registry_has_is_not_locked(
    docker_engine: DockerClient, lambda_image: str, copy: Project
) -> None:
    """Another machine could not have it; it is said in one line, as is an image that is nowhere."""
    here = docker_engine.images.get(lambda_image)
    here.tag("localhost:9/ours", "here")
    try:
        said = copy.doit("lock", LAYER_IMAGE="localhost:9/ours:here").output
    finally:
        docker_engine.images.remove("localhost:9/ours:here")
    assert "note: requirements-all.lock has no digest of image localhost:9/ours:here: no" in said
    said = copy.doit("lock", LAYER_IMAGE="localhost:9/nothing:1").output
    assert "no digest of image localhost:9/nothing:1: image localhost:9/nothing:1 cannot" in said
    assert "# base image:" not in copy.read("requirements-all.lock")


def test_a_digest_that_the_registry_has_not_is_refused(docker_engine: DockerClient) -> None:
    """Whatever else it offers under that name: the engine compares what it gets."""
    with image_registry.serving("") as served:
        settings = Settings(image=f"{served.name}@sha256:{'0' * 64}")
        with pytest.raises(BuildError, match="cannot be pulled"):
            docker_images.ensure_base(docker_engine, settings)


@pytest.fixture
def copy(tmp_path: Path) -> Project:
    return project.copy(tmp_path / "copy", "python-dotenv==1.0.1\n")


def test_without_an_engine_it_says_what_to_start(copy: Project) -> None:
    """For every stage but local; nothing is installed with this machine's Python instead."""
    for arguments in ([], ["stage=dev"], ["stage=local", "builder=docker"]):
        run = copy.doit("install", *arguments, DOCKER_HOST=NOBODY)
        assert run.code == 1
        assert "no Docker engine answers" in run.output
        assert "start Docker" in run.output
        assert "Traceback" not in run.output
    assert not (copy.path / "build").exists()


def test_stage_local_does_without_an_engine_and_says_so_in_one_line(copy: Project) -> None:
    """With this machine's Python."""
    run = copy.doit("install", "stage=local", DOCKER_HOST=NOBODY)
    assert run.code == 0
    said = [line for line in run.output.splitlines() if "without Docker" in line]
    assert len(said) == 1
    assert "no Docker engine answers" in said[0]
    assert "this machine's Python instead" in said[0]
    record = json.loads(copy.read("build/install/shuking-deps-layer/record.json"))
    assert [each["name"] for each in record["distributions"]] == ["python-dotenv"]


def test_stage_local_does_without_the_image_too(copy: Project) -> None:
    """Where it can be pulled from nowhere."""
    run = copy.doit("install", "stage=local", LAYER_IMAGE="localhost:9/nothing:1")
    assert run.code == 0
    said = [line for line in run.output.splitlines() if "without Docker" in line]
    assert len(said) == 1
    assert "localhost:9/nothing:1 cannot be pulled" in said[0]
