"""What Chalice will upload as the function: its deployment package, file by file.

requirements.txt ─▶ as a deploy packs it (chalice_project/packing.py): without what the layer has
                 ─▶ the store
app.py, chalicelib/, vendor/, chalice's runtime ─▶ looked at each time

Source: chalice/deploy/packager.py, LambdaDeploymentPackager (chalice 1.34). Of chalice itself only
two files travel, whatever requirements.txt says of it.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...chalice_project import app as chalice_app
from ...chalice_project import environment
from ...chalice_project.app_file_names import APP, LIBRARY, VENDOR
from ...requirements import function_file
from ...requirements.file import canonical
from ...settings import paths, records
from ...settings.model import Settings
from ...settings.step_records import InstallRecord
from ...util import files as file_tools
from ...util.errors import BuildError, InputError
from .. import installed

REQUIREMENTS = Path(paths.FUNCTION_REQUIREMENTS)
RUNTIME = ("app.py", "__init__.py")  # of chalice
KIND = "function"  # of the store's entries
_OF_GIT = re.compile(r"\s*(fatal|remote): ")
SHOWN = 8  # lines of pip's


@dataclass(frozen=True, kw_only=True)
class Package:
    """`files`: {path in the package: bytes}. `distributions`: {name: version} of requirements.txt,
    dependencies included. `complete`: False where requirements.txt is not measured yet."""

    files: Mapping[str, int]
    distributions: Mapping[str, str]
    complete: bool = True

    @property
    def bytes(self) -> int:
        """Unzipped, as Lambda counts."""
        return sum(self.files.values())


def measured(settings: Settings) -> Package:
    """The real one. Where requirements.txt was never packed, Chalice packs it: pip, and the
    network. BuildError in pip's words."""
    key = _key(settings)
    if key and not _known(settings, key):
        from ...chalice_project import deploy  # with all that a deploy needs
        from ..wheels import function_wheels

        try:
            packed = function_wheels.building(settings, lambda: _packed(settings))
        except deploy.NoWheelError as error:
            raise BuildError(error.problem, fix=error.fix) from None
        content = file_tools.canonical(packed)
        installed.store(settings).put_bytes(KIND, key, content)
    return known(settings)


def known(settings: Settings) -> Package:
    """The same without asking anybody: `complete` says whether requirements.txt is in it."""
    key = _key(settings)
    packed = _known(settings, key) if key else {"files": {}, "distributions": {}}
    found = packed or {"files": {}, "distributions": {}}
    return Package(
        files={**found["files"], **dict(_own_files())},
        distributions=found["distributions"],
        complete=packed is not None,
    )


def _key(settings: Settings) -> str:
    """Of all that decides what requirements.txt becomes. '' where it asks for nothing."""
    if not REQUIREMENTS.is_file():
        return ""
    layer = _layer(settings)
    unused = chalice_app.unused_tools(Path())
    asked = [line.text for line in function_file.packed(REQUIREMENTS, layer, unused)]
    if not asked:
        return ""
    from ...chalice_project import packing  # with all it needs, only where something is packed

    behind = map(file_tools.file_digest, function_file.files_behind(REQUIREMENTS))
    chalice = environment.chalice_version()
    made_by = [*behind, packing.FORMAT, chalice, settings.python, settings.architecture]
    return file_tools.digest([asked, layer, *made_by])


def _layer(settings: Settings) -> dict[str, str]:
    """{distribution: version}: none of these is packed into the function."""
    record = records.read(settings, InstallRecord)
    return {each.name: each.version for each in (record.distributions if record else ())}


def _environment() -> dict[str, str]:
    """Ours, in which this package is found, too."""
    from ...chalice_project import deploy

    root = str(Path(__file__).parents[3])
    found = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **deploy.wheels_alone(os.environ), "PYTHONPATH": os.pathsep.join(found)}


def _known(settings: Settings, key: str) -> file_tools.Record | None:
    path = installed.store(settings).get(KIND, key)
    found: file_tools.Record | None = json.loads(path.read_bytes()) if path else None
    return found


def _said(stdout: str, stderr: str) -> list[str]:
    """pip's last words, with git's own before them: pip says only that they stand above."""
    last = (stderr or stdout).strip().splitlines()[-SHOWN:]
    gits = [each for each in [*stdout.splitlines(), *stderr.splitlines()] if _OF_GIT.match(each)]
    return [*(each.strip() for each in dict.fromkeys(gits) if each not in last), *last]


def _packed(settings: Settings) -> file_tools.Record:
    from ...chalice_project import deploy, packing

    abi = f"cp{settings.python.replace('.', '')}"
    with tempfile.TemporaryDirectory() as folder:
        root, report = Path(folder, "packed"), Path(folder, "report.json")
        root.mkdir()
        words = [abi, settings.architecture, str(REQUIREMENTS), str(root), str(report)]
        done = subprocess.run(
            environment.command(packing.__name__, *words), input=json.dumps(_layer(settings)),
            env=_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        lacks = (file_tools.read_record(report) or {}).get("lacks", ())
        if done.returncode and lacks:
            raise deploy.NoWheelError(lacks[0])
        if done.returncode:
            said = "\n".join(_said(done.stdout, done.stderr))
            raise BuildError(
                f"Chalice cannot pack {REQUIREMENTS} into the function:\n{said}",
                fix=f"correct {REQUIREMENTS}, or move its lines to {settings.requirements}: then "
                "the layer holds them",
            )
        sizes = {str(path.relative_to(root)): path.stat().st_size for path in file_tools.walk(root)}
    kept = {path: size for path, size in sizes.items() if not path.startswith("chalice/")}
    return {"files": kept, "distributions": dict(_distributions(kept))}


def _distributions(files: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for path in sorted(files):
        folder, _, name = path.partition("/")
        if folder.endswith(".dist-info") and name == "METADATA":
            project, _, number = folder.removesuffix(".dist-info").partition("-")
            yield canonical(project), number


def _own_files() -> Iterator[tuple[str, int]]:
    """(path in the package, bytes) of what does not come from requirements.txt."""
    for name in RUNTIME:
        if (path := _chalice() / name).is_file():
            yield f"chalice/{name}", path.stat().st_size
    if APP.is_file():
        yield str(APP), APP.stat().st_size
    for path in file_tools.walk(LIBRARY):
        yield str(path), _size(path)
    for path in file_tools.walk(VENDOR, follow=True):
        yield str(path.relative_to(VENDOR)), _size(path)


def _size(path: Path) -> int:
    """InputError for what Chalice could not pack: it would wait for a pipe, and read a device
    without end."""
    try:
        if path.is_file():
            return path.stat().st_size
    except OSError:  # a loop of links
        pass
    problem = f"{path} cannot be packed into the function: it is no file, or a link to none"
    raise InputError(problem, fix="take it out, or put a file in its place")


@cache
def _chalice() -> Path:
    """Its folder, without importing it."""
    import importlib.util

    found = importlib.util.find_spec("chalice")
    return Path(found.origin).parent if found and found.origin else Path("chalice-is-not-here")
