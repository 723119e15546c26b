"""The embedded AWS as a process of its own: moto's server, adjusted.

`python -m tasks.local_aws.server`, started by local_aws.py; writes its address when it
listens. Answers a question of ours, so that a process number is never mistaken for it.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

from ..settings import paths
from ..ui import streams
from ..util import files

ADDRESS = paths.LOCAL_AWS / "server.json"
QUESTION = "/doit-lambda-layer"
LAYERS = "/doit-lambda-layer/layers/"  # and below it, zips by their versions' ARNs
App = Callable[..., Iterable[bytes]]


def main() -> None:
    """Serve on a free port of 127.0.0.1 until SIGTERM."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from . import moto_patches

    streams.prepare_streams()  # its log is read on terminals, too
    moto_patches.apply()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    moto = DomainDispatcherApplication(create_backend_app)
    app = _answering(moto, moto_patches.layer_zip, moto_patches.memory)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    os.environ["MOTO_PORT"] = str(server.port)
    files.write_record(ADDRESS, {"url": f"http://127.0.0.1:{server.port}", "pid": os.getpid()})
    server.serve_forever()


def _answering(app: App, layer_zip: Callable[[str], bytes], memory: Callable[[], str]) -> App:
    """The app, with our question and the layers' zips answered beside it."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(LAYERS):
            start_response("200 OK", [("Content-Type", "application/zip")])
            return [layer_zip(path)]
        if path == QUESTION:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"pid": os.getpid(), "memory": memory()}).encode()]
        return app(environ, start_response)

    return wrapped


if __name__ == "__main__":
    main()
