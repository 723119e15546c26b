"""The way out of a job on this machine that has no network. Connections to one port of its
127.0.0.1 arrive at a socket of the tool's (docker/relay.py), and end at the same port here.
"""

import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..settings import paths

SOCKET = "aws.sock"
BLOCK = 1 << 18  # bytes


def wrapped(words: Sequence[str], interpreter: str, port: int, folder: Path) -> list[str]:
    """The command, so that it reaches the port. Our script's text goes along: where the command
    runs, our files need not be seen."""
    script = (paths.DOCKER / "relay.py").read_text(encoding="utf-8")
    return [interpreter, "-I", "-S", "-c", script, str(port), str(folder), *words]


class Relay:
    """`folder`: which the job sees, too."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port, self._path = port, folder / SOCKET
        self._listening = socket.socket(socket.AF_UNIX)
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:  # by way of the folder: the name of a socket has a hundred characters at most
            self._listening.bind(f"/proc/self/fd/{place}/{SOCKET}")
        finally:
            os.close(place)
        self._listening.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with suppress(OSError):  # a function may have put something in its place
            self._path.unlink()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                one, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=[one], daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        with one, socket.socket() as other, suppress(OSError):
            other.connect(("127.0.0.1", self._port))
            back = threading.Thread(target=_carry, args=[other, one], daemon=True)
            back.start()
            _carry(one, other)
            back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    """To its end, which is the other's, too."""
    with suppress(OSError):
        while block := source.recv(BLOCK):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
