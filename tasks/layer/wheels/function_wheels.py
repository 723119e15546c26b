"""What the function's own requirements.txt names and has no wheel: built as the layer's packages
are (source_builder.py), and found by Chalice's pip. No build script runs beside the credentials."""

import shutil
from collections.abc import Callable

from ...chalice_project.deploy import NoWheelError
from ...requirements import file, function_file
from ...settings import paths
from ...settings.model import Settings
from ...util.errors import BuildError
from .. import resolution
from ..builder import index_options
from .source_builder import BuiltWheel, SourceBuilder, close_container, in_a_container


def building[T](settings: Settings, pack: Callable[[], T]) -> T:
    """What `pack` returns, which packs the function. Each time it lacks a wheel, that is built, and
    it runs again. BuildError where nothing can build, or the version is not known."""
    shutil.rmtree(paths.FUNCTION_WHEELS, ignore_errors=True)
    lines = file.lines(function_file.FUNCTION)
    options = index_options(line.text for line in lines if line.is_option)
    sources = SourceBuilder(settings, lambda: in_a_container(settings), options=options)
    try:
        while True:
            try:
                return pack()
            except NoWheelError as error:
                _keep(_built(sources, error, lines))
    finally:
        close_container(settings)


def _built(sources: SourceBuilder, error: NoWheelError, lines: list[file.Line]) -> BuiltWheel:
    wanted = file.Line(text=error.wanted, file="", number=0)
    pins = [line for line in lines if function_file.name_of(line)]
    version = resolution.exact_version([wanted, *pins], wanted.name)
    if wanted.name in sources.built:  # for another Python or machine than this one's pip takes
        raise error
    if not version:
        raise BuildError(
            f"{error.problem}. It is built from source only where a line pins it",
            fix=f"write {wanted.name}==VERSION into {paths.FUNCTION_REQUIREMENTS}, or move it to "
            "the layer's requirements",
        )
    hashes = [text.removeprefix("sha256:") for line in pins if line.name == wanted.name
              for text in line.hashes]  # fmt: skip
    try:
        return sources.build(wanted.name, version, hashes)
    except BuildError as why:
        fix = f"{why.fix}. Or move it to {sources.settings.requirements}"
        raise BuildError(f"{error.problem}. {why.problem}", fix=fix) from None


def _keep(wheel: BuiltWheel) -> None:
    paths.FUNCTION_WHEELS.mkdir(parents=True, exist_ok=True)
    shutil.copy(wheel.path, paths.FUNCTION_WHEELS / wheel.file)
