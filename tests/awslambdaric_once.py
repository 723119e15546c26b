"""A function's invocations under Lambda's runtime client alone: nothing of this project runs here.

    awslambdaric_once.py HANDLER EVENTS OUT TIMEOUT    EVENTS, OUT: JSON files, TIMEOUT: seconds

A Runtime API of its own on 127.0.0.1:9001, and the image's own entrypoint as Lambda starts it.
OUT: {"answers": [[kind, body]], "log": what was printed, "exit": the exit status of the process,
negative for a signal, None where it still ran when all was answered or its time was up}. What it
says of a function, the local Lambda has to say, too (tests/docker/test_as_lambda.py).
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ADDRESS = ("127.0.0.1", 9001)
http.client._MAXLINE = 2 << 20  # type: ignore[attr-defined] # the client's longest header: 1 MB
OF_THE_ENGINE = ("HOME", "HOSTNAME")  # variables
ARN = "arn:aws:lambda:ap-northeast-2:123456789012:function:shuking-local"


def main(handler: str, events: str, out: str, timeout: str) -> None:
    waiting: list[Any] = json.loads(Path(events).read_text())
    answers: list[list[str]] = []
    through = threading.Event()

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if not waiting:
                through.set()
                threading.Event().wait()
            given = {
                "Aws-Request-Id": str(uuid.uuid4()),
                "Deadline-Ms": str(int((time.time() + float(timeout)) * 1000)),
                "Invoked-Function-Arn": ARN,
            }
            self.answer(200, json.dumps(waiting.pop(0)).encode(), given)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answers.append([self.path.split("/", 3)[3].rpartition("/")[2], body])
            self.answer(202, b'{"status":"OK"}', {})

        def answer(self, status: int, body: bytes, given: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in given.items():
                self.send_header(f"Lambda-Runtime-{name}", value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(ADDRESS, Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_ENGINE}
    environment["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:9001"
    process = subprocess.Popen(
        ["/lambda-entrypoint.sh", handler], cwd="/var/task", env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    printed: list[bytes] = []
    assert process.stdout
    reading = threading.Thread(target=lambda: printed.extend(process.stdout or ()), daemon=True)
    reading.start()
    deadline = time.monotonic() + float(timeout)
    while not through.wait(0.05) and process.poll() is None and time.monotonic() < deadline:
        pass
    code = process.poll()
    process.kill()
    reading.join(5)
    log = b"".join(printed).decode(errors="replace")
    Path(out).write_text(json.dumps({"answers": answers, "log": log, "exit": code}))
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
