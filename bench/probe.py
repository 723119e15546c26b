"""Runs in the sandbox, on one tree. Standard library only. Prints one line of JSON.

probe.py PYTHON_FOLDER REQUEST.json     REQUEST: `{"direct", "timed", "distributions", "runs"}`
"""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# Each in an interpreter of its own: the time that importing takes, and what was compiled for it.
TIMED = """
import sys, time
sys.path.insert(0, sys.argv[1])
start = time.perf_counter()
for name in sys.argv[2:]:
    __import__(name)
print(time.perf_counter() - start)
"""
COUNTED = """
import sys
from importlib.machinery import SourceFileLoader
sys.path.insert(0, sys.argv[1])
count, compile_ = 0, SourceFileLoader.source_to_code
def source_to_code(self, data, path, *more, **named):
    global count
    count += path.startswith(sys.argv[1])
    return compile_(self, data, path, *more, **named)
SourceFileLoader.source_to_code = source_to_code
for name in sys.argv[2:]:
    __import__(name)
print(count)
"""


def main(python: str, request: dict[str, Any]) -> dict[str, Any]:
    imports = {name: run(TIMED, python, [name]) for name in request["direct"]}
    run(TIMED, python, request["timed"])  # the first one warms the file cache
    sys.path.insert(0, python)
    return {
        "imports": sum(bool(said) for said in imports.values()),
        "metadata": sum(map(has_metadata, request["distributions"])),
        "compiled": int(run(COUNTED, python, request["direct"]) or -1),
        "seconds": [float(run(TIMED, python, request["timed"])) for _ in range(request["runs"])],
    }


def run(code: str, python: str, names: list[str]) -> str:
    """What it printed. Nothing when it failed."""
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-S", "-c", code, python, *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.stdout.strip().rpartition("\n")[2] if done.returncode == 0 else ""


def has_metadata(name: str) -> bool:
    """Do version, requires and entry points answer?"""
    try:
        found = importlib.metadata.distribution(name)
        list(found.entry_points), list(found.requires or [])  # asked, whatever they hold
        return bool(found.version)
    except (importlib.metadata.PackageNotFoundError, TypeError):
        return False


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
