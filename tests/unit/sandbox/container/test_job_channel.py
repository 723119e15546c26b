"""tasks/sandbox/container/job_channel.py: what goes to a container's main process, and what
comes from it."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.sandbox.container import job_channel
from tasks.sandbox.container.job_channel import GoneError, JobAnswer, Keeper
from tasks.util.errors import BuildError

ENGINES = struct.Struct(">BxxxI")


class Engine:
    """The other end of the connection: the engine, and what it runs."""

    def __init__(self) -> None:
        ours, self.end = socket.socketpair()
        attached = SimpleNamespace(
            _sock=ours, _response=SimpleNamespace(close=lambda: None), close=ours.close
        )  # as the SDK's
        self.attached = attached

    def asked(self) -> tuple[dict[str, Any], bytes]:
        """(job, its files' bytes)"""
        said = b""
        while b"\n" not in said:
            said += self.end.recv(1 << 20)
        line, _, content = said.partition(b"\n")
        job = json.loads(line)
        while len(content) < sum(size for _, size, _ in job["files"]):
            content += self.end.recv(1 << 20)
        return job, content

    def send(self, data: bytes, stream: int = 1, size: int = 7) -> None:
        """In frames of a few bytes: they begin and end anywhere."""
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self.end.sendall(ENGINES.pack(stream, len(piece)) + piece)

    def say(self, job: int, kind: bytes, payload: bytes) -> None:
        self.send(job_channel.HEAD.pack(job, kind, len(payload)) + payload)


@pytest.fixture
def engine() -> Iterator[Engine]:
    found = Engine()
    yield found
    found.end.close()


@pytest.fixture
def talk(engine: Engine) -> Iterator[Keeper]:
    found = Keeper(engine.attached)
    yield found
    found.close()


def ask(talk: Keeper, **more: Any) -> JobAnswer:
    return talk.ask(["run"], **more)


def test_a_job_goes_with_its_files(engine: Engine, talk: Keeper, tmp_path: Path) -> None:
    """Contents, and those that lie on this machine."""
    (tmp_path / "layer").write_bytes(b"zip")
    files = {"x": b"12", "y": tmp_path / "layer"}
    ask(talk, environment={"A": "b"}, cwd="/w", files=files, mode=0o755)
    assert engine.asked() == (
        {
            "argv": ["run"], "cwd": "/w", "environment": {"A": "b"},
            "files": [["x", 2, 0o755], ["y", 3, 0o755]], "fetch": [], "job": 0,
        },
        b"12zip",
    )  # fmt: skip


def test_a_file_is_sent_as_it_was_opened(
    engine: Engine, talk: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build may put another in its place; what comes behind it is the next job's."""
    layer, other = tmp_path / "layer", tmp_path / "other"
    layer.write_bytes(b"zip")
    other.write_bytes(b"a longer zip")
    send = Keeper._send

    def late(self: Keeper, *given: Any) -> JobAnswer:
        other.replace(layer)
        return send(self, *given)

    monkeypatch.setattr(Keeper, "_send", late)
    ask(talk, files={"x": layer})
    job, content = engine.asked()
    assert job["files"] == [["x", 3, 0o644]]
    assert content == b"zip"


def test_lines_status_and_what_was_fetched(engine: Engine, talk: Keeper) -> None:
    """In this order; what the keeper itself says on stderr is none of it."""
    answer = ask(talk, fetch=["/one", "/two"])
    for kind, payload in [
        (b"o", b"first\nsec"), (b"o", "ond ø\nlast".encode()), (b"x", b"0"),
        (b"t", b"1" * 100), (b"t", b"2"), (b"t", b""), (b"t", b"3"), (b"t", b""),
    ]:  # fmt: skip
        engine.say(0, kind, payload)
        engine.send(b"noise", stream=2)
    assert list(answer.lines()) == ["first\n", "second ø\n", "last"]
    assert answer.exit_status == 0
    assert b"".join(answer.pieces()) == b"1" * 100 + b"2"
    assert b"".join(answer.pieces()) == b"3"


def test_answers_to_several_jobs_come_among_each_other(engine: Engine, talk: Keeper) -> None:
    """Whoever waits reads for the others, too."""
    slow, quick = ask(talk), ask(talk)
    found: dict[str, list[str]] = {}

    def hear(name: str, answer: JobAnswer) -> None:
        found[name] = list(answer.lines())

    threads = [
        threading.Thread(target=hear, args=each) for each in (("slow", slow), ("quick", quick))
    ]
    for thread in threads:
        thread.start()
    for number, kind, payload in [
        (0, b"o", b"a\n"), (1, b"o", b"b\n"), (1, b"x", b"0"), (0, b"o", b"c\n"), (0, b"x", b"3"),
    ]:  # fmt: skip
        engine.say(number, kind, payload)
    for thread in threads:
        thread.join(timeout=10)
    assert found == {"slow": ["a\n", "c\n"], "quick": ["b\n"]}
    assert (slow.exit_status, quick.exit_status) == (3, 0)


@pytest.mark.parametrize("whole", [0, 3, 20], ids=["nothing", "part of a head", "part of a line"])
def test_an_end_in_between_is_said(engine: Engine, talk: Keeper, whole: int) -> None:
    """To everybody who waits, and to who asks afterwards."""
    one, other = ask(talk), ask(talk)
    engine.send((job_channel.HEAD.pack(0, b"o", 50) + b"x" * 50)[:whole])
    engine.end.shutdown(socket.SHUT_RDWR)
    for answer in (one, other, one):
        with pytest.raises(GoneError):
            list(answer.lines())
    with pytest.raises(GoneError):
        ask(talk, files={"x": bytes(1 << 22)})


@pytest.mark.parametrize(
    "frame",
    [
        job_channel.HEAD.pack(0, b"o", job_channel.LARGEST + 1),
        job_channel.HEAD.pack(7, b"o", 1) + b"x",
    ],
    ids=["too large", "of no job"],
)
def test_what_no_keeper_of_ours_says_ends_it(engine: Engine, talk: Keeper, frame: bytes) -> None:
    """What was built in there may have replaced it: nothing is read without an end."""
    answer = ask(talk)
    engine.send(frame)
    with pytest.raises(GoneError):
        list(answer.lines())


def test_what_could_not_be_done_is_an_error(engine: Engine, talk: Keeper) -> None:
    """In the system's words."""
    engine.say(0, b"e", b"[Errno 2] No such file or directory: 'run'")
    with pytest.raises(BuildError, match=r"the container failed: .*No such file"):
        list(ask(talk).lines())
    engine.say(1, b"e", b"[Errno 28] No space left on device")
    with pytest.raises(BuildError, match="disk is full"):
        list(ask(talk).lines())


def test_closing_wakes_who_waits(engine: Engine) -> None:
    """As when a job's time is over."""
    talk = Keeper(engine.attached)
    answer, ended = ask(talk), threading.Event()

    def wait() -> None:
        with pytest.raises(GoneError):
            list(answer.lines())
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    talk.close()
    assert ended.wait(timeout=10)
    thread.join()
