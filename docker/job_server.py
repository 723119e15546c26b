"""The container's main process: runs the tool's jobs for as long as it is connected, and keeps the
folder WORK, where they run.

    job_server.py WORK

Standard input and output are the connection; it ends with the tool, however that ends, and so does
the container. A job comes as one line of JSON, and the bytes of its files behind it:

    {"job": number, "argv", "environment", "user": id, "files": [[name, bytes]], "fetch": [path]}

It is answered in frames (HEAD: job, kind, payload's bytes), those of several jobs among each other:

    o  what it says, as it comes: stdout and stderr
    x  its exit status, as text; over 128 for a signal. For 0 each of `fetch` follows:
    t  its tar, in pieces; an empty one ends it
    e  what kept the keeper from all this, in the system's words: the end of the answer

Folders beside WORK that nobody keeps (the engine was killed) are removed meanwhile.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

HEAD = struct.Struct(">IcI")
BLOCK = 1 << 20  # bytes
LOOK = 0.1  # seconds, between two looks at a job that says nothing
RUNNING: "set[subprocess.Popen[bytes]]" = set()
TELLING = threading.Lock()


def main(work: str) -> None:
    mine = Path(work)
    mine.mkdir(parents=True, exist_ok=True)
    mine.chmod(0o1777)
    with (mine / ".kept").open("w") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        with suppress(OSError):  # whoever is no root has a limit
            fcntl.fcntl(sys.stdout, fcntl.F_SETPIPE_SZ, BLOCK)
        threading.Thread(target=remove_others, args=[mine], daemon=True).start()
        with suppress(EOFError):
            serve(mine, sys.stdin.buffer)
        for process in list(RUNNING):
            end(process)
        shutil.rmtree(mine, ignore_errors=True)


def remove_others(mine: Path) -> None:
    for other in mine.parent.iterdir():
        if other != mine:
            remove_abandoned(other)


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
        if failed := lay_down(work, job["files"], asked):
            tell(job["job"], b"e", failed.encode())
        else:
            threading.Thread(target=answer, args=[work, job], daemon=True).start()


def lay_down(work: Path, files: "list[list[Any]]", asked: BinaryIO) -> str:
    """'' or what went wrong. All of them are read, whatever becomes of one: the next job comes
    behind them. EOFError where the connection ends before."""
    failed = ""
    for name, size in files:
        blocks = read(asked, size)
        try:
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # a job's own may be anything, a link too
            with path.open("xb") as file:
                file.writelines(blocks)
        except OSError as error:
            failed = str(error)
        deque(blocks, maxlen=0)
    return failed


def read(asked: BinaryIO, size: int) -> Iterator[bytes]:
    """So many bytes."""
    while size:
        block = asked.read(min(size, BLOCK))
        if not block:
            raise EOFError
        size -= len(block)
        yield block


def answer(work: Path, job: "dict[str, Any]") -> None:
    number = job["job"]
    try:
        code = run(work, job)
        tell(number, b"x", str(code).encode())
        for path in job["fetch"] if code == 0 else ():
            send(number, path)
    except OSError as error:
        tell(number, b"e", str(error).encode())


def run(work: Path, job: "dict[str, Any]") -> int:
    """Exit status. What it leaves running in its group ends with it."""
    user, other = job["user"], job["user"] != os.geteuid()
    process = subprocess.Popen(
        job["argv"], cwd=work, env=os.environ | job["environment"], start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        **({"user": user, "group": user, "extra_groups": []} if other else {}),
    )  # fmt: skip
    RUNNING.add(process)
    for block in said(process):
        tell(job["job"], b"o", block)
    code = process.wait()
    end(process)
    RUNNING.discard(process)
    return code if code >= 0 else 128 - code


def end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


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
    main(sys.argv[1])
