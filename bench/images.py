"""`package = "image"`: what is pushed, how long it takes beside `docker build` of the Dockerfile
that docs/container-images.md quotes, and how much memory assembly takes.

Ours goes to the emulator's registry, Docker's to Debian's `docker-registry`, both on this
machine and empty at the first push. Bytes and requests do not depend on other work. Times do.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import image_memory
from bench.checkouts import REQUIREMENTS, ROOT, Checkout
from bench.measure import Command, run
from bench.peers import HERE
from bench.results import Result, Table, write
from tasks.context.settings import current
from tasks.ui.console import size

DEPLOY = ("deploy", "stage=local")
PUSH = ("push", "stage=local")
SMALL = ("python-dotenv==1.0.1", "python-dotenv==1.0.0")  # a pin of 40 kB
FEW, KILOBYTES, MEGABYTES = 15, 100_000, 3_000_000  # the goals
FIRST, LINE, MEMORY = 0.5, 0.1, 200_000_000
BUILT, FIRST_PUSH, LINE_PUSH = "packages built and tested", "the first push", "a changed line"
# Of the source document, with arguments that let pip find what is downloaded already.
DOCKERFILE = """FROM {image}
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
COPY requirements-all.txt .
RUN pip install -r requirements-all.txt
COPY . .
CMD ["app.handler"]
"""
REGISTRY = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: 127.0.0.1:{port}}}
"""


@dataclass(kw_only=True)
class Figures:
    """`pushed`: {deploy: push's record}. `digests`: of one content, by checkout. `seconds`: {work:
    [(ours, Docker's)]}. `memory`: bytes. `load`: of the machine, the highest that was seen."""

    pushed: dict[str, dict[str, Any]] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    seconds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    memory: int = 0
    load: float = 0.0

    def add(self, work: str, ours: float, theirs: float) -> None:
        self.seconds.setdefault(work, []).append((ours, theirs))
        self.look()

    def look(self) -> None:
        self.load = max(self.load, os.getloadavg()[0])


def main(runs: int) -> None:
    found = Figures()
    _push(found)
    for turn in range(runs):
        print(f"round {turn + 1} of {runs}", flush=True)
        _race(found, turn)
    found.memory = image_memory.measure()
    found.look()
    show(found, runs)


# ---- what is pushed -----------------------------------------------------------------------------


def _push(found: Figures) -> None:
    ours = _checkout("image")
    try:
        for name, change in _changes(ours).items():
            change()
            run(ours.doitw(*DEPLOY))
            found.pushed[name] = _record(ours)
            found.look()
    finally:
        ours.stop_aws()
    other = _checkout("image-too")
    try:
        for name in REQUIREMENTS:
            shutil.copy2(ours.path / name, other.path / name)
        shutil.copy2(ours.path / "app.py", other.path / "app.py")
        run(other.doitw(*PUSH))
        found.digests = [_record(each)["digest"] for each in (ours, other)]
    finally:
        other.stop_aws()


def _checkout(name: str) -> Checkout:
    made = Checkout(name, "docker", 'package = "image"')
    made.empty()
    return made


def _changes(ours: Checkout) -> dict[str, Callable[[], object]]:
    """{deploy: what a person does before it}"""
    requirements = (ours.path / REQUIREMENTS[0]).read_text(encoding="utf-8")
    changed = requirements.replace(*SMALL)
    return {
        "the first": lambda: None,
        "one line of the app changed": lambda: _line(ours.path, 0),
        "one pin of 40 kB changed": lambda: ours.locked(changed),
    }


def _line(folder: Path, number: int) -> None:
    with (folder / "app.py").open("a", encoding="utf-8") as file:
        file.write(f"\n# line {number}\n")


def _record(checkout: Checkout) -> dict[str, Any]:
    (path,) = (checkout.path / "build" / "push").glob("*/local.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


# ---- beside docker build ------------------------------------------------------------------------


def _race(found: Figures, turn: int) -> None:
    """Both from nothing but downloads, then with one line more."""
    ours = _checkout("image")
    folder = HERE / "work" / "dockerfile"
    try:
        with _registry(HERE / "work" / "registry") as place, _peer(folder) as wheels:
            tag = f"{place}/bench:1"
            try:
                built = run(ours.doitw()).seconds
                found.add(BUILT, built, 0.0)
                mine = run(ours.doitw(*PUSH)).seconds
                found.add(FIRST_PUSH, mine, _docker(folder, tag, wheels, fresh=True))
                for each in (ours.path, folder):
                    _line(each, turn)
                mine = run(ours.doitw(*PUSH)).seconds
                found.add(LINE_PUSH, mine, _docker(folder, tag, wheels, fresh=False))
            finally:
                subprocess.run(["docker", "rmi", tag], check=False, stdout=subprocess.DEVNULL)
    finally:
        ours.stop_aws()


def _docker(folder: Path, tag: str, wheels: str, *, fresh: bool) -> float:
    """Seconds of build and push. `wheels`: where pip finds them."""
    told = [f"PIP_FIND_LINKS={wheels}", "PIP_NO_INDEX=1"]
    arguments = [word for each in told for word in ("--build-arg", each)]
    words = ["docker", "build", "--network", "host", *arguments, "--tag", tag, "."]
    words[2:2] = ["--no-cache"] * fresh
    built = run(Command(words=tuple(words), folder=folder)).seconds
    return built + run(Command(words=("docker", "push", tag), folder=folder)).seconds


@contextmanager
def _peer(folder: Path) -> Iterator[str]:
    """Where its wheels are served, downloaded before the clock starts."""
    wheels = HERE / "work" / "wheels"
    words = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels.absolute()),
             "--requirement", str(ROOT / REQUIREMENTS[0]))  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(Command(words=words, folder=folder))
    for name in (REQUIREMENTS[0], "app.py"):
        shutil.copy2(ROOT / name, folder / name)
    text = DOCKERFILE.format(image=current().base_image)
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    (folder / ".dockerignore").write_text("bench.log\n", encoding="utf-8")
    port = _free_port()
    serve = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with _process([*serve, "--directory", str(wheels)], port):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def _process(words: list[str], port: int) -> Iterator[None]:
    """While it listens."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _registry(folder: Path) -> Iterator[str]:
    """An empty one. Its address."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port, config = _free_port(), folder / "config.yml"
    config.write_text(REGISTRY.format(folder=folder.absolute() / "data", port=port), "utf-8")
    with _process(["docker-registry", "serve", str(config)], port):
        yield f"127.0.0.1:{port}"


# ---- tables -------------------------------------------------------------------------------------


def show(found: Figures, runs: int) -> None:
    loaded = f" Other work ran on the machine (load up to {found.load:.0f})." * (found.load > 3)
    tables = [
        Table(
            caption='`package = "image"`, the example\'s 37 packages on stage `local` with Docker. '
            "Bytes are those of blobs that were pushed, requests those to the registry.",
            columns=("deploy", "image layers", "bytes pushed", "requests", "goal", ""),
            rows=[*_pushes(found)],
        ),
        Table(
            caption=f"Beside `docker build` of the Dockerfile of docs/container-images.md and "
            f"`docker push`, {runs} round(s) in turn. Each has its downloads: uv's cache here, a "
            "server of wheels on this machine there. Ours starts the handlers in the image, too."
            f"{loaded}",
            columns=("work", "./doitw push", "docker build + push", "ratio", "goal", ""),
            rows=[*_times(found)],
        ),
        Table(
            caption="The rest:",
            columns=("what", "came out", "goal", ""),
            rows=[*_rest(found)],
        ),
    ]
    figures = {
        "pushed": found.pushed, "digests": found.digests, "seconds": found.seconds,
        "memory": found.memory, "load": found.load,
    }  # fmt: skip
    write(Result(part="images", tables=tables, figures=figures,
                 versions={"image": current().base_image}))  # fmt: skip


def _mark(is_kept: bool) -> str:
    return "✓" if is_kept else "✗"


def _pushes(found: Figures) -> Iterator[list[str]]:
    goals = {
        "one line of the app changed": (KILOBYTES, FEW, "≤ 100 kB, ≤ 15"),
        "one pin of 40 kB changed": (MEGABYTES, 10**9, "≤ 3 MB"),
    }
    for name, each in found.pushed.items():
        most, asked, goal = goals.get(name, (10**12, 10**9, "–"))
        kept = _mark(each["pushed"] <= most and each["asked"] <= asked) if name in goals else ""
        layers = f"{each['new']} of {each['layers']}"
        yield [name, layers, size(each["pushed"]), str(each["asked"]), goal, kept]


def _times(found: Figures) -> Iterator[list[str]]:
    """The peers: an engine that has nothing of a build before, as on a machine of CI, and one that
    has it, where `COPY . .` is all that is done again."""
    mine = {work: statistics.median(x for x, _ in each) for work, each in found.seconds.items()}
    theirs = {work: statistics.median(x for _, x in each) for work, each in found.seconds.items()}
    built, first, line = BUILT, FIRST_PUSH, LINE_PUSH
    for work, ours, docker, goal in (
        (f"{first}: assembled of tested packages", mine[first], theirs[first], FIRST),
        (
            "the same, and the packages built and tested",
            mine[built] + mine[first],
            theirs[first],
            0,
        ),
        (f"{line}, the engine has no build before", mine[line], theirs[first], LINE),
        (f"{line}, the engine has the build before", mine[line], theirs[line], LINE),
    ):
        ratio = ours / docker
        wanted = (f"≤ {goal}", _mark(ratio <= goal)) if goal else ("–", "")
        yield [work, f"{ours:.1f} s", f"{docker:.1f} s", f"{ratio:.2f}", *wanted]


def _rest(found: Figures) -> Iterator[list[str]]:
    same = len({*found.digests}) == 1
    said = "the same digest" if same else "two digests"
    yield ["the same content in two checkouts", said, "the same", _mark(same)]
    kept = found.memory <= MEMORY
    yield ["peak memory: a blob of 3 GB of parts", size(found.memory), "≤ 200 MB", _mark(kept)]
