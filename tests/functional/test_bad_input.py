"""Every mistake: one clear error of a few lines, exit status ≠ 0, no traceback, nothing changed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import Project, Run, clean_environment, small

LINES = 14  # of an error, at most


@pytest.fixture
def broken(tmp_path: Path) -> Project:
    """A small project to break. It never gets as far as an AWS."""
    return small(tmp_path / "project")


def error(run: Run) -> str:
    """The complaint: what was printed from the first failure on. Checked to be one for people."""
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    _, marker, said = run.output.partition(" failed\n")
    said = said if marker else run.output
    assert "→ " in said, run.output
    assert len(said.strip().splitlines()) <= LINES, said
    return said


def refused(project: Project, *arguments: str, **environment: str) -> str:
    """The error of a command that must change nothing."""
    config = project.read(".chalice/config.json")
    said = error(project.doit(*arguments, **environment))
    assert project.read(".chalice/config.json") == config
    assert not (project.path / ".layer-arn.txt").exists()
    assert not (project.path / "build/local/server.json").exists()
    return said


# ---- requirements ----


def test_a_missing_requirements_file(broken: Project) -> None:
    (broken.path / "requirements-all.txt").unlink()
    said = refused(broken, "deploy", "stage=local")
    assert "requirements-all.txt does not exist" in said
    assert "requirements=FILE" in said


def test_an_empty_requirements_file(broken: Project) -> None:
    broken.write("requirements-all.txt", "# nothing yet\n\n")
    assert "requirements-all.txt names no package" in refused(broken, "deploy", "stage=local")


def test_lines_that_pip_cannot_parse_are_all_named(broken: Project) -> None:
    broken.write("requirements-all.txt", "six==1.16.0\nnumpy=1.2\n\n==3\n")
    said = refused(broken, "deploy", "stage=local")
    assert "requirements-all.txt, line 2: 'numpy=1.2'" in said
    assert "requirements-all.txt, line 4: '==3'" in said


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("no-such-package-of-anybodys-123==1.0", ["no-such-package-of-anybodys-123", "spelling"]),
        ("six==99.0", ["six==99.0", "pin one that exists"]),
        ("docopt==0.6.2", ["docopt", "no wheel for Python 3.12 on x86_64", "builder=docker"]),
        ("six==1.16.0\nsix==1.17.0", ["six==1.16.0", "contradict"]),
    ],
)
def test_what_the_index_cannot_give(broken: Project, requirement: str, words: list[str]) -> None:
    """Missing package, missing version, source only, pins at odds."""
    broken.write("requirements-all.txt", f"{requirement}\n")
    said = refused(broken, "build")
    assert [word for word in words if word not in said] == []
    assert not (broken.path / "build/deps.zip").exists()


def test_a_lock_that_is_older_than_the_requirements(broken: Project) -> None:
    assert broken.doit("lock").code == 0
    broken.write("requirements-all.txt", "six==1.17.0\n")
    assert "run `./doitw lock`" in refused(broken, "deploy", "stage=local")


def test_a_hash_that_is_not_the_locked_one(broken: Project) -> None:
    assert broken.doit("lock").code == 0
    lock = broken.read("requirements-all.lock")
    digest = lock.split("sha256:")[1][:64]
    broken.write(
        "requirements-all.lock", lock.split("    --hash")[0] + f"    --hash=sha256:{digest[::-1]}\n"
    )
    said = refused(broken, "build")
    assert "six" in said
    assert "does not have the hash that the lock" in said


# ---- Docker ----


def test_no_docker(broken: Project) -> None:
    """Only stage=local goes on without; every other stage says what to start."""
    said = refused(broken, "build", "builder=docker", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert "Docker" in said
    assert "start" in said


def test_stage_local_goes_on_without_docker_and_says_so(broken: Project) -> None:
    run = broken.doit(
        "build", "stage=local", "builder=auto", DOCKER_HOST="unix:///nowhere/docker.sock"
    )
    assert run.code == 0, run.output
    assert run.output.count("building with this machine's Python instead") == 1


# ---- settings ----


def test_all_wrong_settings_at_once_with_the_nearest_names(broken: Project) -> None:
    text = broken.read("pyproject.toml")
    broken.write("pyproject.toml", text + 'bukcet = "x"\nstrip = "yes"\nbytecode = "compil"\n')
    said = refused(broken, "deploy", "stage=local", "layr=x")
    for words in ("bukcet", "mean bucket", "strip", "compile", "layr", "mean layer"):
        assert words in said


def test_a_pyproject_that_is_not_toml(broken: Project) -> None:
    broken.write("pyproject.toml", broken.read("pyproject.toml") + "keep = \n")
    assert "pyproject.toml is not TOML" in refused(broken, "deploy", "stage=local")


def test_an_unknown_stage(broken: Project) -> None:
    said = refused(broken, "deploy", "stage=porduction", **KEYS)
    assert "porduction" in said
    assert "prod" in said


# ---- .chalice/config.json ----


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "config.json does not exist"),
        ('{"stages": ', "is not JSON"),
        ('{"version": "2.0", "app_name": "x", "stages": []}', "stages"),
        ('{"version": "2.0", "app_name": "x", "stages": {"local": []}}', "stages"),
        ('{"version": "2.0", "app_name": "x", "stages": {"local": {"layers": "a"}}}', "layers"),
    ],
)
def test_a_config_of_another_shape(broken: Project, text: str | None, words: str) -> None:
    path = broken.path / ".chalice/config.json"
    path.unlink() if text is None else path.write_text(text)
    said = error(broken.doit("deploy", "stage=local"))
    assert words in said
    assert (path.read_text() if path.exists() else None) == text


# ---- AWS ----

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def test_no_credentials(broken: Project) -> None:
    nowhere = {"HOME": str(broken.path), "AWS_CONFIG_FILE": "/nowhere"}
    said = refused(broken, "deploy", **nowhere)
    assert "there are no AWS credentials" in said
    assert "AWS_PROFILE" in said


def test_a_region_that_no_network_reaches(broken: Project) -> None:
    said = refused(broken, "deploy", AWS_ENDPOINT_URL="http://127.0.0.1:9", **KEYS)
    assert "cannot be reached" in said


# ---- rollback ----


@pytest.mark.parametrize("version", ["0", "abc", "-1", "1.5", "99999999999"])
def test_a_version_that_is_no_number(broken: Project, version: str) -> None:
    said = refused(broken, "rollback", f"version={version}", "stage=local")
    assert f"version={version} is not a layer version" in said


def test_a_version_that_does_not_exist(deployed: Project) -> None:
    before = deployed.layers()
    said = error(deployed.doit("rollback", "version=999", "stage=local"))
    assert "has no version 999. There are: 1" in said
    assert deployed.layers() == before


def test_a_version_for_another_runtime(deployed: Project) -> None:
    content = {"ZipFile": (deployed.path / "build/deps.zip").read_bytes()}
    answer = deployed.aws("lambda").publish_layer_version(
        LayerName="older", Content=content, CompatibleRuntimes=["python3.9"]
    )
    before = deployed.layers()
    arn = answer["LayerVersionArn"]
    said = error(deployed.doit("rollback", f"arn={arn}", "stage=local"))
    assert "was built for python3.9" in said
    assert deployed.layers() == before


def test_arns_that_are_none(broken: Project) -> None:
    said = refused(broken, "patch-config", "arn=arn:aws:lambda:x,y", "stage=local")
    assert "not the ARN of a layer version" in said


# ---- the function, the disk ----


def test_a_broken_function_fails_the_smoke_with_its_own_error(layer: Project) -> None:
    layer.write("app.py", layer.read("app.py").replace("import six", "import sixx as six"))
    run = layer.doit("deploy", "stage=local")
    assert run.code != 0
    assert "answered 500 to GET /health" in run.output
    assert "No module named 'sixx'" in run.output
    assert "nothing ran before\n→ correct the app and deploy again" in run.output


def test_a_full_disk(broken: Project) -> None:
    """build/ on a file system of 64 kB, in a mount namespace of its own."""
    (broken.path / "build").mkdir()
    script = 'mount -t tmpfs -o size=64k none build && exec "$0" -m tasks build'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable],
        cwd=broken.path, env=clean_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    said = error(Run(code=done.returncode, output=done.stdout))
    assert "No space left on device" in said
    assert "free some disk space" in said
