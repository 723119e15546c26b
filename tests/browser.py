"""A real browser, headless, looks at pages as a phone shows them and follows their links."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-proxy-server", "--window-size=800,900",
)  # fmt: skip
PHONE = 390  # CSS pixels wide
PATIENCE = 120.0  # seconds until a browser that says nothing counts as broken
# Before all else in each page: what goes wrong in its scripts, told to the looker.
LISTENER = b"""<script>
addEventListener("error", event => event.message && parent.failed?.push(event.message));
addEventListener("unhandledrejection", event => parent.failed?.push(String(event.reason)));
</script>"""
HEAD = re.compile(rb"^\s*(<!doctype[^>]*>)?\s*(<html[^>]*>)?\s*(<head[^>]*>)?", re.I)
LOOKER = """<!doctype html><meta charset="utf-8"><title>look</title><body><script>
const PHONE = %(phone)d, PAGES = %(pages)s;
const texts = {}, failed = window.failed = [];
function text(url) {
  texts[url] ??= fetch(url).then(async r => r.ok ? await r.text() : null);
  return texts[url];
}
function sticksOut(view, node) {
  if (node.getBoundingClientRect().right <= PHONE + 1) return false;
  for (let at = node; at && at !== view.document.body; at = at.parentElement) {
    const style = view.getComputedStyle(at);
    if (style.overflowX !== "visible" || style.position === "fixed") return false;
  }
  return true;
}
function hasLetters(node) {
  const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
  return own && node.checkVisibility() && node.getClientRects().length > 0;
}
async function broken(view) {
  const wrong = [];
  for (const node of view.document.querySelectorAll("[href], [src]")) {
    const url = new URL(node.href?.animVal ?? node.href ?? node.src, view.location);
    const loaded = !node.matches("a, link[rel=canonical], link[rel=prev], link[rel=next]");
    if (!/^https?:$/.test(url.protocol)) continue;
    if (url.origin !== location.origin) {
      if (loaded) wrong.push("loads " + url);
      continue;
    }
    const found = await text(url.pathname);
    if (found === null) wrong.push(url.pathname);
    else if (url.hash.length > 1) {
      const id = decodeURIComponent(url.hash.slice(1));
      const there = new DOMParser().parseFromString(found, "text/html");
      if (!there.getElementById(id)) wrong.push(url.pathname + url.hash);
    }
  }
  return [...new Set(wrong)];
}
async function look(page) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${PHONE}px; height: 844px; border: 0`;
  document.body.append(frame);
  await new Promise(done => {
    frame.onload = done;
    frame.src = page;
  });
  await new Promise(done => setTimeout(done, 50));
  const view = frame.contentWindow, root = view.document.documentElement;
  const text = view.document.querySelector("article") ?? view.document.body;  // no menus
  const sizes = [...text.querySelectorAll("*")].filter(hasLetters)
    .map(n => parseFloat(view.getComputedStyle(n).fontSize));
  const result = {
    page, errors: failed.splice(0), width: root.scrollWidth, broken: await broken(view),
    wide: [...view.document.body.querySelectorAll("*")].filter(n => sticksOut(view, n))
      .slice(0, 5).map(n => n.tagName + "." + n.className),
    viewport: !!view.document.querySelector("meta[name=viewport]"),
    labels: [...view.document.querySelectorAll(".package b")].filter(hasLetters).length,
    smallest: Math.min(...sizes, 99), words: view.document.body.innerText.length,
    copied: [...view.document.querySelectorAll(".language-console [data-clipboard-text]")]
      .map(n => n.dataset.clipboardText),
    palettes: view.document.querySelectorAll("input[name=__palette]").length,
  };
  frame.remove();
  return result;
}
(async () => {
  let results = [];
  try {
    for (const page of PAGES) results.push(await look(page));
  } catch (error) {
    results = {failed: `${error}\\n${error.stack}`};
  }
  await fetch("/__seen", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """`errors`: what its scripts did not catch; `width`: CSS pixels that the page takes on a phone;
    `wide`: what sticks out; `broken`: links that lead nowhere and what is loaded from elsewhere;
    `labels`: names that a report's map shows; `smallest`: letters, in CSS pixels; `copied`: what
    each transcript's button copies; `palettes`: light, dark."""

    page: str
    errors: list[str]
    width: int
    broken: list[str]
    wide: list[str]
    viewport: bool
    labels: int
    smallest: float
    words: int
    copied: list[str]
    palettes: int


class _Handler(SimpleHTTPRequestHandler):
    """The folder, the looker, and what it found."""

    def __init__(self, *arguments: Any, looker: str, found: "_Found", **named: Any) -> None:
        self._looker, self._found = looker, found
        super().__init__(*arguments, **named)

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if self.path == "/__look.html":
            self._page(self._looker.encode())
        elif file.suffix == ".html" and file.is_file():
            self._page(HEAD.sub(lambda found: found[0] + LISTENER, file.read_bytes(), count=1))
        else:
            super().do_GET()

    def _page(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self._found.results = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self._found.told.set()

    def log_message(self, *arguments: object) -> None:
        """Nothing: the tests' output is read by people."""


class _Found:
    def __init__(self) -> None:
        self.told = threading.Event()
        self.results: Any = None


def program() -> str:
    """The browser; AssertionError says how to get one."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Chromium here: ./doitw test installs it (apt-get install chromium)"
    return found


def look(folder: Path, pages: Sequence[str]) -> list[Seen]:
    """Each page of a folder, as it is on a phone. `pages`: paths below it."""
    asked = {"phone": PHONE, "pages": json.dumps([f"/{page}" for page in pages])}
    results = told(folder, LOOKER % asked)
    assert isinstance(results, list), results
    return [Seen(**each) for each in results]


def told(folder: Path, looker: str) -> Any:
    """What a page of an origin of its own says: its script POSTs JSON to `/__seen`."""
    found = _Found()
    handler = partial(_Handler, directory=str(folder), looker=looker, found=found)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            _visit(f"http://127.0.0.1:{server.server_port}/__look.html", found)
        finally:
            server.shutdown()
            thread.join()
    return found.results


def _visit(address: str, found: _Found) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        words = [program(), *FLAGS, f"--user-data-dir={home}", "--remote-debugging-port=0", address]
        browser = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            assert found.told.wait(PATIENCE), "the browser has not said what it saw"
        finally:
            browser.terminate()
            browser.wait()
