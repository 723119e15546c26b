"""tasks/chalice_project/child/process.py: an app is imported once, by the process that deploys it.
`chalice package` stands for a deploy: it reads the app in the same way, and needs no AWS."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tasks.chalice_project import deploy
from tasks.chalice_project.child import process
from tasks.chalice_project.package import Contents
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util.files import file_digest
from tests import package_index
from tests.package_index import Index
from tests.project import ROOT

APP = """
import os
import sys
from chalice import Chalice

app = Chalice(app_name="x")
sys.stdout.write("imported without an end")
with open("imports", "a") as file:
    file.write(sys.stdin.read() + "once ")
os.chdir("/")


@app.route("/")
def index():
    return {}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    paths.CHALICE_CONFIG.parent.mkdir()
    configure(WORD="a")
    Path("app.py").write_text(APP)
    Path("requirements.txt").touch()


def configure(**variables: str) -> None:
    stages = {"dev": {"environment_variables": variables}}
    config = {"version": "2.0", "app_name": "x", "stages": stages}
    paths.CHALICE_CONFIG.write_text(json.dumps(config))


def use(change: Callable[[], object] = lambda: None) -> str:
    """What the imports wrote, when something changes between import and use."""
    environ = dict(os.environ) | {"AWS_DEFAULT_REGION": "eu-west-1"}
    settings = Settings(stage="dev")
    assert [each.path for each in deploy.import_app(settings, environ, {}, None)] == ["/"]
    change()
    layer = Contents(versions={}, modules=[])
    deploy.write_template(settings, environ, None, layer, "cloudformation", Path("out"))
    assert Path("out/sam.json").is_file()
    return Path("imports").read_text()


def test_what_was_imported_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said then is said; it finds standard input at its end, and does not wait for it; the
    folder is the app's again, wherever its import went."""
    said: list[str] = []
    monkeypatch.setattr(deploy, "say", said.append)
    assert use() == "once "
    assert said[0] == "imported without an end"


@pytest.mark.parametrize(
    "change",
    [lambda: Path("app.py").write_text(APP + "\n"), lambda: configure(WORD="b")],
    ids=["file", "variable"],
)  # fmt: skip
def test_what_changed_meanwhile_is_imported_again(change: Callable[[], object]) -> None:
    assert use(change) == "once once "


def test_an_app_that_handles_the_signal_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is imported, too: the run gives its lock back only after that."""
    monkeypatch.setattr(process, "END_SECONDS", 0.2)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep(60)"], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout
    with started.stdout as said, suppress(KeyboardInterrupt), process._ending(started):
        assert said.readline() == "1\n"
        raise KeyboardInterrupt
    assert started.returncode == -signal.SIGKILL


SETUP = """from setuptools import setup
open({canary!r}, "w").close()
setup(name="src", version="1.0", py_modules=["src"])
"""


def sdist(index: Index, canary: Path) -> None:
    """Of setuptools, whose setup.py says that it ran."""
    out = io.BytesIO()
    files = {"PKG-INFO": "Metadata-Version: 2.1\nName: src\nVersion: 1.0\n", "src.py": "",
             "setup.py": SETUP.format(canary=str(canary))}  # fmt: skip
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"src-1.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    index.put("src", "src-1.0.tar.gz", out.getvalue())


@pytest.mark.parametrize("line", ["src==1.0", "--no-binary src\nsrc==1.0", "needs", "hashed"])
def test_no_build_script_runs_beside_the_credentials(tmp_path: Path, line: str) -> None:
    """What has no wheel is said. Where its wheel was built elsewhere, that is packed."""
    with package_index.serving(tmp_path / "index") as index:
        sdist(index, tmp_path / "canary")
        index.add("needs", "1.0", "Requires-Dist: src==1.0")
        [source] = (tmp_path / "index/simple/src").glob("*.tar.gz")
        hashed = f"src==1.0 --hash=sha256:{file_digest(source)}"
        Path("requirements.txt").write_text(hashed if line == "hashed" else line)
        given = {"AWS_DEFAULT_REGION": "eu-west-1", "PIP_INDEX_URL": index.url}
        environ = dict(os.environ) | given | {"PIP_NO_BINARY": "src", "PIP_NO_CACHE_DIR": "1"}
        layer, settings = Contents(versions={}, modules=[]), Settings(stage="dev")
        with pytest.raises(deploy.NoWheelError) as caught:
            deploy.pack(settings, environ, None, layer)
        assert caught.value.wanted == "src==1.0"
        paths.FUNCTION_WHEELS.mkdir(parents=True)
        made = package_index.wheel("src", "1.0", (), {"src.py": b"built = 1\n"})
        (paths.FUNCTION_WHEELS / "src-1.0-py3-none-any.whl").write_bytes(made)
        assert "src" in deploy.pack(settings, environ, None, layer)["versions"]
    assert not (tmp_path / "canary").exists()
