"""What a person wants of a layer: locked requirements, and settings as they were written.

An input hash also has the builder, the scripts in it and the tool's version. None of these is a
person's decision, so a pin is held against wishes.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..chalice_project import config, package
from ..layer import input_hash
from ..requirements import lockfile
from ..requirements.file import canonical
from ..settings import paths
from ..settings.model import SPECS, Settings, option
from ..util.files import digest
from .manifest import Manifest

WRITTEN = ("layers", "lambda_architecture")  # by deploys, into config.json
# Settings that decide what the layer holds.
DECIDING = (
    "python", "architecture", "image", "rules_off", "recipes", "drop", "keep", "strip", "bytecode",
    "compression",
)  # fmt: skip


def of(settings: Settings) -> list[str]:
    """Of the files here, in several spellings: a pin that knows one of them holds. With the
    hashes and without (a lock that was made again has those of new files, too). And by the
    versions alone (a lock that somebody made of requirements that had none)."""
    lines = input_hash.packages(settings)
    said = _said({option(name): value for name, value in written(settings).items()})
    bare = [line.partition(" --hash=")[0] for line in lines]
    spellings: list[object] = [digest(lines), digest(bare)]
    lock = Path(settings.lock)
    if lock.is_file():
        pins = lockfile.locked_versions(lock.read_text(encoding="utf-8"))
        spellings.append(_versions((canonical(name), pins[name]) for name in pins))
    return [digest([spelling, said]) for spelling in spellings]


def of_manifest(made: Manifest) -> list[str]:
    """The same of a version. A manifest of an older tool has none: it tells two spellings."""
    said = _said(made.settings)
    exact = _versions((canonical(each.name), each.version) for each in made.distributions)
    told = [digest([made.inputs.get("requirements"), said]), digest([exact, said])]
    return sorted({*made.wishes, *told})


def written(settings: Settings) -> dict[str, Any]:
    """{setting: value} of those that decide, as a person wrote them: without what this machine has
    to leave out, and without its own variables."""
    return {name: getattr(settings, name) for name in DECIDING} | dict(settings.written)


def _said(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not the default: a release may add settings, or change a default. `settings`:
    by their names in pyproject.toml."""
    given = {name: settings[option(name)] for name in DECIDING if option(name) in settings}
    default = {name: _plain(SPECS[name].default) for name in given}
    return {name: each for name, each in given.items() if _plain(each) != default[name]}


def _plain(value: Any) -> Any:
    """Lists come back from JSON where tuples went."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _versions(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(found)


def app(settings: Settings) -> str:
    """sha256 of the app here, as a person wrote it: its files, and what config.json says about it
    and about this stage."""
    whole = config.load_config(paths.CHALICE_CONFIG)
    stage = config.stage(paths.CHALICE_CONFIG, settings.stage)
    return digest([_by_people({**whole, "stages": {}}), _by_people(stage), package.files_now()])


def _by_people(value: Any) -> Any:
    """Without what deploys write."""
    if not isinstance(value, dict):
        return value
    return {name: _by_people(each) for name, each in value.items() if name not in WRITTEN}
