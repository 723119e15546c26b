"""The lock file: pip's format with hashes, and one line of ours that says what it was made from."""

import re
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

from ..settings.lambda_pythons import PYTHONS
from ..settings.model import ARCHITECTURES, Settings
from ..util import files, input_files, source_location
from ..util.errors import InputError
from . import file, renovate

MARK = "# doit-lambda-layer: "
IMAGE = "# base image: "


def source_digest(settings: Settings) -> str:
    """What the lock answers for: the requirements that count, the Python, the architecture."""
    return _digest(settings, settings.python, settings.architecture)


def _digest(settings: Settings, python: str, architecture: str) -> str:
    lines = file.normalised(file.read_requirements(Path(settings.requirements)))
    return files.digest([lines, python, architecture])


def header(settings: Settings) -> str:
    return (
        f"# Made from {settings.requirements} by `{made_by(settings)}`; do not edit.\n"
        f"{MARK}{source_digest(settings)}\n{renovate.header(settings)}"
    )


def image_line(settings: Settings, digest: str) -> str:
    """`digest`: `sha256:…` of the base image. Without one there is no line."""
    return f"{IMAGE}{settings.image_name}@{digest}\n" if digest else ""


def with_image(settings: Settings) -> Settings:
    """The settings with the digest that the lock has for their base image. A line about another
    image says nothing about this one."""
    lock = Path(settings.lock)
    if "@" in settings.image_name or not lock.is_file():
        return settings
    line = rf"^{IMAGE}{re.escape(settings.image_name)}@(sha256:[0-9a-f]{{64}})$"
    with suppress(InputError):  # whoever works from it says what is wrong with it
        if found := re.search(line, input_files.read_text(lock), re.M):
            return replace(settings, locked_image=found[1])
    return settings


def refuse_outdated_lock(settings: Settings) -> None:
    """InputError when there is a lock and it was made from something else."""
    lock = Path(settings.lock)
    if not lock.is_file():
        return
    text = input_files.read_text(lock)
    marks = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    if marks == [source_digest(settings)]:
        return
    if not marks and renovate.wrote(text, settings):
        asked = file.read_requirements(Path(settings.requirements))
        if renovate.answers(file.read_requirements(lock), asked, settings.python):
            return
    line = next((n for n, each in enumerate(text.splitlines(), 1) if each.startswith(MARK)), 1)
    raise _stale(settings, marks, source_location.at(lock, line, MARK.strip()))


def _stale(
    settings: Settings, marks: list[str], place: source_location.SourceLocation | None
) -> InputError:
    command = made_by(settings)
    fix = f"run `{command}`, look at what changed, and commit both files"
    if made := _made_for(settings, marks):
        wanted = f"Python {settings.python} on {settings.architecture}"
        problem = f"{settings.lock} was made for {made}, this layer is for {wanted}"
        return InputError(source_location.below(problem, place), fix=fix)
    problem = (
        f"{settings.lock} is older than {settings.requirements}: it was made from other "
        "requirements"
    )
    return InputError(source_location.below(problem, place), fix=fix)


def made_by(settings: Settings) -> str:
    """The command that makes it."""
    return "./doitw lock" + (f" python={settings.python}" if settings.variant else "")


def _made_for(settings: Settings, marks: list[str]) -> str:
    """The platform of a lock that was made from these requirements. '' where they changed. Its mark
    is a digest, so all there are are tried."""
    for python, architecture in product(PYTHONS, ARCHITECTURES):
        if marks == [_digest(settings, python, architecture)]:
            return f"Python {python} on {architecture}"
    return ""


def start(settings: Settings) -> str:
    """What a new lock begins with, so that it moves no version without need: the former one, or
    for another Python the project's own. '' where there is none."""
    for path in (Path(settings.lock), Path(settings.own_lock)):
        if path.is_file():
            return input_files.read_text(path)
    return ""


def locked_versions(text: str) -> dict[str, str]:
    """{package: version} of a lock's text."""
    heads = [line.split()[0] for line in text.splitlines() if line[:1].isalnum()]
    return dict(head.split("==", 1) for head in heads if "==" in head)


def hashes(settings: Settings) -> dict[str, list[str]]:
    """{package: `sha256:…` of every artifact it may come from}. Empty without a lock."""
    lock = Path(settings.lock)
    lines = file.read_requirements(lock) if lock.is_file() else []
    return {line.name: line.hashes for line in lines if line.name}
