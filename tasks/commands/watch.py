"""`doit watch`: every save is deployed, with what it needs and nothing more.

A deploy is a run of its own, as if it had been typed. The next one is started ahead and waits
(cli/prepared.py), so that a save need not wait for its imports.
"""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..chalice_project.app_file_names import APP, LIBRARY, VENDOR
from ..context.doit_actions import action
from ..context.settings import current, is_typed
from ..settings import paths
from ..settings.model import LOCAL, Settings
from ..ui.console import say
from ..util import files, input_files, source_location, subprocesses
from ..util.invoked_as import PACKAGE
from .python_matrix import ended

PREPARED = f"{PACKAGE}.cli.prepared"
WRITTEN = {".py", ".txt", ".in", ".lock", ".toml", ".json"}  # by people, beside app.py
LOOK_MS, QUIET_MS = 1000, 50  # between two looks without a sign; until a save counts as done
Snapshot = dict[Path, tuple[int, int]]  # {file: (when it was written, bytes)}


def task_watch() -> dict[str, object]:
    """Deploy on every save, until Ctrl-C."""
    settings = current() if is_typed("stage") else current(LOCAL)
    return {"actions": [action(lambda: watch(settings))]}


def watch(settings: Settings) -> None:
    """Until Ctrl-C, which is how it ends."""
    words, known = _words(settings), Snapshot()
    deploy = prepare(words)
    try:
        while True:
            if snapshot() == known:
                wait_for_save()
                continue
            known = deploy_and_look(deploy, settled())
            if deploy.poll() is not None:
                deploy = prepare(words)
            say("waiting for the next save (Ctrl-C ends this)")
    except KeyboardInterrupt:
        say("stopped")
    finally:
        end(deploy)


def deploy_and_look(deploy: "subprocess.Popen[bytes]", now: Snapshot) -> Snapshot:
    """The files as they were deployed. Of config.json as the deploy has left it."""
    if found := list(faults()):
        for fault in found:
            say(fault)
        return now
    go(deploy)
    return {
        **now,
        **{path: how for path, how in snapshot().items() if path == paths.CHALICE_CONFIG},
    }


def _words(settings: Settings) -> list[str]:
    """What is typed for each deploy: one line a step, and what was typed for this."""
    given = [word for word in sys.argv[1:] if "=" in word and not word.startswith("stage=")]
    verbosity = sys.argv[2] if sys.argv[1:2] == ["-v"] else "1"
    return ["-v", verbosity, "deploy", *given, f"stage={settings.stage}"]


def prepare(words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", PREPARED, *words], stdin=subprocess.PIPE,
        preexec_fn=subprocesses.end_with_parent,
    )  # fmt: skip


def go(deploy: "subprocess.Popen[bytes]") -> None:
    """One that fails has said why. The next save may mend it."""
    assert deploy.stdin
    with suppress(BrokenPipeError), deploy.stdin:
        deploy.stdin.write(b"go\n")
    ended(deploy)


def end(deploy: "subprocess.Popen[bytes]") -> None:
    """One that nobody needs any more."""
    deploy.terminate()
    deploy.communicate()


def wait_for_save() -> None:
    """Or a second: not every file system tells of changes."""
    from watchfiles import watch as changes

    with suppress(FileNotFoundError):  # a folder went in that moment
        next(
            changes(
                *folders(), recursive=False, step=QUIET_MS, debounce=10 * QUIET_MS,
                rust_timeout=LOOK_MS, yield_on_timeout=True, raise_interrupt=True,
            )
        )  # fmt: skip


def folders() -> list[Path]:
    """Those that hold what is deployed, without what is below them."""
    walked = [os.walk(folder) for folder in (LIBRARY, VENDOR)]
    below = [Path(folder) for each in walked for folder, _, _ in each]
    return [Path(), *filter(Path.is_dir, [paths.CHALICE_CONFIG.parent]), *below]


def snapshot() -> Snapshot:
    """All that a deploy is made from and that people write."""
    found = {}
    for path in _watched():
        with suppress(OSError):  # gone since
            how = path.stat()
            found[path] = (how.st_mtime_ns, how.st_size)
    return found


def settled() -> Snapshot:
    """When the writing has come to an end: an editor may empty a file first."""
    now, before = snapshot(), Snapshot()
    while now != before:
        time.sleep(QUIET_MS / 1000)
        now, before = snapshot(), now
    return now


def _watched() -> Iterator[Path]:
    for path in Path().iterdir():
        if path.suffix in WRITTEN and not path.name.startswith("."):
            yield path
    yield from paths.CHALICE_CONFIG.parent.glob("*.json")
    for folder in (LIBRARY, VENDOR):
        yield from (path for path in files.walk(folder) if "__pycache__" not in path.parts)


def faults() -> Iterator[str]:
    """Of the app's own code: what is no Python, with file and line."""
    for path in [*filter(Path.is_file, [APP]), *sorted(LIBRARY.rglob("*.py"))]:
        try:
            ast.parse(input_files.read(path), filename=str(path))
        except SyntaxError as error:
            place = source_location.at(path, error.lineno or 1, column=error.offset or 1)
            yield source_location.below(f"{path} is not Python: {error.msg}", place)
        except (OSError, ValueError) as error:
            yield f"{path} cannot be read: {error}"
