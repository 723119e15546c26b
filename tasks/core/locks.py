"""The lock file: pip's format with hashes, and one line of ours that says what it was made from."""

from pathlib import Path

from packaging.utils import canonicalize_name

from . import places, records, requirements
from .errors import InputError
from .settings import Settings

MARK = "# doit-lambda-layer: "


def source_digest(settings: Settings) -> str:
    """What the lock answers for: the requirements that count, the Python, the architecture."""
    lines = requirements.normalised(requirements.read(Path(settings.requirements)))
    return records.digest([lines, settings.python, settings.architecture])


def header(settings: Settings) -> str:
    return (
        f"# Made from {settings.requirements} by `./doitw lock`; do not edit.\n"
        f"{MARK}{source_digest(settings)}\n"
    )


def check(settings: Settings) -> None:
    """InputError when there is a lock and it was made from something else."""
    lock = Path(settings.lock)
    if not lock.is_file():
        return
    text = lock.read_text(encoding="utf-8")
    marks = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    if marks != [source_digest(settings)]:
        line = next((n for n, each in enumerate(text.splitlines(), 1) if each.startswith(MARK)), 1)
        problem = (
            f"{lock} is older than {settings.requirements}: it was made from other requirements"
        )
        raise InputError(
            places.below(problem, places.at(lock, line, MARK.strip())),
            fix="run `./doitw lock`, look at what changed, and commit both files",
        )


def pins(text: str) -> dict[str, str]:
    """{package: version} of a lock's text."""
    heads = [line.split()[0] for line in text.splitlines() if line[:1].isalnum()]
    return dict(head.split("==", 1) for head in heads if "==" in head)


def hashes(settings: Settings) -> dict[str, list[str]]:
    """{package: `sha256:…` of every artefact it may come from}; empty without a lock."""
    lock = Path(settings.lock)
    lines = requirements.read(lock) if lock.is_file() else []
    return {
        canonicalize_name(line.requirement.name): line.hashes for line in lines if line.requirement
    }
