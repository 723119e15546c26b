"""The main process of a container, and of each user in it: runs the tool's jobs, as itself, for as
long as it is connected.

    job_server.py WORK [TOOL]    and keeps the folder WORK, for jobs of ours
    job_server.py - [USER]       runs what packages bring: it is given no files. As that user (a
                                 number), it ends all that a job leaves

Standard input and output are the connection. It ends with the tool, however that ends, and so does
the container. The keeper begins: in a frame of no job it says which Python it is, and whether there
is a file TOOL. A job comes as one line of JSON, and the bytes of its files behind it:

    {"argv", "cwd", "job": number, "environment", "files": [[name, bytes, mode]], "fetch": [path]}

Without words in `argv` its files are all there is to do. It is answered in frames (HEAD: job, kind,
payload's bytes), those of several jobs among each other:

    h  the keeper's first: JSON
    o  what it says, as it comes: stdout and stderr
    x  its exit status, as text. Over 128 for a signal. For 0 each of `fetch` follows:
    t  its tar, in pieces. An empty one ends it
    e  what kept the keeper from all this, in the system's words: the end of the answer

A job may have a "forward": a port of 127.0.0.1, whose connections are the tool's to answer
(tasks/sandbox/container/port_forward.py). In these frames the number is the connection's:

    c  it began
    d  what it says. Nothing: it says no more
    a  what came for it was handed on, the next may come: {"to": connection, "bytes": number} and
       the bytes. Without "bytes": what it said was handed on

Folders beside WORK that nobody keeps (the engine was killed) are removed meanwhile. Other processes
of its user cannot look into it (prctl(2), PR_SET_DUMPABLE), neither at its memory nor its
connection. A process that a package has left would look into the next job, while that begins, and
speak for it. So none is left: USER has no process but those in this container.
"""

import ctypes
import fcntl
import json
import os
import queue
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

HEAD = struct.Struct(">IcI")
BLOCK = 1 << 20  # bytes
LOOK = 0.1  # seconds, between two looks at a job that says nothing
NO_JOB = (1 << 32) - 1
NOWHERE, TOOLS = "-", "tools"
# Variables. Podman adds this machine's proxies, whatever it is told (containers.conf, http_proxy).
OF_THE_ENGINE = re.compile(r"HOME|HOSTNAME|TERM|(?i:(https?|ftp|all|no)_proxy)")
OLD = 60 * 24 * 3600  # seconds since a tool was used
PR_SET_DUMPABLE = 4  # linux/prctl.h
RUNNING: "set[subprocess.Popen[bytes]]" = set()
TURN = threading.Lock()  # to begin a job, or to end what the last one has left
ALONE = threading.Event()  # is all that runs as this user a job's?
TELLING = threading.Lock()
FORWARDED = 1 << 18  # bytes of a block
PORTS: "set[int]" = set()
CONNECTIONS: "dict[int, Connection]" = {}


def main(work: str, tool: str = "") -> None:
    close_off()
    with suppress(OSError):  # whoever is no root has a limit
        fcntl.fcntl(sys.stdout, fcntl.F_SETPIPE_SZ, BLOCK)
    if work == NOWHERE and tool == str(os.getuid()):
        ALONE.set()
    hello = {"python": "{}.{}".format(*sys.version_info), "tool": is_there(tool)}
    tell(NO_JOB, b"h", json.dumps(hello).encode())
    with ExitStack() as stack:
        if work != NOWHERE:
            stack.enter_context(keeping(Path(work)))
        with suppress(EOFError):
            serve(Path(work), sys.stdin.buffer)
        for process in list(RUNNING):
            end(process)


def close_off() -> None:
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)


def is_there(tool: str) -> bool:
    """And used last now."""
    if not tool or not Path(tool).is_file():
        return False
    os.utime(tool)
    return True


@contextmanager
def keeping(mine: Path) -> Iterator[None]:
    mine.mkdir(parents=True, exist_ok=True)
    with (mine / ".kept").open("w") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        threading.Thread(target=remove_others, args=[mine], daemon=True).start()
        yield
        for each in mine.iterdir():  # where the folder is a mount's own, it stays
            with suppress(OSError):
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        with suppress(OSError):
            mine.rmdir()


def remove_others(mine: Path) -> None:
    """Runs' folders lie in one of their own. Beside it are tools, which go when they are old."""
    if mine.parent == Path("/"):
        return
    for other in mine.parent.iterdir():
        if other != mine:
            remove_abandoned(other)
    for tool in (mine.parents[1] / TOOLS).glob("*"):
        with suppress(OSError):
            if time.time() - tool.stat().st_mtime > OLD:
                tool.unlink()


def remove_abandoned(work: Path) -> None:
    try:
        with (work / ".kept").open("a") as kept:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(work, ignore_errors=True)
    except OSError:
        return  # kept by another run, or just removed


def serve(work: Path, asked: BinaryIO) -> None:
    """Until the connection ends, if it must be in the middle of a line."""
    while (line := asked.readline()).endswith(b"\n"):
        job = json.loads(line)
        if "to" in job:
            block = b"".join(read(asked, job.get("bytes", 0)))
            CONNECTIONS[job["to"]].hear(block if "bytes" in job else None)
        elif failed := lay_down(work, job["files"], asked):
            tell(job["job"], b"e", failed.encode())
        else:
            threading.Thread(target=answer, args=[job], daemon=True).start()


class Connection:
    """One to a forwarded port. Of what it says one block at a time is on its way."""

    def __init__(self, number: int, connected: socket.socket) -> None:
        self.number, self.socket = number, connected
        self.arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.taken, self.said_all = threading.Semaphore(0), threading.Event()

    def run(self) -> None:
        """To its end, which both sides have to say."""
        tell(self.number, b"c", b"")
        threading.Thread(target=self.carry, daemon=True).start()
        self.hand_on()
        self.said_all.wait()
        self.socket.close()
        del CONNECTIONS[self.number]

    def hear(self, block: "bytes | None") -> None:
        if block is None:
            self.taken.release()
        else:
            self.arrived.put(block)

    def hand_on(self) -> None:
        while block := self.arrived.get():
            with suppress(OSError):  # it does not listen any more, and nobody shall wait for it
                self.socket.sendall(block)
            tell(self.number, b"a", b"")
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def carry(self) -> None:
        with suppress(OSError):
            while block := self.socket.recv(FORWARDED):
                tell(self.number, b"d", block)
                self.taken.acquire()
        tell(self.number, b"d", b"")
        self.said_all.set()


def forward(port: int) -> None:
    """Listen there, from the first job on that wants it."""
    if port not in PORTS:
        PORTS.add(port)
        listening = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=accept, args=[listening], daemon=True).start()


def accept(listening: socket.socket) -> None:
    for number in count():
        connected, _ = listening.accept()
        CONNECTIONS[number] = Connection(number, connected)
        threading.Thread(target=CONNECTIONS[number].run, daemon=True).start()


def lay_down(work: Path, files: "list[list[Any]]", asked: BinaryIO) -> str:
    """'' or what went wrong. All of them are read, whatever becomes of one: the next job comes
    behind them. EOFError where the connection ends before."""
    failed = ""
    for name, size, mode in files:
        blocks = read(asked, size)
        try:
            lay(work / name, blocks, mode)
        except OSError as error:
            failed = str(error)
        deque(blocks, maxlen=0)
    return failed


def lay(path: Path, blocks: "Iterator[bytes]", mode: int) -> None:
    """Whole or not at all: another run may look for it. A job's own may be anything, a link too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with half.open("xb") as file:
        file.writelines(blocks)
    half.chmod(mode)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    half.replace(path)


def read(asked: BinaryIO, size: int) -> Iterator[bytes]:
    """So many bytes."""
    while size:
        block = asked.read(min(size, BLOCK))
        if not block:
            raise EOFError
        size -= len(block)
        yield block


def answer(job: "dict[str, Any]") -> None:
    number = job["job"]
    try:
        if "forward" in job:
            forward(job["forward"])
        code = run(job) if job["argv"] else 0
        tell(number, b"x", str(code).encode())
        for path in job["fetch"] if code == 0 else ():
            send(number, path)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in a name
        tell(number, b"e", str(error).encode())


def run(job: "dict[str, Any]") -> int:
    """Exit status. What it leaves running in its group ends with it."""
    with TURN:
        process = subprocess.Popen(
            job["argv"], cwd=job["cwd"], env=around() | job["environment"],
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        RUNNING.add(process)
    for block in said(process):
        tell(job["job"], b"o", block)
    code = process.wait()
    end(process)
    with TURN:
        RUNNING.discard(process)
        if ALONE.is_set() and not RUNNING:
            end_the_rest()
    return code if code >= 0 else 128 - code


def around() -> "dict[str, str]":
    """The image's variables, without what the engine adds and no function has."""
    return {n: value for n, value in os.environ.items() if not OF_THE_ENGINE.fullmatch(n)}


def end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def end_the_rest() -> None:
    """All processes of this user but this one, at once: none of them forks meanwhile (kill(2))."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def said(process: Any) -> Iterator[bytes]:
    """To its end, which is the job's, though a daemon that it started may hold the pipe on."""
    with process.stdout as pipe:
        while True:
            if select.select([pipe], [], [], LOOK)[0]:
                if not (block := os.read(pipe.fileno(), BLOCK)):
                    return
                yield block
            elif process.poll() is not None:
                return


def send(number: int, path: str) -> None:
    """A file or folder. OSError where there is none."""
    pieces: Any = Pieces(number)
    with tarfile.open(fileobj=pieces, mode="w|", bufsize=BLOCK) as tar:
        tar.copybufsize = BLOCK  # type: ignore[attr-defined] # typeshed has it not
        tar.add(path, arcname=Path(path).name)
    tell(number, b"t", b"")


class Pieces:
    """What `tarfile` writes to."""

    def __init__(self, number: int) -> None:
        self.number = number

    def write(self, piece: bytes) -> None:
        tell(self.number, b"t", piece)


def tell(number: int, kind: bytes, payload: bytes) -> None:
    with TELLING:
        sys.stdout.buffer.write(HEAD.pack(number, kind, len(payload)))
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
