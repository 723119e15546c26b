"""Chalice's process, seen from outside: started, told as JSON what to do, and listened to.

One that has imported app.py waits, and deploys what it has imported: an app is imported once a run.
It is not used for files or variables that changed meanwhile.
"""

import atexit
import json
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ...aws.secrets_manager import hide
from ...util import subprocesses
from .. import environment

RUNNER = f"{__package__.rpartition('.')[0]}.runner"
END_SECONDS = 4  # a CI system gives a job that it cancels ten
Told = Mapping[str, Any]  # {"words" of its command line, "environ", "variables", "report", …}
_AHEAD: "list[Child]" = []  # nothing was told to them
_IMPORTED: "list[Child]" = []  # one at most


@dataclass(kw_only=True)
class Child:
    """`made_from`: what it has imported, as a digest. `lines`: what it said then."""

    process: "subprocess.Popen[str]"
    made_from: str = ""
    lines: list[str] = field(default_factory=list)


def start_ahead(environ: Mapping[str, str]) -> None:
    """Chalice's process, which imports Chalice while other steps are at work."""
    _AHEAD.append(_start(environ, "ahead"))


def import_app(told: Told, made_from: str) -> tuple[int, list[str]]:
    """Exit status and lines of one that imports app.py. 0, and it waits, where it could."""
    _end_imported()
    mark = secrets.token_hex()
    child = _AHEAD.pop() if _AHEAD else _start(told["environ"])
    for line in _said(child, {**told, "mark": mark}):
        if line.strip() == mark:
            _IMPORTED.append(child)
            child.made_from = made_from
            child.lines = child.lines[:-1] if child.lines[-1:] == ["\n"] else child.lines
            return 0, child.lines
        child.lines.append(line)
    return _ended(child), child.lines


def run(told: Told, made_from: str, hear: Callable[[str], None]) -> int:
    """Exit status of Chalice's command line. `hear` gets each of its lines, those of the import,
    too, without a secret's values."""
    child = _fitting(made_from) or (_AHEAD.pop() if _AHEAD else _start(told["environ"]))
    for line in child.lines:
        hear(line)
    for line in _said(child, told):
        hear(line)
    return _ended(child)


def _fitting(made_from: str) -> Child | None:
    """The one that waits, if it has imported just this."""
    if _IMPORTED and _IMPORTED[0].made_from == made_from:
        return _IMPORTED.pop()
    _end_imported()
    return None


def _start(environ: Mapping[str, str], *words: str) -> Child:
    process = subprocess.Popen(
        environment.command(RUNNER, *words), env=dict(environ), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=subprocesses.die_with_parent, errors="replace",  # an app may print anything
    )  # fmt: skip
    return Child(process=process)


def _said(child: Child, told: Told) -> Iterator[str]:
    """Line by line, as it comes."""
    process = child.process
    assert process.stdin
    assert process.stdout
    with _ending(process):
        with suppress(BrokenPipeError):  # it died before: its words say why
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
        for printed in process.stdout:
            yield hide(printed, told["variables"])


def _ended(child: Child) -> int:
    """Its exit status."""
    assert child.process.stdin
    with child.process, suppress(BrokenPipeError):
        child.process.stdin.close()
    return child.process.returncode


@contextmanager
def _ending(process: "subprocess.Popen[str]") -> Iterator[None]:
    """A run that is stopped stops chalice first: it gives its lock back only after that. An app may
    handle the signal, and go on."""
    try:
        yield
    except GeneratorExit:
        raise
    except BaseException:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        process.kill()
        process.wait()
        raise


@atexit.register
def _end_imported() -> None:
    """One that nobody needs any more."""
    while _IMPORTED:
        child = _IMPORTED.pop()
        child.process.kill()
        _ended(child)
