"""Which removed file an import misses.

    blame.py OPT COPY REMOVED REQUEST

OPT/python is the layer, which is copied to COPY, where files go in and out. REMOVED is a zip of
what pruning took, as it was installed. REQUEST (JSON): {"kind": "import" or "load", "name": …,
"removed": {rule: [paths]}}. What it found is its last line, behind `= `: {"rule", "paths"}, the
smallest set. "rule" is '' where several rules are at fault together, and without paths where it
works by itself, null where no file helps.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - no pathlib before the probe
import probe  # first: it takes down which modules Lambda's runtime has imported

del sys.modules["probe"], sys.path[0]  # the layer may have a module of that name
# ruff: noqa: E402 - behind the probe
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

TRIES = 200
Works = Callable[[list[str]], bool]


def main(opt: str, copy: str, removed: str, request: str) -> None:
    probe.close_off()
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    copy_writable(opt, copy)
    with zipfile.ZipFile(removed) as installed:
        found = blame(Path(copy), installed, asked)
    print(f"= {json.dumps(found)}", flush=True)


def copy_writable(opt: str, copy: str) -> None:
    """The layer's folders may be read-only where they lie. Files go in and out of these."""
    shutil.copytree(opt, copy)
    for folder, _, _ in os.walk(copy):
        Path(folder).chmod(0o755)


def blame(opt: Path, installed: zipfile.ZipFile, request: dict[str, Any]) -> dict[str, Any]:
    wanted = (request["kind"], request["name"])
    there = {*installed.namelist()}
    removed = {
        rule: [path for path in paths if f"python/{path}" in there]
        for rule, paths in request["removed"].items()
    }

    def works(paths: list[str]) -> bool:
        undo = [put_back(opt, path, installed) for path in paths]
        batch = probe.Batch("", [wanted])
        probe.run(str(opt), [batch], probe.NOTHING)
        for each in reversed(undo):
            each()
        return not batch.errors[wanted]

    if works([]):
        return {"rule": "", "paths": []}
    for rule, paths in removed.items():
        if works(paths):
            return {"rule": rule, "paths": smallest(paths, works)}
    everything = [path for paths in removed.values() for path in paths]
    if works(everything):
        return {"rule": "", "paths": smallest(everything, works)}
    return {"rule": None, "paths": []}


def smallest(paths: list[str], works: Works) -> list[str]:
    """Leave out parts, ever smaller ones, while the rest is enough (delta debugging)."""
    part, tries = len(paths), TRIES
    while part > 1 and tries:
        part = (part + 1) // 2
        for start in reversed(range(0, len(paths), part)):
            rest = paths[:start] + paths[start + part :]
            if tries and rest:
                tries -= 1
                paths = rest if works(rest) else paths
    return paths


def put_back(opt: Path, name: str, installed: zipfile.ZipFile) -> Callable[[], None]:
    """The file as it was installed. Returns what undoes it."""
    target, aside = opt / "python" / name, opt / "aside" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    existed = target.exists()
    if existed:
        target.rename(aside)
    target.write_bytes(installed.read(f"python/{name}"))

    def undo() -> None:
        target.unlink()
        if existed:
            aside.rename(target)

    return undo


if __name__ == "__main__":
    main(*sys.argv[1:])
