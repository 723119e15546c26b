"""Which removed file an import misses.

    blame.py OPT APART REQUEST RESULT

OPT/python is the layer and is written to, APART/<key> its distributions as installed. REQUEST:
{"kind": "import" or "load", "name": …, "removed": {rule: {path: key}}}, RESULT: {"rule", "paths"},
the smallest set found; "rule" is '' where several rules are at fault together, null where no file
helps.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import probe

del sys.modules["probe"], sys.path[0]  # the layer may have a module of that name

TRIES = 200
Works = Callable[[list[str]], bool]


def main(opt: str, apart: str, request: str, result: str) -> None:
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    Path(result).write_text(json.dumps(blame(Path(opt), Path(apart), asked)), encoding="utf-8")


def blame(opt: Path, apart: Path, request: dict[str, Any]) -> dict[str, Any]:
    wanted = (request["kind"], request["name"])
    removed = {rule: list(files) for rule, files in request["removed"].items()}
    sources = {
        path: apart / key / path
        for files in request["removed"].values()
        for path, key in files.items()
    }

    def works(paths: list[str]) -> bool:
        undo = [put_back(opt, path, sources[path]) for path in paths]
        batch = probe.Batch("", [wanted])
        probe.run(str(opt), [batch], probe.NOTHING)
        for each in reversed(undo):
            each()
        return not batch.errors[wanted]

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


def put_back(opt: Path, name: str, source: Path) -> Callable[[], None]:
    """The file as it was installed; returns what undoes it."""
    target, aside = opt / "python" / name, opt / "aside" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    existed = target.exists()
    if existed:
        target.rename(aside)
    shutil.copy2(source, target)

    def undo() -> None:
        target.unlink()
        if existed:
            aside.rename(target)

    return undo


if __name__ == "__main__":
    main(*sys.argv[1:])
