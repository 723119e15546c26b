"""The real Docker engine: the image that tests run in, and whatever they left behind."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import requests
import urllib3
from docker import DockerClient

from tasks.local_aws import invoke
from tasks.sandbox.container import docker_images
from tasks.sandbox.container.session import CACHE_VOLUME

LAMBDA, TAG = "public.ecr.aws/lambda/python", "3.12"
STAND_IN = "lambda-python-stand-in:3.12-ric"
BUILD_STAND_IN = Path(__file__).parent / "lambda_image" / "build"
PULL_SECONDS = 180
SETTLE_SECONDS = 120  # other projects may use the same engine; what they do ends by itself
END_SECONDS = 10  # a server that no longer answers still has to leave its interpreter


@contextmanager
def client() -> Iterator[DockerClient]:
    """AssertionError where no engine answers: a test that needs one is never skipped."""
    try:
        found = docker.from_env(timeout=60)
        found.ping()
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise AssertionError(
            f"no Docker engine answers ({error}): start one (`sudo systemctl start docker`), or "
            "leave these tests out with `pytest -m 'not docker'`"
        ) from None
    try:
        yield found
    finally:
        found.close()


def lambda_image(engine: DockerClient) -> str:
    """Lambda's own image where it can be had, else the stand-in for it. One worker makes it, the
    others wait and find it."""
    if _is_here(engine, f"{LAMBDA}:{TAG}") or _pull(engine):
        return f"{LAMBDA}:{TAG}"
    with BUILD_STAND_IN.open() as script:
        fcntl.flock(script, fcntl.LOCK_EX)
        built = subprocess.run(
            [BUILD_STAND_IN, sys.executable, STAND_IN],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    assert built.returncode == 0, f"{BUILD_STAND_IN} failed:\n{built.stdout}"
    return STAND_IN


def _is_here(engine: DockerClient, image: str) -> bool:
    try:
        engine.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _pull(engine: DockerClient) -> bool:
    deadline = time.monotonic() + PULL_SECONDS
    try:
        for event in engine.api.pull(LAMBDA, TAG, stream=True, decode=True):
            if "error" in event or time.monotonic() > deadline:
                return False
    except (docker.errors.APIError, requests.RequestException, urllib3.exceptions.HTTPError):
        return False
    return True


@contextmanager
def left_as_it_was(engine: DockerClient) -> Iterator[None]:
    """No container, volume or image more than before, but the cache and the builders."""
    before = _things(engine)
    yield
    more = _things(engine) - before
    deadline = time.monotonic() + SETTLE_SECONDS
    while more and time.monotonic() < deadline:
        time.sleep(0.5)
        more &= _things(engine)
    assert not more, f"left behind: {', '.join(sorted(more))}"


def _things(engine: DockerClient) -> set[str]:
    builders = {image.id for image in engine.images.list(docker_images.REPOSITORY)}
    found = {f"image {image.id}" for image in engine.images.list() if image.id not in builders}
    found |= {f"container {each['Id']}" for each in engine.api.containers(all=True)}
    volumes = engine.api.volumes()["Volumes"] or []
    return found | {f"volume {each['Name']}" for each in volumes if each["Name"] != CACHE_VOLUME}


def processes_left_in(folder: Path) -> list[str]:
    """Command lines of the other processes that work in `folder` or below and do not end soon;
    without those that functions have in an AWS of this process, warm as they are to be."""
    invoke.ENVIRONMENTS.end()
    deadline = time.monotonic() + END_SECONDS
    while (left := _processes_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _processes_in(folder: Path) -> list[str]:
    return [
        (process / "cmdline").read_text().replace("\0", " ")
        for process in Path("/proc").glob("[0-9]*")
        if _works_in(process, folder)
    ]


def _works_in(process: Path, folder: Path) -> bool:
    if process.name == str(os.getpid()):  # the tests' own, which are not left
        return False
    try:
        return (process / "cwd").readlink().is_relative_to(folder)
    except OSError:  # it ended meanwhile, or is not ours
        return False
