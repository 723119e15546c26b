"""Between the tool and the Docker engine: a Unix socket that lets chosen calls go wrong.

It passes bytes on, so that whatever the engine's API does with a connection (streams, sockets that
are taken over) works as without it, and reads the first line of each request, and of each job.
"""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CALL = re.compile(rb"^(?P<method>GET|HEAD|POST|PUT|DELETE) /v[\d.]+/(?P<path>\S*) HTTP/1\.1\r\n")
JOB = re.compile(rb'^\{"argv": \[(?P<argv>[^\]]*)\]')  # what a container's main process is sent
SPACE = b'{"message":"write /var/lib/docker/tmp/x: no space left on device"}'
FULL = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: %d\r\n\r\n%s" % (len(SPACE), SPACE)
Plan = Callable[[str], str]  # a call as `METHOD path` or `JOB words`; "" | "dies" | "full"


@dataclass(kw_only=True)
class EngineProxy:
    """`host`: for DOCKER_HOST; `calls`: what was asked for, in order; `plan`: what becomes of it:
    the engine dies with it (and stays away until `revive`), or says that its disk is full."""

    host: str
    upstream: str
    plan: Plan = lambda call: ""
    calls: list[str] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _dead: threading.Event = field(default_factory=threading.Event)

    def revive(self) -> None:
        self.plan = lambda call: ""
        self.calls.clear()
        self._dead.clear()

    def accept(self, client: socket.socket) -> None:
        """One connection, to its end."""
        if self._dead.is_set():
            client.close()
            return
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(self.upstream)
        self._open += [client, engine]
        thread = threading.Thread(target=self._both, args=(client, engine))
        self._threads.append(thread)
        thread.start()

    def _both(self, client: socket.socket, engine: socket.socket) -> None:
        back = threading.Thread(target=self._pass, args=(engine, client))
        with client, engine:
            back.start()
            self._hear(client, engine)
            back.join()

    def _hear(self, client: socket.socket, engine: socket.socket) -> None:
        """What the tool says, with a look at each call."""
        with suppress(OSError):
            while block := client.recv(1 << 16):
                fate = self._judge(block)
                if fate == "full":
                    client.sendall(FULL)
                    _shut(client)  # what it still sends is read by nobody
                    break
                if fate == "dies":
                    self.die()
                    break
                engine.sendall(block)
        # the engine goes on answering one who has no more to say, unless it is stdin that ended
        with suppress(OSError):
            engine.shutdown(socket.SHUT_WR)

    def _judge(self, block: bytes) -> str:
        if call := CALL.match(block):
            self.calls.append(f"{call['method'].decode()} {call['path'].decode()}")
        elif job := JOB.match(block):
            self.calls.append(f"JOB {job['argv'].decode()}")
        else:
            return ""
        return self.plan(self.calls[-1])

    def _pass(self, engine: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := engine.recv(1 << 16):
                client.sendall(block)
        _shut(client)

    def die(self) -> None:
        """Every connection ends, and nobody answers any more."""
        self._dead.set()
        for each in self._open:
            _shut(each)
        self._open.clear()

    def end(self) -> None:
        self.die()
        for thread in self._threads:
            thread.join()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxying(folder: Path, upstream: str = "/var/run/docker.sock") -> Iterator[EngineProxy]:
    """Its socket lies in `folder`, whose path must be short (108 bytes: unix(7))."""
    path = folder / "engine.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    proxy = EngineProxy(host=f"unix://{path}", upstream=upstream)

    def serve() -> None:
        with suppress(OSError):
            while True:
                proxy.accept(listening.accept()[0])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield proxy
    finally:
        _shut(listening)
        listening.close()
        thread.join()
        proxy.end()
