"""Builds a wheel from source (PEP 517), where nothing of ours is: as nobody, in a container alone.

    build_wheel.py requires SDIST TMP BACKEND    prints what it wants beside, behind `= ` (JSON)
    build_wheel.py wheel SDIST TMP BACKEND       leaves the wheel in TMP/wheel/

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
        call(source, tmp, backend, "build_wheel", str(target))


def unpacked(sdist: Path, tmp: Path) -> Path:
    """Its one folder. shutil takes nothing that leads out, where Python is new enough."""
    target = tmp / "source"
    shutil.unpack_archive(sdist, target)
    folders = [each for each in target.iterdir() if each.is_dir()]
    if len(folders) != 1:
        raise SystemExit("the source distribution has not one folder")
    return folders[0]


def call(source: Path, tmp: str, backend: str, hook: str, where: str) -> Any:
    """SystemExit with the status of a hook that fails."""
    asked, result = json.loads(backend), Path(tmp, "result.json")
    paths = [str(source / each) for each in asked["backend-path"]]
    words = json.dumps([asked["build-backend"], paths, hook, where, str(result)])
    path = f"{OPT}/bin:{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [sys.executable, "-c", HOOK, words], cwd=source, check=False,
        env={**os.environ, "PYTHONPATH": OPT, "PATH": path},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.returncode)
    return json.loads(result.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:])
