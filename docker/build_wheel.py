"""Builds a wheel from source (PEP 517), where nothing of ours is: as nobody, in a container alone.

    build_wheel.py requires SDIST TMP BACKEND    prints what it wants beside, behind `= ` (JSON)
    build_wheel.py wheel SDIST TMP BACKEND       leaves the wheel as TMP/built.whl

What the package does against PEP 517 is the last line, behind `! `, and the exit status 1.

BACKEND is JSON: {"build-backend", "backend-path"} of its pyproject.toml. What the backend needs
lies at /opt. Its hooks run in a process of their own; standard library only.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

OPT = "/opt"
BEAT = 5.0  # seconds
LARGEST = 1 << 20  # characters of an answer
HOOK = """
import importlib, json, sys
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
    while (code := ended(running)) is None:
        print(f"~ {hook}", flush=True)
    if code:
        raise SystemExit(code)
    try:
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


if __name__ == "__main__":
    main(*sys.argv[1:])
