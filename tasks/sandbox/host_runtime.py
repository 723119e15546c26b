"""What Lambda's image has in /var/runtime, laid out on this machine for builder=host. It is the
runtime client and the SDK, as links to the tool's own packages and to nothing else of it.

The client's compiled part is made for one Python: under another, docker/runtime_client.py is in its
place.
"""

import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from ..settings import paths
from ..util import files
from ..util.errors import BuildError
from . import isolation

PACKAGES = ("awslambdaric", "boto3")
SCRIPTS = ("bootstrap.py", "runtime_client.py")
OF_PLACES = ("LD_LIBRARY_PATH", "AWS_LAMBDA_EXEC_WRAPPER")  # variables that the start obeys
_ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


def lay_out(names: Mapping[str, str]) -> None:
    """`names`: the sandbox's. The folder {runtime} is made once. BuildError where the tool's own
    installation lacks something."""
    folder = Path(names["{runtime}"])
    if folder.exists():
        return
    folder.mkdir()
    python = _version(names["{interpreter}"])
    for name in _files(PACKAGES):
        if not (name.suffix == ".so" and python != _version(sys.executable)):
            (folder / name.name).symlink_to(name.resolve())
    for script in SCRIPTS:
        if not list(folder.glob(f"{script.removesuffix('.py')}.*")):
            (folder / script).write_bytes((paths.DOCKER / script).read_bytes())
    start = folder / "bootstrap"
    start.write_text(_start(names, python), encoding="utf-8")
    start.chmod(0o755)


def moved(environment: Mapping[str, str], opt: str) -> dict[str, str]:
    """The function's variables where its layers do not lie in /opt."""
    own = {name: environment[name] for name in OF_PLACES if name in environment}
    return {**environment} | {
        name: ":".join(re.sub(r"^/opt(?=/)", lambda _: opt, each) for each in value.split(":"))
        for name, value in own.items()
    }


def contents() -> list[list[str]]:
    """What decides what lies there: the packages with their versions, and our own scripts."""
    packages = sorted([each.name, each.version] for each in _needed(PACKAGES))
    return [*packages, *([name, files.file_digest(paths.DOCKER / name)] for name in SCRIPTS)]


def _version(interpreter: str) -> str:
    import subprocess

    if interpreter == sys.executable:
        return f"{sys.version_info[0]}.{sys.version_info[1]}"
    asked = [interpreter, "-I", "-S", "-c", _ASK]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def _start(names: Mapping[str, str], python: str) -> str:
    """As Lambda's own, without this machine's packages (-S). Where task and runtime are seen, their
    variables say. A function may have a wrapper that starts it, and a LD_LIBRARY_PATH of its own
    (Lambda Developer Guide, "Modifying the runtime environment")."""
    opt, task = shlex.quote(names["{opt}"]), '"$LAMBDA_TASK_ROOT"'
    interpreter = names["{interpreter}"]
    program = shlex.quote(isolation.program(interpreter))
    own = isolation.loading({}, interpreter).get(isolation.LOADER, "")  # without it, no start
    more = shlex.quote(f":{own}") if own else ""
    return f"""#!/bin/sh
export AWS_EXECUTION_ENV=AWS_Lambda_python{python}
case $LD_LIBRARY_PATH in
'' | {shlex.quote(own)}) LD_LIBRARY_PATH={task}:{task}/lib:{opt}/lib{more} ;;
esac
export LD_LIBRARY_PATH
set -- {program} -S "$LAMBDA_RUNTIME_DIR/bootstrap.py" {opt}
wrapper=$AWS_LAMBDA_EXEC_WRAPPER
[ -n "$wrapper" ] || exec "$@"
[ -f "$wrapper" ] || {{ echo "$wrapper: does not exist"; exit 127; }}
[ -x "$wrapper" ] || {{ echo "$wrapper: is not an executable"; exit 126; }}
exec "$wrapper" "$@"
"""


def _files(packages: Iterable[str]) -> Iterator[Path]:
    """The outermost files and folders of these packages, and of all that they need."""
    for each in _needed(packages):
        outer = {path.parts[0] for path in each.files or () if path.parts[0] not in ("..", "bin")}
        for name in sorted(outer - {"__pycache__"}):
            yield Path(str(each.locate_file(name)))


def _needed(packages: Iterable[str]) -> list[Distribution]:
    from packaging.requirements import Requirement

    found: dict[str, Distribution] = {}
    waiting = list(packages)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            raise BuildError(
                f"{name}, of which Lambda's runtime is made, is not installed beside this tool",
                fix="install the tool again (for ./doitw: remove .venv first)",
            ) from None
        lines = [Requirement(line) for line in found[name].requires or ()]
        waiting += [
            line.name for line in lines if not line.marker or line.marker.evaluate({"extra": ""})
        ]
    return list(found.values())
