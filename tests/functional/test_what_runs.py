"""What runs is what the layer says: /var/task comes before /opt, and hides nothing of it."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tasks.settings import local_access
from tests.handmade_wheels import wheel
from tests.project import Project, clean_environment

TWO = """
from importlib.metadata import version

from chalice import Chalice

app = Chalice(app_name="shuking")


@app.route("/health")
def health():
    import six, dateutil

    return {"six": six.__version__, "said": version("six"), "from": six.__file__,
            "dateutil": dateutil.__file__}
"""


def package(project: Project) -> list[str]:
    """The files that Chalice packed last."""
    made = (project.path / ".chalice/deployments").glob("*.zip")
    newest = max(made, key=lambda path: path.stat().st_mtime_ns)
    return zipfile.ZipFile(newest).namelist()


def answer(project: Project) -> str:
    return str(project.record("smoke")["body"])


def test_a_package_in_both_files_runs_from_the_layer(layer: Project) -> None:
    """Whatever version the other file says; after a rollback, too. The line is named."""
    layer.write("requirements.txt", "# ours\nsix==1.17.0\n")
    said = layer.deploy().output
    assert (
        "warning: requirements.txt, line 2: six==1.17.0: not packed, the layer has 1.16.0" in said
    )
    assert '"1.16.0"' in answer(layer)
    assert "/opt/python/six.py" in answer(layer)
    assert not any("six" in name for name in package(layer))
    layer.write("requirements-all.txt", "six==1.17.0\n")
    said = layer.deploy().output
    assert "note: requirements.txt, line 2: six==1.17.0: not packed, the layer has it" in said
    assert '"1.17.0"' in answer(layer)
    run = layer.doit("rollback", "stage=local")
    assert run.code == 0, run.output
    assert '"1.16.0"' in answer(layer)
    assert "all agree" not in layer.doit("status", "stage=local").output  # pinned, and that alone
    assert "runs its own" not in layer.doit("status", "stage=local").output


def test_a_line_chalice_brings_nothing_along(layer: Project) -> None:
    """Chalice packs its runtime itself; the size is the real one."""
    layer.write("requirements.txt", "chalice\nidna==3.10\n")
    said = layer.deploy().output
    told = "requirements.txt, line 1: chalice: not packed, Chalice adds its runtime itself"
    assert f"note: {told}" in said
    names = package(layer)
    assert {name.partition("/")[0] for name in names} == {
        "app.py", "chalice", "idna", "idna-3.10.dist-info",
    }  # fmt: skip
    packed = layer.record("chalice-deploy")["contents"]["unzipped"]
    assert packed == layer.record("chalice-package")["unzipped"] < 1_000_000
    assert told in layer.doit("doctor", "stage=local").output


def test_what_a_package_of_the_function_needs_runs_from_the_layer(layer: Project) -> None:
    """It is left out of what pip found; what needs another version is said."""
    layer.write("app.py", TWO)
    layer.write("requirements.txt", "python-dateutil==2.9.0.post0\n")
    said = layer.deploy().output
    assert "needed by others and not packed, the layer has them: six" in said
    assert "/opt/python/six.py" in answer(layer)
    assert "/task/dateutil/__init__.py" in answer(layer)
    again = layer.deploy().output
    assert "chalice-deploy: up to date" in again
    layer.write("app.py", TWO + "# more\n")
    assert "needed by others and not packed" in layer.deploy().output  # out of a new package
    layer.write("app.py", TWO)
    assert "needed by others and not packed" in layer.deploy().output  # out of the one kept


def test_vendored_code_that_hides_the_layer_is_refused(layer: Project) -> None:
    """Nothing is deployed; without it in the layer it is the app's own business."""
    layer.write("vendor/six.py", '__version__ = "vendored"\n')
    run = layer.doit("deploy", "stage=local")
    assert run.code == 1
    assert "the function's own package would hide modules of the layer: six (vendor/)" in run.output
    assert "emulator started" not in run.output  # for nothing
    layer.write("requirements-all.txt", "idna==3.10\n")
    layer.write("app.py", 'from chalice import Chalice\nimport six\napp = Chalice("shuking")\n'
                '@app.route("/health")\ndef health():\n    return six.__version__\n')  # fmt: skip
    layer.deploy()
    assert "vendored" in answer(layer)


def test_another_package_with_the_same_module_is_refused(layer: Project, tmp_path: Path) -> None:
    """psycopg2 and psycopg2-binary; by the line that brings it, or what needs it. A refusal is no
    deploy that was cut short."""
    folder = tmp_path / "wheels"
    inside = "other_six-1.0.data/purelib/six.py"  # Chalice puts it beside the others
    wheel(folder, "other_six", {inside: b'__version__ = "other"\n'})
    needs = b"Metadata-Version: 2.1\nName: asks-other-six\nVersion: 1.0\nRequires-Dist: other-six\n"
    info = "asks_other_six-1.0.dist-info/METADATA"
    wheel(folder, "asks_other_six", {info: needs, "asks.py": b""})
    for line, said in (("other-six", ""), ("asks-other-six", " needs other-six")):
        layer.write("requirements.txt", f"--find-links {folder}\n{line}\n")
        run = layer.doit("deploy", "stage=local")
        assert run.code == 1
        assert f"six (requirements.txt, line 2: {line}{said})" in run.output
    told = layer.doit("plan", "stage=local")
    assert told.code == 2
    assert "cut short" not in told.output


def test_what_somebody_deployed_without_the_tool_is_seen(layer: Project) -> None:
    """Chalice alone packs all of requirements.txt."""
    layer.write("requirements.txt", "six==1.17.0\n")
    layer.deploy()
    assert "all agree: nothing to do" in layer.doit("status", "stage=local").output
    bare_chalice(layer)
    said = layer.doit("status", "stage=local", "check=1")
    assert said.code == 1
    wanted = "function shuking-local runs its own six 1.17.0 (the layer has 1.16.0)"
    assert wanted in said.output
    assert wanted in layer.doit("doctor", "stage=local").output
    assert layer.doit("plan", "stage=local").code == 2
    layer.deploy()
    assert "/opt/python/six.py" in answer(layer)
    assert "all agree: nothing to do" in layer.doit("status", "stage=local").output


def test_what_chalice_delete_leaves_is_said(layer: Project) -> None:
    """Versions, zips, logs, state; and a deploy brings the stage back."""
    layer.deploy()
    bare_chalice(layer, "delete")
    said = layer.doit("status", "stage=local", "check=1")
    assert said.code == 1
    for words in (
        "stage local was taken down: shuking-local gone from AWS",
        "left: versions 1 of deps, ", "./doitw gc keep=0 stage=local",
        "--log-group-name /aws/lambda/shuking-local",
        "left: Chalice's state and the last deploy's record in s3://",
    ):  # fmt: skip
        assert words in " ".join(said.output.split())
    again = layer.deploy().output
    assert "live   shuking-local with version 1 of deps, answers 200" in again
    assert "all agree: nothing to do" in layer.doit("status", "stage=local").output


def bare_chalice(project: Project, command: str = "deploy") -> None:
    """Chalice alone, at the emulator."""
    access = local_access.read(project.path / "build/local/server.json")
    assert access
    environment = access.variables("ap-northeast-2")
    run = "import sys; from chalice.cli import main; sys.exit(main())"
    subprocess.run(
        [sys.executable, "-c", run, command, "--stage", "local"], cwd=project.path,
        env=clean_environment() | environment, check=True,
    )  # fmt: skip
