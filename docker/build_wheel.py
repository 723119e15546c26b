"""Builds a wheel from source (PEP 517), where nothing of ours is: as nobody, in a container alone.

    build_wheel.py requires SDIST TMP BACKEND    prints what it wants beside, behind `= ` (JSON)
    build_wheel.py wheel SDIST TMP BACKEND       leaves the wheel as TMP/built.whl

What the package does against PEP 517 is the last line, behind `! `, and the exit status 1.

BACKEND is JSON: {"build-backend", "backend-path"} of its pyproject.toml. What the backend needs
lies at /opt. Its hooks run in a process of their own. Standard library only.
"""

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPT = "/opt"
BEAT = 5.0  # seconds
IDLE = 24  # beats without any processor time
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LARGEST = 1 << 20  # characters of an answer
# The source's folder is where it runs, and not where modules are looked for (PEP 517).
HOOK = """
import sys
sys.path[:] = [each for each in sys.path if each]
import importlib, json
backend, paths, hook, where, result = json.loads(sys.argv[1])
sys.path[:0] = paths
module, _, attributes = backend.partition(":")
found = importlib.import_module(module)
for name in attributes.split(".") if attributes else ():
    found = getattr(found, name)
asked = getattr(found, hook, None)
said = asked(where) if asked and where else asked() if asked else []
with open(result, "w") as file:
    json.dump(said, file)
"""


def main(what: str, sdist: str, tmp: str, backend: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # what it leaves behind is found, too
    source = unpacked(Path(sdist), Path(tmp))
    if what == "requires":
        print(f"= {json.dumps(call(source, tmp, backend, 'get_requires_for_build_wheel', ''))}")
    else:
        target = Path(tmp, "wheel")
        target.mkdir(exist_ok=True)
        hand_over(target, call(source, tmp, backend, "build_wheel", str(target)), tmp)


def unpacked(sdist: Path, tmp: Path) -> Path:
    """Its one folder. shutil takes nothing that leads out, where Python is new enough."""
    target = tmp / "source"
    try:
        shutil.unpack_archive(sdist, target)
    except Exception as error:  # whatever an archive can make it raise
        raise SystemExit(f"! its source cannot be unpacked: {error}") from None
    folders = [each for each in target.iterdir() if each.is_dir()]
    if len(folders) != 1:
        raise SystemExit("! its source has not one folder")
    return folders[0]


def hand_over(folder: Path, name: Any, tmp: str) -> None:
    """The one file whose name the backend gives."""
    wheel = folder / name if isinstance(name, str) and name == Path(name).name else folder
    if wheel.is_symlink() or not wheel.is_file():
        raise SystemExit(f"! its build backend says that it built {name!a:.200}: no file is there")
    wheel.replace(Path(tmp, "built.whl"))


def call(source: Path, tmp: str, backend: str, hook: str, where: str) -> Any:
    """SystemExit with the status of a hook that fails."""
    asked, result = json.loads(backend), Path(tmp, "result.json")
    paths = [str(source / each) for each in asked["backend-path"]]
    words = json.dumps([asked["build-backend"], paths, hook, where, str(result)])
    path = f"{OPT}/bin:{os.environ.get('PATH', '')}"
    running = subprocess.Popen(
        [sys.executable, "-c", HOOK, words], cwd=source,
        env={**os.environ, "PYTHONPATH": OPT, "PATH": path},
    )  # fmt: skip
    seen, idle = work_done(), 0
    while (code := ended(running)) is None:
        print(f"~ {hook}", flush=True)
        seen, before = work_done(), seen
        idle = idle + 1 if seen == before else 0
        if idle >= IDLE:
            running.kill()
            running.wait()
            raise SystemExit(f"! its build backend has done nothing for {BEAT * IDLE:.0f} s")
    if code:
        raise SystemExit(code)
    try:
        if not result.is_file():
            raise ValueError
        with result.open(encoding="utf-8") as file:
            return json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        raise SystemExit("! its build backend ended without an answer") from None


def ended(running: "subprocess.Popen[bytes]") -> "int | None":
    """Its status, after a while None: whoever waits outside wants to hear that this process runs,
    which the package could stop."""
    try:
        return running.wait(BEAT)
    except subprocess.TimeoutExpired:
        return None


def work_done() -> "dict[int, list[bytes]]":
    """{process that we have started, directly or not: its processor time, with that of its ended
    children}: the same again where all of them wait, or were stopped."""
    found = dict(processes())
    below = {os.getpid()}
    while more := {each for each, (parent, _) in found.items() if parent in below} - below:
        below |= more
    return {each: found[each][1] for each in below - {os.getpid()} if each in found}


def processes() -> "Iterator[tuple[int, tuple[int, list[bytes]]]]":
    """(number, (parent's, times))"""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
            yield int(process.name), (int(fields[1]), fields[11:15])


if __name__ == "__main__":
    main(*sys.argv[1:])
