"""A package index of hand-made wheels on 127.0.0.1: what the installer does and says."""

import base64
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ANY = "py3-none-any"
BUILD_SYSTEM = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@dataclass(frozen=True, kw_only=True)
class Index:
    """`root` is what is served; `url` goes into UV_DEFAULT_INDEX."""

    root: Path
    url: str

    def add(
        self, name: str, version: str, *headers: str, tag: str = ANY,
        files: Mapping[str, bytes] | None = None,
    ) -> Path:  # fmt: skip
        """A wheel; without `files` it holds one module of its name. `headers`: of METADATA."""
        data = wheel(name, version, headers, files or {f"{name}.py": b"x = 1\n"}, tag)
        return self.put(name, f"{name}-{version}-{tag}.whl", data)

    def add_sdist(self, name: str, version: str, backend: str) -> Path:
        """Without a wheel beside it: the package has to be built, by this module (PEP 517)."""
        folder = f"{name}-{version}"
        info = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        files = {"PKG-INFO": info, "pyproject.toml": BUILD_SYSTEM, "backend.py": backend}
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            for path, text in files.items():
                member = tarfile.TarInfo(f"{folder}/{path}")
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        return self.put(name, f"{folder}.tar.gz", out.getvalue())

    def put(self, name: str, file: str, data: bytes) -> Path:
        """Any bytes under any name, listed with their hash (PEP 503)."""
        folder = self.root / "simple" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
        with (folder / "index.html").open("a", encoding="utf-8") as page:
            digest = hashlib.sha256(data).hexdigest()
            page.write(f'<a href="{file}#sha256={digest}">{file}</a>\n')
        return folder / file


def wheel(
    name: str, version: str, headers: tuple[str, ...], files: Mapping[str, bytes], tag: str = ANY
) -> bytes:
    """A wheel's bytes, RECORD and all."""
    info = f"{name}-{version}.dist-info"
    more = "".join(f"{each}\n" for each in headers)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"
    about = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    members = {**files, f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": about.encode()}
    record = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in members.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return out.getvalue()


def _digest(data: bytes) -> str:
    raw = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={raw.rstrip(b'=').decode()}"


@contextmanager
def serving(
    root: Path, host: str = "127.0.0.1", login: str = "", watch: Callable[[], None] = lambda: None
) -> Iterator[Index]:
    """Serve what is in `root`, on a free port of this address; where a `login` (`name:password`)
    is set, to nobody else. `watch` is called while somebody waits for an answer."""
    handler = type("Handler", (_Quiet,), {"login": login, "watch": staticmethod(watch)})
    server = ThreadingHTTPServer((host, 0), partial(handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Index(root=root, url=f"http://{host}:{server.server_port}/simple")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    login = ""
    watch: Callable[[], None]

    def do_GET(self) -> None:
        self.watch()
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if not self.login or self.headers.get("Authorization") == wanted:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="index"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def end_headers(self) -> None:
        """What was added since is seen: uv keeps pages for ten minutes otherwise."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the tests' output is read by people."""
