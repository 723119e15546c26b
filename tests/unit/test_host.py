"""tasks/clients/host.py: jobs on this machine, and what is left of them."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.clients import host
from tasks.clients.container import WORK
from tasks.clients.host import HostSandbox
from tasks.core.errors import BuildError
from tasks.core.sandbox import Job, Outcome
from tasks.core.settings import Settings


def run(code: str, *arguments: str, **more: Any) -> Outcome:
    """A Python script as a job."""
    inputs = {"script.py": code.encode(), **more.pop("inputs", {})}
    argv = ("{python}", "{work}/script.py", *arguments)
    return HostSandbox().run(Job(argv=argv, inputs=inputs, **more))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree for {opt}."""
    (tmp_path / "opt/python").mkdir(parents=True)
    (tmp_path / "opt/python/a.py").write_text("x = 1", encoding="utf-8")
    return tmp_path / "opt"


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where jobs have their folders; empty again after each test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_output_and_code_come_back(scratch: Path) -> None:
    """Both streams in order; a failure is an outcome; nothing is left."""
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr); sys.exit(3)"
    assert run(code) == Outcome(code=3, output="one\ntwo\n")
    assert list(scratch.iterdir()) == []


def test_lines_come_while_it_runs() -> None:
    """For people who watch."""
    seen: list[str] = []
    job = Job(argv=("{python}", "-c", "print('a'); print('b')"))
    HostSandbox().run(job, seen.append)
    assert seen == ["a", "b"]


def test_inputs_in_results_out(tmp_path: Path) -> None:
    """Folders are made; a file and a folder travel back."""
    code = (
        "import sys, pathlib\nwork = pathlib.Path(sys.argv[1])\n"
        "text = (work / 'deep/in.txt').read_text()\n"
        "(work / 'out').mkdir(); (work / 'out/a').write_text(text)\n"
        "(work / 'one').write_text('1')\n"
    )
    fetch = {"{work}/out": tmp_path / "got/out", "{work}/one": tmp_path / "got/one"}
    assert run(code, "{work}", inputs={"deep/in.txt": b"hello"}, fetch=fetch).code == 0
    assert (tmp_path / "got/out/a").read_text() == "hello"
    assert (tmp_path / "got/one").read_text() == "1"


def test_a_failed_job_brings_nothing(tmp_path: Path) -> None:
    """What lay there stays."""
    (tmp_path / "one").write_text("before")
    code = "import sys; open(sys.argv[1] + '/one', 'w').write('half'); sys.exit(1)"
    run(code, "{work}", fetch={"{work}/one": tmp_path / "one"})
    assert (tmp_path / "one").read_text() == "before"


@pytest.mark.parametrize("writable", [False, True])
def test_the_tree_is_a_copy(tree: Path, writable: bool) -> None:
    """Whatever a job does to it, ours stays; links and modes are kept."""
    (tree / "python/link").symlink_to("a.py")
    code = (
        "import os, sys\nopt = sys.argv[1]\nassert os.path.islink(opt + '/python/link')\n"
        "try:\n    open(opt + '/python/a.py', 'w').write('evil')\n"
        "    open(opt + '/python/new.py', 'w')\nexcept PermissionError:\n    pass\n"
    )
    assert run(code, "{opt}", opt=tree, opt_writable=writable) == Outcome(code=0, output="")
    assert (tree / "python/a.py").read_text() == "x = 1"
    assert sorted(path.name for path in tree.rglob("*")) == ["a.py", "link", "python"]


@pytest.mark.parametrize(("writable", "bits"), [(False, 0), (True, 0o200)])
def test_a_tree_is_read_only_unless_it_is_asked_for(
    tree: Path, scratch: Path, writable: bool, bits: int
) -> None:
    """Files and folders; it is removed all the same."""
    code = (
        "import os, sys\nfor name in ('', '/python', '/python/a.py'):\n"
        "    print(os.stat(sys.argv[1] + name).st_mode & 0o222 & 0o200)\n"
    )
    outcome = run(code, "{opt}", opt=tree, opt_writable=writable)
    assert outcome.output.split() == [str(bits)] * 3
    assert list(scratch.iterdir()) == []


def test_nothing_of_the_tools_own_packages_is_importable() -> None:
    """The layer has to bring all it needs."""
    assert "ModuleNotFoundError" in run("import doit").output


def test_the_environment_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys of anybody, no PYTHONPATH; index variables only for installers."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index")
    code = "import os; print(sorted(os.environ.items()))"
    plain = run(code, environment={"MINE": "{work}/x"}).output
    assert "secret" not in plain
    assert "PYTHONPATH" not in plain
    assert "https://index" not in plain
    assert f"{WORK}/x'" in plain
    assert "('UV_INDEX_URL', 'https://index')" in run(code, installs=True).output


def test_a_job_that_takes_too_long_is_ended(scratch: Path) -> None:
    """With all it started; what it said comes with the error."""
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True); time.sleep(600)\n"
    )
    started = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        run(code, timeout=1.0)
    assert time.monotonic() - started < 30
    assert is_gone(int(str(caught.value)))
    assert list(scratch.iterdir()) == []


def test_what_a_job_leaves_running_is_ended() -> None:
    """A daemon that closed its output."""
    code = (
        "import subprocess, sys\nnull = subprocess.DEVNULL\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "print(subprocess.Popen(sleep, stdin=null, stdout=null, stderr=null).pid)\n"
    )
    assert is_gone(int(run(code).output))


def test_a_reader_that_fails_ends_the_job() -> None:
    """Ctrl-C in the middle of a build, too."""
    seen: list[str] = []

    def stop(line: str) -> None:
        seen.append(line)
        raise KeyboardInterrupt

    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        HostSandbox().run(Job(argv=("{python}", "-c", code)), stop)
    assert is_gone(int(seen[0]))


def is_gone(process: int) -> bool:
    """Dead within five seconds; a zombie that nobody has collected yet is dead."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    return False


@pytest.mark.parametrize(
    "other", [{"python": "3.9"}, {"architecture": "arm64"}], ids=["python", "architecture"]
)
def test_a_machine_that_cannot_run_the_layer_is_refused(
    other: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not prove it."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(BuildError, match="builder=host cannot build for Linux") as caught:
        host.check(replace(Settings(), **other))  # type: ignore[arg-type] # any values
    assert "start Docker" in caught.value.fix


def test_a_mac_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its libraries are other ones."""
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(BuildError, match="Darwin"):
        host.check(Settings())
