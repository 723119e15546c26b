"""What has no wheel, built in a real container: what its build scripts see and can change."""

import ipaddress
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docker import DockerClient

from tests import package_index, project
from tests.package_index import Index
from tests.project import Project

pytestmark = pytest.mark.docker
WORD = "hush"
BACKEND = """
import base64, hashlib, os, socket, zipfile
NAME = "{name}"
SEEN = []

def look():
    SEEN.append(f"user {{os.getuid()}} {{os.getgid()}}")
    SEEN.append(f"networks {{sorted(os.listdir('/sys/class/net'))}}")
    SEEN.append(f"password {{'{word}' in str(os.environ)}} {{'http' in str(os.environ)}}")
    for folder in ("/cache", "/work", "/opt", "/var/lang", "/usr"):
        for top, folders, files in os.walk(folder):
            for file in [*files, "canary"]:
                try:
                    open(os.path.join(top, file), "a").close()
                    SEEN.append(f"wrote {{top}}/{{file}}")
                except OSError:
                    pass
    SEEN.append(f"cache {{os.path.exists('/cache')}}")

def get_requires_for_build_wheel(settings=None):
    look()
    return {requires}

def build_wheel(target, settings=None, metadata=None):
    look()
    info = f"{{NAME}}-1.0.dist-info"
    files = {{f"{{NAME}}.py": f"SEEN = {{SEEN!r}}\\n",
             f"{{info}}/METADATA": f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: 1.0\\n"
             "Requires-Dist: {needs}\\n",
             f"{{info}}/WHEEL":
             "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}}
    def said(text):
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return "sha256=" + digest.rstrip("=")
    record = "".join(f"{{name}},{{said(text)}},{{len(text)}}\\n" for name, text in files.items())
    files[f"{{info}}/RECORD"] = record + f"{{info}}/RECORD,,\\n"
    name = f"{{NAME}}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(target, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


@pytest.fixture
def index(docker_engine: DockerClient, tmp_path: Path) -> Iterator[Index]:
    """Where containers reach it, and only with a password."""
    [config, *_] = docker_engine.api.inspect_network("bridge")["IPAM"]["Config"]
    gateway = config.get("Gateway") or str(ipaddress.ip_network(config["Subnet"])[1])
    with package_index.serving(tmp_path / "index", gateway, f"me:{WORD}") as found:
        yield found


def asking(tmp_path: Path, lambda_image: str, index: Index, *lines: str) -> Project:
    made = project.small(tmp_path / "project", "".join(f"{line}\n" for line in lines))
    url = index.url.replace("http://", f"http://me:{WORD}@")
    made.environment.update(LAYER_IMAGE=lambda_image, UV_DEFAULT_INDEX=url)
    return made


def seen(built: Project, name: str) -> list[str]:
    with zipfile.ZipFile(built.path / "build/deps.zip") as archive:
        text = archive.read(f"python/{name}.py").decode()
    found: dict[str, list[str]] = {}
    exec(text, found)  # noqa: S102 - written by the backend above
    return found["SEEN"]


@pytest.mark.parametrize("locked", [False, True], ids=["no lock", "lock"])
def test_a_build_is_nobody_and_alone(
    tmp_path: Path, lambda_image: str, index: Index, locked: bool
) -> None:
    """Its requirements are there, the ones that only its scripts name, too; what it needs to run is
    resolved from what it built."""
    name, tool, needs = (f"{each}{os.urandom(4).hex()}" for each in ("src", "tool", "needs"))
    index.add(tool, "1.0")
    index.add(needs, "1.0")
    backend = BACKEND.format(name=name, word=WORD, requires=[tool], needs=needs)
    index.add_sdist(name, "1.0", f"{backend}\ndef _tool():\n    import {tool}\n")
    lines = [*[f"--no-binary {name}"] * locked, f"{name}==1.0"]
    copy = asking(tmp_path, lambda_image, index, *lines)
    if locked:
        run = copy.doit("lock")
        assert run.code == 0, run.output
        lock = copy.read("requirements-all.lock")
        assert f"{needs}==1.0" in lock
    run = copy.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert f"building {name}==1.0 from source" in run.output or locked
    assert seen(copy, name) == [
        "user 993 990", "networks ['lo']", "password False False", "cache False",
    ]  # fmt: skip


def test_a_build_may_be_given_the_network(tmp_path: Path, lambda_image: str, index: Index) -> None:
    """By name, in pyproject.toml."""
    name = f"src{os.urandom(4).hex()}"
    backend = BACKEND.format(name=name, word=WORD, requires=[], needs="six==1.0")
    index.add_sdist(name, "1.0", backend.replace("Requires-Dist: six==1.0\\n", ""))
    copy = asking(tmp_path, lambda_image, index, f"{name}==1.0")
    copy.write("pyproject.toml", copy.read("pyproject.toml") + "build-network = true\n")
    run = copy.doit("build", "builder=docker")
    assert run.code == 0, run.output
    assert "networks ['eth0', 'lo']" in seen(copy, name)
    assert "password False False" in seen(copy, name)


@pytest.mark.parametrize(
    "wanted", ["x @ http://127.0.0.1/x.whl", "--index-url http://127.0.0.1", "-r /etc/passwd"]
)
def test_what_builds_it_comes_from_the_index(
    tmp_path: Path, lambda_image: str, index: Index, wanted: str
) -> None:
    """A backend cannot have anything else installed where root is."""
    name = f"src{os.urandom(4).hex()}"
    backend = BACKEND.format(name=name, word=WORD, requires=[wanted], needs="six==1.0")
    index.add_sdist(name, "1.0", backend)
    run = asking(tmp_path, lambda_image, index, f"{name}==1.0").doit("install", "builder=docker")
    assert run.code == 1
    assert f"{name}==1.0 wants {wanted!r} to be built" in run.output


def test_what_it_builds_is_what_was_asked_for(
    tmp_path: Path, lambda_image: str, index: Index
) -> None:
    """Not another package's wheel."""
    name = f"src{os.urandom(4).hex()}"
    index.add_sdist(name, "1.0", BACKEND.format(name="six", word=WORD, requires=[], needs="a"))
    run = asking(tmp_path, lambda_image, index, f"{name}==1.0").doit("install", "builder=docker")
    assert run.code == 1
    assert f"{name}==1.0 builds something else, or no wheel" in run.output


@pytest.mark.long
def test_a_package_of_the_function_is_built_there_too(
    tmp_path: Path, lambda_image: str, index: Index
) -> None:
    """What Chalice would build as you, beside the credentials of the deploy, is built as nobody:
    its wheel is packed, and says who made it."""
    index.add("needed", "1.0")
    index.add_sdist(
        "own", "1.0", BACKEND.format(name="own", word=WORD, requires=[], needs="needed")
    )
    made = asking(tmp_path, lambda_image, index, "needed==1.0")
    made.environment["PIP_INDEX_URL"] = made.environment["UV_DEFAULT_INDEX"]
    made.environment["PIP_TRUSTED_HOST"] = str(urlsplit(index.url).hostname)
    made.write("requirements.txt", "own==1.0\n")
    try:
        run = made.doit("deploy", "stage=local")
        assert run.code == 0, run.output
        assert "building own==1.0 from source" in run.output
        assert WORD not in run.output
        [package] = (made.path / ".chalice/deployments").glob("*.zip")
        with zipfile.ZipFile(package) as archive:
            text = archive.read("own.py").decode()
        assert "user 993 990" in text
        assert "password False False" in text
        assert f"user {os.getuid()} " not in text
    finally:
        made.doit("local-stop")
