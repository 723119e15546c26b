"""`trace`: the command, and the files of the app that it runs with. What it opens decides the
layer's content, so both are part of the input hash."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..chalice_project.app_file_names import PACKED
from ..requirements import host_python
from ..settings import paths
from ..settings.model import Settings
from ..util import files, input_files
from ..util.errors import SettingsError

OF_CHECK = "check"  # the setting's value that means the project's own check
SCRIPTS = ("run_traced.py", "trace_hook.py")


def words(settings: Settings) -> list[str]:
    """The command as typed, of `check` as it is run. SettingsError."""
    if settings.trace == OF_CHECK:
        if not settings.check:
            raise SettingsError('trace = "check", but there is no check', fix="name one: check = …")
        return ["python", *([] if settings.check.endswith(".py") else ["-m"]), settings.check]
    try:
        found = shlex.split(settings.trace)
    except ValueError as error:
        raise SettingsError(
            f"trace = {settings.trace!r}: {error}",
            fix="close the quotes of `trace` in [tool.lambda-layer]",
        ) from None
    return ["python", *found] if found[:1] and found[0].endswith(".py") else found


def named(settings: Settings) -> dict[str, Path]:
    """{path in the project: file} of the app and of what the command names."""
    command = words(settings)
    typed = (*(each.partition("::")[0] for each in command), *_modules(command))
    roots = [Path(each) for each in (*PACKED, *typed) if _is_inside(each)]
    found = {path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))}
    kept = (path for path in found if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path for path in sorted(kept)}


def _modules(command: Sequence[str]) -> Iterator[str]:
    """Where those lie that it names behind `-m`: of `tests.test_app` all of tests/."""
    for word in command[command.index("-m") + 1 :] if "-m" in command else ():
        outermost = word.split(".")[0]
        yield from (outermost, f"{outermost}.py") if outermost.isidentifier() else ()


def _is_inside(word: str) -> bool:
    """A file or folder of the project?"""
    path = Path(word)
    plain = not path.is_absolute() and ".." not in path.parts and path.parts and word[:1] != "-"
    return bool(plain) and path.exists()


def part(settings: Settings, builder: str) -> dict[str, str]:
    """Of the input hash. {} without a trace. `builder`: `docker` or `host`, which may not run the
    layer: what nothing was observed of is another layer."""
    if not settings.trace:
        return {}
    contents = {
        name: files.digest(input_files.read(path).hex()) for name, path in named(settings).items()
    }
    scripts = [(paths.DOCKER / name).read_text(encoding="utf-8") for name in SCRIPTS]
    runs = builder == "docker" or host_python.runs(settings)
    untraced = {} if runs else {"traced": "no"}
    return untraced | {
        "trace": files.digest([words(settings), contents, scripts, settings.proof_env])
    }
