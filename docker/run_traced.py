"""Runs a command once on the layer as installed, and says what it opened of it.

    run_traced.py OPT HOOK FOLDER SECONDS WORD…

OPT/python is what was installed. HOOK holds trace_hook.py as `sitecustomize.py` and
`usercustomize.py`, which each Python process of the command imports as it starts. FOLDER is where
the command runs. The command's output comes first. What it opened is the last line, behind `= `:
{"opened": [paths], "read": [paths that were no imports], "listed": [folders]}, relative to
OPT/python. Ends as the command does. Standard library only.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

LATE = 124  # as timeout(1)


def main(opt: str, hook: str, folder: str, seconds: str, *words: str) -> None:
    with tempfile.TemporaryDirectory() as notes:
        code = run(list(words), folder, environment(opt, hook, folder, notes), float(seconds))
        found = {kind: set[str]() for kind in ("opened", "read", "listed")}
        for path in Path(notes).iterdir():
            for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
                kind, _, name = line.partition("\t")
                found.get(kind, set()).add(name)
    print(f"\n= {json.dumps({kind: sorted(names) for kind, names in found.items()})}", flush=True)
    raise SystemExit(code)


def environment(opt: str, hook: str, folder: str, notes: str) -> "dict[str, str]":
    paths = [hook, folder, f"{opt}/python"]
    libraries = [os.environ.get("LD_LIBRARY_PATH", ""), f"{opt}/lib"]  # the image has its own there
    return {
        **os.environ,
        "PYTHONPATH": ":".join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": ":".join(filter(None, libraries)),
        "PATH": f"{opt}/bin:{os.environ.get('PATH', '')}",
        "LAYER_TRACE": notes,
        "LAYER_TRACE_ROOT": f"{opt}/python",
    }


def run(words: "list[str]", folder: str, environ: "dict[str, str]", seconds: float) -> int:
    """Its exit status, LATE where it did not end in time. Processes that it leaves end with it."""
    try:
        command = subprocess.Popen(words, cwd=folder, env=environ, start_new_session=True)
    except OSError as error:
        print(f"{words[0]}: {error.strerror}", flush=True)
        return 127
    try:
        code = command.wait(seconds)
    except subprocess.TimeoutExpired:
        code = LATE
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    main(*sys.argv[1:])
