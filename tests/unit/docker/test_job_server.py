"""docker/job_server.py: the container's main process, here as a process of this machine."""

import fcntl
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import sandbox_scripts

keeper_script = sandbox_scripts.load("job_server")
SCRIPT = sandbox_scripts.FOLDER / "job_server.py"


class Keeping:
    """One that keeps `work`; what it is asked goes to its standard input, which is the
    connection."""

    def __init__(self, work: Path, *more: str | Path) -> None:
        self.work = work
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", SCRIPT, work, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.asked, self.said = self.process.stdin, self.process.stdout
        number, kind, said = self.hear()
        assert (number, kind) == (keeper_script.NO_JOB, b"h")
        self.hello = json.loads(said)

    def ask(
        self, *argv: str, job: int = 0, files: dict[str, bytes] | None = None, **more: object
    ) -> None:
        files = files or {}
        sizes = [[name, len(content), 0o644] for name, content in files.items()]
        request = {
            "job": job, "argv": argv, "cwd": str(self.work), "environment": {}, "files": sizes,
            "fetch": [],
        }  # fmt: skip
        self.asked.write(json.dumps(request | more).encode() + b"\n" + b"".join(files.values()))
        self.asked.flush()

    def hear(self) -> tuple[int, bytes, bytes]:
        """The next frame."""
        number, kind, size = keeper_script.HEAD.unpack(self.said.read(keeper_script.HEAD.size))
        return number, kind, self.said.read(size)

    def answer(self, *argv: str, **more: object) -> tuple[str, str]:
        """(all that the job said, its exit status or what was wrong)"""
        self.ask(*argv, **more)  # type: ignore[arg-type] # any values
        output = b""
        while (frame := self.hear())[1] == b"o":
            output += frame[2]
        return output.decode(), (frame[1] + b" " + frame[2]).decode()

    def disconnect(self) -> int:
        self.asked.close()
        return self.process.wait(timeout=10)


@contextmanager
def keeper(work: Path) -> Iterator[Keeping]:
    """One that is ready."""
    found = Keeping(work)
    with found.process as process:
        try:
            assert found.answer("true") == ("", "x 0")
            yield found
        finally:
            process.kill()


def gone(path: Path) -> bool:
    """Soon."""
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not path.exists()


def test_it_ends_with_the_connection(tmp_path: Path) -> None:
    """And its folder with it, whatever lies in there."""
    work = tmp_path / "volume/work/mine"
    with keeper(work) as kept:
        (work / "apart/k").mkdir(parents=True)
        (work / "apart/k/a.py").write_text("", encoding="utf-8")
        assert kept.process.poll() is None
        assert kept.disconnect() == 0
    assert list((tmp_path / "volume/work").iterdir()) == []


def test_nobody_else_may_write_into_its_folder(tmp_path: Path) -> None:
    """What packages bring runs as somebody else, and what lies there is read by what does not."""
    with keeper(work := tmp_path / "work/mine") as kept:
        assert kept.answer("true", files={"deep/a": b""}) == ("", "x 0")
        modes = [path.stat().st_mode & 0o777 for path in (work, work / "deep", work / "deep/a")]
        assert modes == [0o755, 0o755, 0o644]


def test_it_says_what_it_is(tmp_path: Path) -> None:
    """And whether the tool is there, which counts as used then."""
    python = "{}.{}".format(*sys.version_info)
    tool = tmp_path / "tools/uv-1"
    tool.parent.mkdir()
    for there in (False, True):
        if there:
            tool.touch()
            os.utime(tool, (1, 1))
        keeping = Keeping(tmp_path / "work/mine", tool)
        assert keeping.hello == {"python": python, "tool": there}
        assert keeping.disconnect() == 0
        keeping.said.close()
    assert time.time() - tool.stat().st_mtime < 1000


def test_tools_that_nobody_used_for_long_go(tmp_path: Path) -> None:
    """Of versions from before, and half-sent ones."""
    for name, age in (("old", keeper_script.OLD + 9), ("new", 0)):
        (tmp_path / "tools").mkdir(exist_ok=True)
        (tmp_path / "tools" / name).touch()
        os.utime(tmp_path / "tools" / name, (time.time() - age,) * 2)
    with keeper(tmp_path / "work/mine"):
        assert gone(tmp_path / "tools/old")
        assert (tmp_path / "tools/new").exists()


def test_no_other_process_of_its_user_looks_into_it(tmp_path: Path) -> None:
    """Neither its memory nor its connection: root alone may, and who is root here can see whose
    they are."""
    with keeper(tmp_path / "mine") as kept:
        for name in ("mem", "fd", "environ"):
            assert Path(f"/proc/{kept.process.pid}/{name}").stat().st_uid == 0
        said, _ = kept.answer(sys.executable, "-c", DUMPABLE.format(kept.process.pid))
        assert said == "refused\n"


# as a user without rights, of the same number as the keeper's where that is none of root's
DUMPABLE = """
import os
try:
    os.getuid() or os.setuid(65534)
    open('/proc/{}/mem', 'rb')
except PermissionError:
    print('refused')
"""


def test_a_second_user_is_given_no_files(tmp_path: Path) -> None:
    """It keeps no folder."""
    keeping = Keeping(Path("-"))
    keeping.work = tmp_path
    assert keeping.answer("pwd") == (f"{tmp_path}\n", "x 0")
    assert keeping.disconnect() == 0
    keeping.said.close()
    assert list(tmp_path.iterdir()) == []


def test_without_words_files_are_laid_down(tmp_path: Path) -> None:
    """And nothing runs."""
    with keeper(work := tmp_path / "mine") as kept:
        assert kept.answer(files={"a": b"1"}) == ("", "x 0")
        assert (work / "a").read_bytes() == b"1"


def test_abandoned_folders_are_removed(tmp_path: Path) -> None:
    """Their keeper was killed, or never came so far as to keep them."""
    killed, begun = tmp_path / "work/killed", tmp_path / "work/begun"
    with keeper(killed) as kept:
        (killed / "python").mkdir()
        kept.process.kill()
        kept.process.wait()
    begun.mkdir()
    assert (killed / "python").exists()
    with keeper(tmp_path / "work/mine"):
        assert gone(killed)
        assert gone(begun)
        assert (tmp_path / "work/mine").exists()


def test_folders_that_others_keep_stay(tmp_path: Path) -> None:
    """Two runs at a time share the volume; each removes its own."""
    one, two = tmp_path / "work/one", tmp_path / "work/two"
    with keeper(one) as first, keeper(two) as second:
        (one / "python").mkdir()
        assert second.disconnect() == 0
        assert not two.exists()
        assert (one / "python").exists()
        assert first.disconnect() == 0
    assert not one.exists()


def test_a_file_beside_it_is_no_folder_of_a_run(tmp_path: Path) -> None:
    """It stays, and does not keep the keeper from its work."""
    stray = tmp_path / "work/stray"
    stray.parent.mkdir()
    stray.write_text("", encoding="utf-8")
    with keeper(tmp_path / "work/mine") as kept:
        assert kept.disconnect() == 0
    assert stray.exists()


def test_its_folder_is_locked_before_it_is_ready(tmp_path: Path) -> None:
    """Whoever starts in this moment finds it kept."""
    with keeper(tmp_path / "work/mine"):
        handle = os.open(tmp_path / "work/mine/.kept", os.O_RDWR)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)


# ---- jobs ---------------------------------------------------------------------------------------


def test_no_variable_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Podman gives each container this machine's proxies (containers.conf(5), `http_proxy`)."""
    proxies = [f"{kind}_proxy" for kind in ("http", "https", "ftp", "all", "no")]
    names = [*proxies, *(name.upper() for name in proxies), "HOME", "HOSTNAME", "TERM"]
    monkeypatch.setattr(os, "environ", {**dict.fromkeys(names, "x"), "LANG": "C", "HOMES": "y"})
    assert keeper_script.around() == {"LANG": "C", "HOMES": "y"}


SHOW = "import os, sys; print(open('a/b').read(), os.getcwd(), os.environ['X'], *sys.argv[1:])"
FOREVER = "import os, time; os.write(1, b'%d\\n' % os.getpid()); time.sleep(3600)"


def test_a_job_runs_in_the_folder_with_its_files(tmp_path: Path) -> None:
    """With the variables that it is given, too."""
    with keeper(work := tmp_path / "mine") as kept:
        found = kept.answer(
            sys.executable, "-c", SHOW, "more", files={"a/b": b"text"}, environment={"X": "y"}
        )
        assert found == (f"text {work} y more\n", "x 0")


@pytest.mark.parametrize(
    ("end", "status"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137), ("os.abort()", 134)]
)
def test_its_exit_status(tmp_path: Path, end: str, status: int) -> None:
    with keeper(tmp_path / "mine") as kept:
        script = f"import os, sys; print('out', flush=True); print('err', file=sys.stderr); {end}"
        assert kept.answer(sys.executable, "-c", script) == ("out\nerr\n", f"x {status}")


def test_files_take_the_place_of_what_lies_there(tmp_path: Path) -> None:
    """Of a link as well: what it leads to stays as it is."""
    (outside := tmp_path / "outside").write_text("kept", encoding="utf-8")
    with keeper(work := tmp_path / "mine") as kept:
        (work / "a").symlink_to(outside)
        assert kept.answer("cat", "a", files={"a": b"new"}) == ("new", "x 0")
    assert outside.read_text(encoding="utf-8") == "kept"


def test_what_is_fetched_comes_as_tars(tmp_path: Path) -> None:
    """A file and a folder, one after the other; not of a job that fails."""
    large = bytes(range(256)) * 10_000
    with keeper(work := tmp_path / "mine") as kept:
        fetch = [f"{work}/one", f"{work}/two"]
        files = {"one": b"1", "two/a": large, "two/b": b""}
        assert kept.answer("false", files=files, fetch=fetch) == ("", "x 1")
        assert kept.answer("true", fetch=fetch) == ("", "x 0")
        found = {}
        for _ in fetch:
            pieces = b""
            while piece := kept.hear()[2]:
                pieces += piece
            with tarfile.open(fileobj=io.BytesIO(pieces)) as tar:
                for each in tar:
                    file = tar.extractfile(each)
                    found[each.name] = file.read() if file else None
    assert found == {"one": b"1", "two": None, "two/a": large, "two/b": b""}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"files": {"there/deep": b"x"}}, "Not a directory|File exists"),
        ({"argv": ["nowhere"]}, "No such file.*nowhere"),
        ({"argv": ["./there"]}, "denied"),
        ({"fetch": ["/nowhere"]}, "No such file.*/nowhere"),
    ],
    ids=["file for a folder", "no program", "not executable", "nothing to fetch"],
)
def test_what_it_cannot_do_is_said(tmp_path: Path, asked: dict[str, Any], words: str) -> None:
    """And the next job is done all the same: what was sent for the one is not taken for it."""
    with keeper(work := tmp_path / "mine") as kept:
        (work / "there").write_text("", encoding="utf-8")
        argv = asked.pop("argv", ["true"])
        kept.ask(*argv, **asked)
        frames = [kept.hear()]
        if "fetch" in asked:
            assert frames == [(0, b"x", b"0")]
            frames = [kept.hear()]
        assert frames[0][1] == b"e"
        assert re.search(words, frames[0][2].decode()), frames
        assert kept.answer("echo", "on") == ("on\n", "x 0")


def test_jobs_run_side_by_side(tmp_path: Path) -> None:
    """Each frame says whose it is."""
    with keeper(tmp_path / "mine") as kept:
        kept.ask(sys.executable, "-c", FOREVER, job=1)
        assert kept.hear()[:2] == (1, b"o")
        kept.ask("echo", "quick", job=2)
        assert [kept.hear(), kept.hear()] == [(2, b"o", b"quick\n"), (2, b"x", b"0")]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(pid: int) -> bool:
    """Soon."""
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


def test_a_job_ends_with_the_connection(tmp_path: Path) -> None:
    """Whatever it does."""
    with keeper(work := tmp_path / "mine") as kept:
        kept.ask(sys.executable, "-c", FOREVER)
        pid = int(kept.hear()[2])
        assert kept.disconnect() == 0
        assert ended(pid)
    assert not work.exists()


def test_what_a_job_leaves_running_ends_with_it(tmp_path: Path) -> None:
    """It holds the job's output open."""
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {FOREVER!r}])"
    with keeper(tmp_path / "mine") as kept:
        wait = "; import time; time.sleep(1)"
        output, status = kept.answer(sys.executable, "-c", script + wait)
        assert status == "x 0"
        assert ended(int(output))


def test_a_daemon_does_not_keep_its_job_from_ending(tmp_path: Path) -> None:
    """One in a group of its own, which holds the output open."""
    daemon = f"subprocess.Popen([sys.executable, '-c', {FOREVER!r}], start_new_session=True)"
    with keeper(tmp_path / "mine") as kept:
        script = f"import subprocess, sys, time; {daemon}; time.sleep(1)"
        output, status = kept.answer(sys.executable, "-c", script)
        os.kill(int(output), signal.SIGKILL)
        assert status == "x 0"


@pytest.mark.parametrize("sent", [b'{"job": 1', b'{"files": [["a", 100, 420]]}\nhalf'])
def test_a_connection_that_breaks_off_is_its_end(tmp_path: Path, sent: bytes) -> None:
    """In a line, or in a file."""
    with keeper(work := tmp_path / "mine") as kept:
        kept.asked.write(sent)
        assert kept.disconnect() == 0
    assert not work.exists()


def test_a_port_is_forwarded(tmp_path: Path) -> None:
    """Of each direction one block is on its way until the other side has handed it on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with keeper(tmp_path / "work") as keeping:
        assert keeping.answer("true", forward=port) == ("", "x 0")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as app:
            assert keeping.hear() == (0, b"c", b"")
            app.sendall(b"question")
            assert keeping.hear() == (0, b"d", b"question")
            app.sendall(b"more")
            assert keeping.answer("echo", "beside") == ("beside\n", "x 0")  # not "more": not yet
            say(keeping, to=0)
            assert keeping.hear() == (0, b"d", b"more")
            say(keeping, to=0)
            say(keeping, b"answer", to=0)
            assert keeping.hear() == (0, b"a", b"")
            assert app.recv(100) == b"answer"
            say(keeping, b"", to=0)
            assert app.recv(100) == b""  # its end
        assert keeping.hear() == (0, b"d", b"")
        assert keeping.answer("true", forward=port) == ("", "x 0")  # it listens already
        with socket.create_connection(("127.0.0.1", port), timeout=20):
            assert keeping.hear() == (1, b"c", b"")


def say(keeping: Keeping, content: "bytes | None" = None, **told: int) -> None:
    """To a connection: bytes, or that its own were handed on."""
    told |= {} if content is None else {"bytes": len(content)}
    keeping.asked.write(json.dumps(told).encode() + b"\n" + (content or b""))
    keeping.asked.flush()
