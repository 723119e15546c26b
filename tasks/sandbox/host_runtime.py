"""What Lambda's image has in /var/runtime, laid out on this machine for builder=host. It is the
runtime client and the SDK, as links to the tool's own packages and to nothing else of it.

The client's compiled part is made for one Python: under another, docker/runtime_client.py is in its
place.
"""

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
    variables say."""
    opt, task = shlex.quote(names["{opt}"]), '"$LAMBDA_TASK_ROOT"'
    return (
        "#!/bin/sh\n"
        f"export AWS_EXECUTION_ENV=AWS_Lambda_python{python}\n"
        f"export LD_LIBRARY_PATH={task}:{task}/lib:{opt}/lib"
        "${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n"  # isolation.loading's
        f"exec {shlex.quote(isolation.program(names['{interpreter}']))} -S "
        f'"$LAMBDA_RUNTIME_DIR/bootstrap.py" {opt}\n'
    )


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
