"""The way to a container's main process: jobs go there, answers come back
(docker/job_server.py)."""

import io
import json
import os
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from .. import tar_streams
from . import docker_errors
from .port_forward import DATA, OPENED, TAKEN, Forward

Frame = tuple[bytes, bytes]  # kind, payload
HEAD = struct.Struct(">IcI")  # of a frame: job, kind, bytes of its payload
LARGEST = 4 << 20  # bytes; four times what the keeper sends at once
BLOCK = 1 << 20  # bytes
NO_JOB = (1 << 32) - 1  # the number of the keeper's own frame
LONGEST = 4 << 20  # bytes of a line that are handed on at once
SHOWN = 2000  # bytes of what is said beside the frames
_ENGINES = struct.Struct(">BxxxI")  # before what the engine sends: stream, bytes
_STDOUT = 1
FORWARDED = (OPENED, DATA, TAKEN)


class GoneError(Exception):
    """The connection ended: the container did, or the engine, or the way to it."""


class JobAnswer:
    """To one job: its lines, then its exit status, then what was to be fetched.

    GoneError. BuildError where the keeper could not do it."""

    def __init__(self, hear: Callable[["JobAnswer"], Frame]) -> None:
        self.frames: deque[Frame] = deque()  # that nobody has read yet
        self.exit_status = -1  # over 128 for a signal
        self._hear = hear

    def lines(self) -> Iterator[str]:
        """As they come, to the job's end. A very long one comes in pieces, without its end."""
        rest = bytearray()
        while (frame := self._next())[0] == b"o":
            *whole, last = frame[1].split(b"\n")
            for line in whole:
                yield (rest + line).decode(errors="replace") + "\n"
                rest.clear()
            rest += last
            if len(rest) > LONGEST:  # its beginning: the one who said it may never end it
                yield rest.decode(errors="replace")
                rest.clear()
        if rest:
            yield rest.decode(errors="replace")
        self.exit_status = int(frame[1])

    def pieces(self) -> Iterator[bytes]:
        """The tar of the next thing to be fetched."""
        while (frame := self._next())[1]:
            yield frame[1]

    def _next(self) -> Frame:
        frame = self._hear(self)
        if frame[0] == b"e":
            raise docker_errors.of_keeper(frame[1].decode(errors="replace"))
        return frame


class Keeper:
    """A keeper at the other end of `attached`, the SDK's. It need not have started. Jobs may run
    side by side, each in a thread: whichever waits first reads what comes, for all."""

    def __init__(self, attached: Any) -> None:
        self._attached = attached
        self._socket = getattr(self._attached, "_sock", self._attached)  # by ssh or pipe: itself
        self._socket.settimeout(None)  # a job may say nothing for hours
        self._file = self._socket.makefile("rb", BLOCK)
        self._beside = bytearray()
        self._stdout = tar_streams.reader(_stdout(self._file, self._beside))
        self._first = JobAnswer(self._hear)
        self._answers: list[JobAnswer] = []
        self._sending = threading.Lock()
        self._heard = threading.Condition()
        self._forward: Forward | None = None
        self._reading = self._gone = False

    def hello(self) -> dict[str, Any]:
        """What it says of itself when it has started. GoneError, with what was said instead."""
        try:
            said: dict[str, Any] = json.loads(self._hear(self._first)[1])
        except GoneError:
            raise GoneError(self._beside.decode(errors="replace").strip()) from None
        return said

    def close(self) -> None:
        """At once, everybody that waits for an answer."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._forward:
            self._forward.close()
        self._file.close()
        self._attached._response.close()  # which the SDK never closes
        self._attached.close()

    def ask(
        self,
        argv: Sequence[str],
        *,
        cwd: str = "/",
        environment: Mapping[str, str] | None = None,
        files: Mapping[str, bytes | Path] | None = None,
        mode: int = 0o644,
        fetch: Sequence[str] = (),
        forward: int = 0,
    ) -> JobAnswer:
        """Send a job and its files: contents, or where they lie. `forward`: a port of 127.0.0.1
        that is to be had over there. GoneError."""
        files = files or {}
        with ExitStack() as stack:
            opened = {name: stack.enter_context(_opened(each)) for name, each in files.items()}
            # of what was opened: another build may put another file in its place at any moment
            sizes: list[list[Any]] = [
                [name, file.seek(0, os.SEEK_END), mode] for name, file in opened.items()
            ]
            job: dict[str, Any] = {"argv": argv, "cwd": cwd, "environment": environment or {}}
            job |= {"files": sizes, "fetch": fetch} | ({"forward": forward} if forward else {})
            if forward and not self._forward:
                self._forward = Forward(forward, self._send_on)
            try:
                return self._send(job, opened.values())
            except OSError as error:
                raise GoneError from error

    def _send(self, job: dict[str, Any], files: Iterable[IO[bytes]]) -> JobAnswer:
        with self._sending:
            self._answers.append(answer := JobAnswer(self._hear))
            job["job"] = len(self._answers) - 1
            self._socket.sendall(json.dumps(job).encode() + b"\n")
            for file in files:
                self._send_file(file)
        return answer

    def _send_on(self, number: int, block: bytes | None) -> None:
        """To a connection that is forwarded. One that the container left is of no interest."""
        told = {"to": number} | ({} if block is None else {"bytes": len(block)})
        with self._sending, suppress(OSError):
            self._socket.sendall(json.dumps(told).encode() + b"\n" + (block or b""))

    def _send_file(self, file: IO[bytes]) -> None:
        """By the system where it can: it needs no memory, and waits for none of our threads."""
        file.seek(0)
        if hasattr(self._socket, "sendfile") and not isinstance(file, io.BytesIO):
            self._socket.sendfile(file)
        else:
            while block := file.read(BLOCK):
                self._socket.sendall(block)

    def _hear(self, answer: JobAnswer) -> Frame:
        """The next frame of this one."""
        with self._heard:
            while not answer.frames:
                if self._reading:
                    self._heard.wait()
                elif self._gone:
                    raise GoneError
                else:
                    self._read_one()
            return answer.frames.popleft()

    def _read_one(self) -> None:
        self._reading = self._gone = True  # should this be interrupted, nobody knows where we are
        self._heard.release()
        try:
            number, frame = self._frame()
            if self._forward and frame[0] in FORWARDED:
                self._forward.hear(number, *frame)
            else:
                answer = self._first if number == NO_JOB else self._answers[number]
                answer.frames.append(frame)
            self._gone = False
        except (OSError, ValueError, struct.error, IndexError):
            pass  # closed meanwhile, or broken off, or what no keeper of ours says
        finally:
            self._heard.acquire()
            self._reading = False
            self._heard.notify_all()

    def _frame(self) -> tuple[int, Frame]:
        number, kind, size = HEAD.unpack(self._stdout.read(HEAD.size))
        if size > LARGEST or len(payload := self._stdout.read(size)) < size:
            raise ValueError
        return number, (kind, payload)


def _opened(content: bytes | Path) -> IO[bytes]:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _stdout(file: io.BufferedReader, beside: bytearray) -> Iterator[bytes]:
    """What the container writes there, out of what the engine sends of it. The last of what it says
    elsewhere goes to `beside`."""
    while len(head := file.read(_ENGINES.size)) == _ENGINES.size:
        stream, size = _ENGINES.unpack(head)
        content = file.read(size)
        if stream == _STDOUT:
            yield content
        else:
            beside += content
            del beside[:-SHOWN]
