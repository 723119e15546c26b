"""`doit watch`: what is saved is deployed, as much of it as the change needs."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import APP, SIX, Project, clean_environment

PATIENCE = 120.0  # seconds for a deploy


class Watch:
    """`./doitw watch` in a project, and what it says."""

    def __init__(self, project: Project) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tasks", "watch"], cwd=project.path, env=clean_environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._said, self._heard = list[str](), threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                with self._heard:
                    self._said.append(line)
                    self._heard.notify_all()

    def settled(self) -> str:
        """All that was said until it waits again, each line once."""
        with self._heard:
            waits = self._heard.wait_for(lambda: "waiting" in "".join(self._said[-1:]), PATIENCE)
            said, self._said = "".join(self._said), []
        assert waits, said
        return said

    def stop(self) -> int:
        self._process.send_signal(signal.SIGINT)
        self._reader.join(PATIENCE)
        return self._process.wait(PATIENCE)


@pytest.fixture
def watch(layer: Project) -> Iterator[Watch]:
    made = Watch(layer)
    yield made
    made.stop()


def steps(said: str) -> list[str]:
    """Those that had something to do."""
    return re.findall(r"^✓ ([\w-]+)", said, re.M)


def answer(project: Project) -> str:
    return project.doit("invoke", "path=/health", "stage=local").output


def test_each_save_is_deployed_with_what_it_needs(layer: Project, watch: Watch) -> None:
    """The whole at first; code alone; nothing of what is no Python; the layer. Ctrl-C leaves
    nothing behind: neither the deploy that was started ahead nor Chalice's process in it."""
    assert {"install", "publish", "chalice-deploy"} <= {*steps(watch.settled())}

    layer.write("app.py", APP.replace("return {", 'return {"x": 7, '))
    said = watch.settled()
    assert "chalice-deploy" in steps(said)
    assert not {"install", "verify", "publish"} & {*steps(said)}
    assert '"x": 7' in answer(layer)

    layer.write("app.py", APP.replace("def health():", "def health(:"))
    said = watch.settled()
    assert steps(said) == []
    assert "app.py is not Python: " in said
    assert f"  --> app.py:{APP.count(chr(10), 0, APP.index('def health')) + 1}\n" in said

    layer.write("app.py", APP)
    assert "chalice-deploy" in steps(watch.settled())
    layer.write("requirements-all.txt", SIX.replace("1.16.0", "1.17.0"))
    said = watch.settled()
    assert {"install", "publish", "patch-config"} <= {*steps(said)}
    assert '"six": "1.17.0"' in answer(layer)
    assert watch.stop() == 0
    assert [line for line in running() if str(layer.path) in line] == []


def running() -> list[str]:
    """Folder and command line of every deploy, and of Chalice's process in one."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_text(errors="replace").split("\0")
            found.append(f"{(each / 'cwd').readlink()} {' '.join(words)}")
        except OSError:
            continue
    return [line for line in found if "cli.prepared" in line or "chalice_project.runner" in line]
