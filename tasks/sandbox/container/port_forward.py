"""Connections that begin in a container without network, at a port of its 127.0.0.1, and end at the
same port here. They travel through the channel to its main process (docker/job_server.py), which
has the same on its side. Of each connection one block is on its way in each direction, then waits
until the other side has handed it on. Nothing is kept in memory, and no connection stops another.
"""

import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

BLOCK = 1 << 18  # bytes
OPENED, DATA, TAKEN = b"c", b"d", b"a"  # kinds of frames; empty data is the end
Send = Callable[[bytes | None], None]  # None: what came was handed on


class Connection:
    """`send`: to its other end. `over`: told when both ends have said all."""

    def __init__(self, port: int, send: Send, over: Callable[[], None]) -> None:
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._taken = threading.Semaphore(0)
        self._send, self._over, self._said_all = send, over, threading.Event()
        self._socket = socket.socket()
        with suppress(OSError):  # where nobody listens it ends at once over there, too
            self._socket.connect(("127.0.0.1", port))
        for work in (self._hand_on, self._carry):
            threading.Thread(target=work, daemon=True).start()

    def hear(self, kind: bytes, payload: bytes) -> None:
        if kind == DATA:
            self._arrived.put(payload)
        else:
            self._taken.release()

    def close(self) -> None:
        """Both of its threads end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._arrived.put(b"")
        self._taken.release()

    def _hand_on(self) -> None:
        while block := self._arrived.get():
            with suppress(OSError):  # it does not listen any more, and its other end shall not wait
                self._socket.sendall(block)
            self._send(None)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._said_all.wait()
        self._socket.close()
        self._over()

    def _carry(self) -> None:
        block = self._read()
        while block:
            self._send(block)
            self._taken.acquire()
            block = self._read()
        self._send(b"")
        self._said_all.set()

    def _read(self) -> bytes:
        try:
            return self._socket.recv(BLOCK)
        except OSError:
            return b""


class Forward:
    """All connections of one container to `port`."""

    def __init__(self, port: int, send: Callable[[int, bytes | None], None]) -> None:
        self._port, self._send = port, send
        self._connections: dict[int, Connection] = {}

    def hear(self, number: int, kind: bytes, payload: bytes) -> None:
        """A frame of connection `number`."""
        if kind == OPENED:
            send, over = partial(self._send, number), partial(self._forget, number)
            self._connections[number] = Connection(self._port, send, over)
        elif number in self._connections:
            self._connections[number].hear(kind, payload)

    def _forget(self, number: int) -> None:
        self._connections.pop(number, None)

    def close(self) -> None:
        for each in list(self._connections.values()):
            each.close()
