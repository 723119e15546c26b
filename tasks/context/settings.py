"""Settings, read once: the command line, the environment, the stage's table in pyproject.toml,
the table for all stages, the defaults – the first that says something counts. Where a stage's own
table names its region or profile, that comes before AWS's variables. Those are set for everything
that speaks with AWS (in CI always), and must not send the stage elsewhere."""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..requirements.host_python import feasible
from ..requirements.lockfile import with_image
from ..settings.model import LOCAL, OF_AWS, SPECS, TYPED, Fault, Settings, Source, option
from ..settings.pyproject import TABLE, by_stage
from ..settings.validation import nearest, violations
from ..util import source_location
from ..util.errors import SettingsError
from . import arguments, default_stage


def load_settings(root: Path, environ: Mapping[str, str], typed: Mapping[str, str]) -> Settings:
    """Merge the sources. All violations, of every stage's table too, in one SettingsError."""
    pyproject = root / "pyproject.toml"
    tables = by_stage(pyproject)
    wrong = [fault for where, each in tables.values() for fault in _wrong_keys(where, each)]
    typeable = [*TYPED, *arguments.SPECS]
    wrong += [_not_typed(key, typeable) for key in typed if key not in typeable]
    written = {name: _written(*each) for name, each in tables.items()}
    said = {name: ("command line", typed[name]) for name in TYPED if name in typed}
    _, stage = said.get("stage") or written[""].get("stage", ("", SPECS["stage"].default))
    around = _variables(environ) if stage != LOCAL else _good(_variables(environ))
    own = _untyped(written[""], written.get(str(stage), {}), around)
    merged = own | said
    for source in (merged, *written.values()):
        wrong += _wrong_values(source)
    if wrong:
        fix = "./doitw help settings has them all"
        problems = [(text, _place(pyproject, where, key)) for where, key, text in wrong]
        raise SettingsError(source_location.joined(problems), fix=fix)
    _, image = (written[""] | written.get(str(stage), {})).get("image", ("", ""))
    return Settings(
        **{name: _made(name, value) for name, (_, value) in merged.items()},
        variant=_variant(own, said),
        written=(("image", image),),  # $LAYER_IMAGE is this machine's
    )


def _made(name: str, value: Any) -> Any:
    """Tables as what they mean."""
    make = SPECS[name].metadata.get("made")
    return tuple(make(each) for each in value) if make else value


def _good(variables: Source) -> Source:
    """stage=local goes nowhere in AWS: what AWS's variables say is no mistake in its way."""
    return {
        name: said
        for name, said in variables.items()
        if name not in OF_AWS or not violations(name, said[1], SPECS[name])
    }


def _untyped(table: Source, of_stage: Source, around: Source) -> Source:
    """What counts where nothing is typed: a stage's place in AWS is the one its table names.
    `around`: the environment's."""
    firm = {name: of_stage[name] for name in OF_AWS if name in of_stage}
    return table | of_stage | around | firm


def _variant(own: Source, said: Source) -> str:
    _, project = own.get("python", ("", SPECS["python"].default))
    _, wanted = said.get("python", ("", project))
    return "" if wanted == project else f"py{wanted.replace('.', '')}"


def _place(pyproject: Path, where: str, key: str) -> source_location.SourceLocation | None:
    """None for what is not said in pyproject.toml."""
    return source_location.in_toml(pyproject, where[1:-1], key) if where.startswith("[") else None


def _wrong_keys(where: str, table: Mapping[str, Any]) -> list[Fault]:
    known = [option(name) for name in SPECS]
    if where != f"[{TABLE}]":
        known.remove("stage")  # which is what the table is for
    return [_unknown(key, known, where) for key in table if key not in known]


def _written(where: str, table: Mapping[str, Any]) -> Source:
    found = {name: table[option(name)] for name in SPECS if option(name) in table}
    return {name: (where, _frozen(name, value)) for name, value in found.items()}


def _frozen(name: str, value: Any) -> Any:
    """A list as a tuple. Where a setting is one of pairs, a table as `NAME=value` of each."""
    if isinstance(value, dict) and SPECS[name].metadata.get("pairs"):
        plain = all(type(each) in (str, int) for each in value.values())
        value = [f"{key}={each}" for key, each in value.items()] if plain else value
    return tuple(value) if isinstance(value, list) else value


def _variables(environ: Mapping[str, str]) -> Source:
    """An empty variable says nothing."""
    return {
        name: (f"environment's {variable}", environ[variable])
        for name, spec in SPECS.items()
        for variable in reversed(spec.metadata.get("env", ()))
        if environ.get(variable)
    }


def _wrong_values(source: Source) -> list[Fault]:
    return [
        (where, option(name), line)
        for name in SPECS
        if name in source
        for where, value in [source[name]]
        for line in violations(f"{where}: {option(name)} = {value!r}", value, SPECS[name])
    ]


def _unknown(key: str, known: list[str], where: str) -> Fault:
    kind = "setting or argument" if where == "command line" else "setting"
    return where, key, f"{where}: {key} is not a {kind}{nearest(key, known)}"


def _not_typed(key: str, typeable: list[str]) -> Fault:
    """No setting, or one that is said elsewhere."""
    spec = SPECS.get(key.replace("-", "_"))
    if spec is None:
        return _unknown(key, typeable, "command line")
    variables = [f"by ${name}" for name in spec.metadata.get("env", ())]
    ways = [f"in pyproject.toml's [{TABLE}]", *variables]
    problem = f"command line: {option(spec.name)} is not typed; set it {' or '.join(ways)}"
    return "command line", key, problem


@cache
def current(stage: str = "") -> Settings:
    """The settings of this run, as what builds can carry them out. With `stage` as if that one had
    been typed. The one place that reads the environment and doit's variables."""
    import os

    stage = stage or _of_command() or assumed()
    typed = _typed() | ({"stage": stage} if stage else {})
    return feasible(with_image(load_settings(Path(), os.environ, typed)))


def _of_command() -> str:
    """`local-start` and its like speak of no other stage."""
    words = {word for word in sys.argv[1:] if word[:1].isalpha() and "=" not in word}
    return LOCAL if words and words <= {"local-start", "local-stop", "local-url"} else ""


def assumed() -> str:
    """`local`, where that stage is meant and nobody typed one. Else ''."""
    if is_typed("stage") or not default_stage.takes(sys.argv[1:]):
        return ""
    import os

    from ..chalice_project import config
    from ..settings import paths

    here = default_stage.Here(
        stages=config.known_stages(paths.CHALICE_CONFIG),
        deployed={path.stem for path in paths.DEPLOYED.glob("*.json")},
        credentials=default_stage.has_credentials(os.environ),
    )
    default, local = (
        load_settings(Path(), os.environ, _typed() | stage) for stage in ({}, {"stage": LOCAL})
    )
    return LOCAL if default_stage.is_meant(default, local, here) else ""


def unheard(stage: str) -> list[str]:
    """A sentence for each of AWS's variables that says otherwise than the stage's own table."""
    import os

    where, own = by_stage(Path("pyproject.toml")).get(stage, ("", {}))
    return [
        f"{variable.split()[-1]} is {value}, but {where} says {name} = {own[name]!r}, which counts"
        for name, (variable, value) in _variables(os.environ).items()
        if name in OF_AWS and own.get(name, value) != value
    ]


def is_typed(name: str) -> bool:
    """Does the command line say it?"""
    return name in _typed()


def several_pythons() -> list[str]:
    """Those of `python=3.12,3.13` on the command line, each once. [] where no list is typed."""
    wanted = _typed().get("python", "")
    return list(dict.fromkeys(wanted.split(","))) if "," in wanted else []


def _typed() -> dict[str, str]:
    from doit import doit_cmd

    return dict(doit_cmd._CMDLINE_VARS or {})
