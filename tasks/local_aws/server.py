"""The emulator as a process of its own: moto's server, adjusted and guarded.

`python -m tasks.local_aws.server`, started by local_aws.py. Writes its address and key when it
listens. It ends with its checkout, or after a day in which nobody asked it anything.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..settings import local_access, paths
from ..settings.local_access import Access
from ..ui import streams
from . import guard
from .gateway import websocket
from .gateway.request_body import unread
from .gateway.serve import Port
from .guard import OURS, URL, App, guarded
from .services import image_registry

ADDRESS = paths.LOCAL_AWS / "server.json"
IDLE_SECONDS = 24 * 3600.0
LOOK_SECONDS = 2.0
KEEP = signal.SIGUSR1  # to end, and keep what it holds; SIGTERM: to end


@dataclass(kw_only=True)
class Life:
    """`used`: when somebody was last answered."""

    access: Access
    idle_seconds: float
    used: float = field(default_factory=time.monotonic)

    def use(self) -> None:
        self.used = time.monotonic()

    def is_lost(self) -> bool:
        """Nobody can find it any more."""
        return local_access.read(ADDRESS) != self.access

    def is_idle(self) -> bool:
        """Nobody wants it."""
        return time.monotonic() - self.used > self.idle_seconds

    def watch(self) -> None:
        """To its end, which is the process's. What an app has there lasts until `local-stop`."""
        while not (lost := self.is_lost()) and not self.is_idle():
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM if lost else KEEP)


def main() -> None:
    """Serve on a free port of 127.0.0.1 until SIGTERM."""
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # read when moto is imported
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from . import certificate, confine, kept_state, moto_patches
    from .gateway import of_moto
    from .services import clock, not_yet

    streams.prepare_streams()  # its log is read on terminals, too
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    signal.signal(KEEP, lambda number, frame: _end_kept(kept_state.save))
    server = make_server(
        "127.0.0.1", 0, _unready, threaded=True, request_handler=unread(MotoRequestHandler)
    )
    certificate.speak_both(server)
    os.environ["MOTO_PORT"] = str(server.port)
    access = local_access.make(f"http://127.0.0.1:{server.port}", os.getpid())
    moto_patches.apply(access)
    of_moto.keep_documents()
    kept_state.load()
    image_registry.sweep()
    moto = DomainDispatcherApplication(confine.serving(not_yet.saying(create_backend_app)))
    port = Port(of_moto.make(access, moto_patches.secret_of))
    ours = Ours(access=access, zip_at=moto_patches.zip_at, memory=moto_patches.memory, port=port)
    app = _answering(moto, ours)
    life = Life(access=access, idle_seconds=IDLE_SECONDS)
    server.app = guarded(app, access, moto_patches.secret_of, life.use)
    confine.confine(access.host, os.environ.get("DOCKER_HOST", ""))
    local_access.write(ADDRESS, access)
    threading.Thread(target=life.watch, daemon=True).start()
    clock.start()
    server.serve_forever()


def _end_kept(save: Callable[[], None]) -> None:
    save()
    sys.exit(0)


def _unready(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return []


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What is answered beside moto. `zip_at`: of layers and functions, by path. `memory`: its name.
    `port`: the app's own."""

    access: Access
    zip_at: Callable[[str], bytes]
    memory: Callable[[], str]
    port: Port

    def answer(self, path: str, asked: str) -> tuple[str, bytes]:
        """(media type, body). `asked`: the query."""
        if path == OURS:
            return "application/json", self._of_itself(asked)
        if path.startswith(URL):
            return "application/json", self._open(path.removeprefix(URL))
        return "application/zip", self.zip_at(path)

    def _of_itself(self, asked: str) -> bytes:
        """With what only the server itself can say."""
        said = {"pid": self.access.pid, "memory": self.memory(), "url": self.port.url}
        return json.dumps(said | {"proof": self.access.proof(f"answer {asked}")}).encode()

    def _open(self, number: str) -> bytes:
        try:
            return json.dumps({"url": self.port.open(int(number))}).encode()
        except (OSError, OverflowError) as error:
            return json.dumps({"refused": getattr(error, "strerror", None) or str(error)}).encode()


def _answering(app: App, ours: Ours) -> App:
    """The app, with our own questions answered beside it."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if found := websocket.MANAGED.fullmatch(path):
            code, body = websocket.manage(
                environ["REQUEST_METHOD"], found[1], environ["wsgi.input"].read()
            )
            kind = "GoneException" if code == 410 else ""
            start_response(f"{code} {HTTPStatus(code).phrase}", [("x-amzn-ErrorType", kind)])
            return [body]
        if path == OURS or path.startswith(f"{OURS}/"):
            kind, body = ours.answer(path, str(environ.get("QUERY_STRING", "")))
            start_response("200 OK", [("Content-Type", kind)])
            return [body]
        if image_registry.is_asked(environ):
            region = guard.registry_region(environ, ours.access)
            status, headers, content = image_registry.answer(environ, region)
            start_response(status, headers)
            return content
        return app(environ, start_response)

    return wrapped


if __name__ == "__main__":
    main()
