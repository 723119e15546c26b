"""Chalice's packaging without what the layer has. For the process that runs Chalice.

Where Chalice looks for an earlier package it finds only one that left out the same. Beside each
package stands what was left out of it, for a later deploy that reuses it.
"""

import csv
import hashlib
import json
import os
import re
import sys
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..requirements import file as requirements_file
from ..requirements import function_file
from ..requirements.file import canonical
from ..requirements.function_file import Wheel
from ..settings import paths
from ..util import files, modules
from . import app as chalice_app
from . import package as function_package
from .package import Contents

GLIBC = (2, 34)  # of Amazon Linux 2023, on which every runtime since Python 3.12 is
FORMAT = "package/3"  # raise when other files are packed for the same inputs
_DATA = re.compile(r"[^/]+\.data/(purelib|platlib)/")


def apply(layer: Contents, report: Path, *, refuses: bool) -> None:
    """Change Chalice in this process. `report`: where it says what the package holds. `refuses`:
    end where a module of it hides one of the layer's."""
    left = leave_out(layer.versions)
    packager: Any = import_module("chalice.deploy.packager")
    base, function = packager.BaseLambdaDeploymentPackager, packager.LambdaDeploymentPackager
    name, make = base._hash_project_dir, function.create_deployment_package

    def named(self: Any, *arguments: Any) -> str:
        inputs = [name(self, *arguments), FORMAT, sorted(layer.versions)]
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:32]

    def made(self: Any, *arguments: Any) -> str:
        package = Path(make(self, *arguments))
        beside = package.with_suffix(".left.json")
        if any(left.values()) or not beside.exists():
            beside.write_text(json.dumps(left), encoding="utf-8")
        facts = _facts(package, layer) | {"left": json.loads(beside.read_text(encoding="utf-8"))}
        facts["file"] = str(package)
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(facts), encoding="utf-8")
        if refuses and facts["hides"]:
            raise SystemExit(1)  # the report says why
        return str(package)

    base._hash_project_dir, function.create_deployment_package = named, made
    report_missing(packager, report)


def report_missing(packager: Any, report: Path) -> None:
    """What has no wheel ends this process, and the report names it. It is built where there are no
    credentials (layer/wheels/function_wheels.py). pip was told to take wheels alone. That does not
    hold for what a line names by its address."""
    runner = packager.PipRunner
    download = runner.download_all_dependencies

    def lacks(names: Collection[str]) -> None:
        if names:
            report.parent.mkdir(parents=True, exist_ok=True)
            report.write_text(json.dumps({"lacks": sorted(names)}), encoding="utf-8")
            raise SystemExit(1)

    def downloaded(self: Any, *arguments: Any) -> None:
        try:
            download(self, *arguments)
        except packager.NoSuchPackageError as error:
            lacks([str(error).rpartition(" ")[2].rstrip(";")])

    runner.download_all_dependencies = downloaded
    runner.download_sdists = lambda self, names, *more: lacks(names)


def take_wheels_alone() -> None:
    """Chalice fetches sources where there is no wheel, and builds them here. Their scripts would
    run as you whenever something is measured. SystemExit says what has no wheel."""
    runner: Any = import_module("chalice.deploy.packager").PipRunner

    def refuse(self: Any, sources: str | Collection[str], *more: Any) -> None:
        names = [sources] if isinstance(sources, str) else sorted(sources)
        if names:
            raise SystemExit(f"no wheel, and nothing is built to measure it: {', '.join(names)}")

    os.environ["PIP_ONLY_BINARY"] = ":all:"
    runner.download_sdists = runner.build_wheel = refuse


def know_python(python: str) -> None:
    """An older Chalice takes a newer Python for the newest that it knows, and would deploy that
    runtime, for which no layer was built."""
    packager: Any = import_module("chalice.deploy.packager")
    config: Any = import_module("chalice.config").Config
    runtime, abi = f"python{python}", f"cp{python.replace('.', '')}"
    if config().lambda_python_version == runtime:
        return
    config.lambda_python_version = property(lambda self: runtime)
    builder, abis = packager.DependencyBuilder, packager.BaseLambdaDeploymentPackager
    abis._RUNTIME_TO_ABI = {**abis._RUNTIME_TO_ABI, runtime: abi}
    builder._RUNTIME_GLIBC = {**builder._RUNTIME_GLIBC, abi: GLIBC}


def leave_out(layer: Mapping[str, str]) -> dict[str, Any]:
    """Let Chalice's DependencyBuilder pass over these packages ({name: version}) and over what the
    tools alone need. What it returns is filled while it builds: {"versions": {package: version},
    "unmet": sentences, "lines": {package: the line that leads to it}}."""
    packager: Any = import_module("chalice.deploy.packager")
    builder = packager.DependencyBuilder
    download, build = builder._download_dependencies, builder.build_site_packages
    left: dict[str, Any] = {"versions": {}, "unmet": [], "lines": {}}
    written = Path()  # the file as people or a compiler wrote it

    def built(self: Any, abi: str, path: str, target: str) -> None:
        nonlocal written
        written = _as_people_say(Path(path))
        with _requirements(written, layer) as file:
            if file:
                build(self, abi, str(file), target)

    def downloaded(self: Any, abi: str, directory: str, path: str) -> Any:
        found, missing = download(self, abi, directory, path)
        wheels = [_wheel(Path(directory), each) for each in found]
        names = function_file.left_out(wheels, written, layer, _tools())
        left["versions"] |= {each.name: each.version for each in wheels if each.name in names}
        left["lines"] |= function_file.leading(wheels, written)
        left["unmet"] += function_file.unmet((x for x in wheels if x.name not in names), layer)
        return (
            {each for each in found if each.name not in names},
            {each for each in missing if each.name not in layer},
        )

    builder._download_dependencies, builder.build_site_packages = downloaded, built
    return left


def _as_people_say(path: Path) -> Path:
    """As seen from the project's folder, where it lies there."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _tools() -> list[Wheel]:
    """What deploys the app, as it is installed here: their lines are not given to pip."""
    found = []
    for name in function_file.TOOLS:
        with suppress(PackageNotFoundError):
            here = distribution(name)
            found.append(Wheel(name=name, version=here.version, requires=here.requires or ()))
    return found


@contextmanager
def _requirements(path: Path, layer: Collection[str]) -> Iterator[Path | None]:
    """The file as pip is to have it, and as Chalice can read it: UTF-8. None where nothing is left
    of it."""
    found = function_file.packed(path, layer, chalice_app.unused_tools(Path()))
    kept = [_allowing(line) for line in found if not line.text.startswith("--no-b")]
    if not kept:
        yield None
        return
    with TemporaryDirectory(prefix="doit-lambda-layer-") as folder:
        for name, content in requirements_file.as_texts(kept).items():
            Path(folder, name).write_bytes(content)
        yield Path(folder, paths.FUNCTION_REQUIREMENTS.name)


def _allowing(line: requirements_file.Line) -> requirements_file.Line:
    """The line, where it has hashes with that of the wheel that was built."""
    built = [each for each in paths.FUNCTION_WHEELS.glob("*.whl") if line.hashes
             and canonical(each.name.partition("-")[0]) == function_file.name_of(line)]  # fmt: skip
    hashes = "".join(f" --hash=sha256:{files.file_digest(each)}" for each in built)
    return replace(line, text=f"{line.text}{hashes}")


def _wheel(directory: Path, package: Any) -> Wheel:
    """What the metadata in a wheel says. `package`: Chalice's."""
    from email.parser import BytesHeaderParser

    with zipfile.ZipFile(directory / package.filename) as file:
        inside = next(x for x in file.namelist() if x.endswith(".dist-info/METADATA"))
        headers = BytesHeaderParser().parsebytes(file.read(inside))
    requires = [str(each) for each in headers.get_all("Requires-Dist", [])]
    return Wheel(name=package.name, version=str(headers["Version"]), requires=requires)


def _facts(package: Path, layer: Contents) -> dict[str, Any]:
    """{"versions", "modules", "unzipped" (bytes), "hides": {module of the layer: what in the
    package hides it}}"""
    with zipfile.ZipFile(package) as file:
        members = {each.filename: each.file_size for each in file.infolist()}
        found = function_package.contents(x for x in members if not _shares(file, x))
        hidden = function_package.hidden(found, layer)
        hides = {each: _owner(file, each) for each in hidden}
    return {
        "versions": found.versions,
        "modules": list(found.modules),
        "unzipped": sum(members.values()),
        "hides": hides,
    }


def _shares(file: zipfile.ZipFile, name: str) -> bool:
    """Is it the `__init__.py` of a namespace in the old way, which goes on in other folders?"""
    return name.endswith("/__init__.py") and function_package.is_shared(file.read(name))


def _owner(file: zipfile.ZipFile, module: str) -> str:
    """The package in the package that brings it, or Chalice's runtime. '' for what lies in
    vendor/."""
    around = modules.around(module)
    for name in file.namelist():
        if name.endswith(".dist-info/RECORD"):
            rows = csv.reader(file.read(name).decode(errors="replace").splitlines())
            if any(row and _brings(row[0]) in around for row in rows):
                return canonical(name.partition("-")[0])
    return module if module == function_package.RUNTIME else ""


def _brings(path: str) -> str:
    """The module of a file in a wheel. What lies in its `.data` goes beside the others."""
    return function_package.module(_DATA.sub("", path))


def main() -> None:
    """`python -m ….packing ABI ARCHITECTURE REQUIREMENTS FOLDER REPORT`, the layer's {package:
    version} as JSON on stdin: what Chalice would pack of a requirements file, into the folder.
    Nothing is built: the report says for what there is no wheel."""
    from chalice.deploy import packager
    from chalice.deploy.packager import DependencyBuilder, MissingDependencyError
    from chalice.utils import OSUtils

    abi, architecture, requirements, folder, report = sys.argv[1:]
    know_python(f"3.{abi.removeprefix('cp3')}")
    take_wheels_alone()
    report_missing(packager, Path(report))
    leave_out(json.load(sys.stdin))
    with suppress(MissingDependencyError):  # a deploy goes on without these, too
        takes = "architecture" in signature(DependencyBuilder).parameters  # since 1.34
        more: dict[str, Any] = {"architecture": architecture} if takes else {}
        made: Any = DependencyBuilder(OSUtils(), **more)
        made.build_site_packages(abi, requirements, folder)


if __name__ == "__main__":
    main()
