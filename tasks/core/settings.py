"""Settings, read once: command line, then environment, then pyproject.toml, then defaults."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import GenericAlias
from typing import Any

from tasks.core import arguments
from tasks.core.errors import SettingsError

TABLE = "tool.lambda-layer"
LOCAL = "local"  # the stage that lives on the embedded AWS
LAMBDA_LIMIT = 262_144_000  # bytes unzipped, all layers and the function together (AWS quota)


def _setting(default: Any, help_: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": help_, **more})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting. `typed`: also `name=value` on the command line; `env`: variables, in order."""

    layer: str = _setting(
        "shuking-deps-layer", "the layer's name", typed=True, env=("LAYER_NAME",),
        pattern=r"[A-Za-z0-9_-]{1,140}",
    )  # fmt: skip
    bucket: str = _setting(
        "shuking-lambda-layers", "S3 bucket, made when missing", typed=True, env=("S3_BUCKET",),
        pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    )  # fmt: skip
    region: str = _setting(
        "ap-northeast-2", "AWS region", env=("AWS_REGION", "AWS_DEFAULT_REGION"),
        pattern=r"[a-z]{2}(-[a-z]+)+-\d",
    )  # fmt: skip
    requirements: str = _setting("requirements-all.txt", "what the layer holds", typed=True)
    python: str = _setting("3.12", "the layer's Python", pattern=r"3\.\d+")
    architecture: str = _setting("x86_64", "Lambda's name for it", choices=("x86_64", "arm64"))
    image: str = _setting(
        "", "image the layer is built and proven in (default: Lambda's own, "
        "`public.ecr.aws/lambda/python:<python>`); a digest is fine", env=("LAYER_IMAGE",),
    )  # fmt: skip
    stage: str = _setting("prod", "Chalice stage; `local` is the embedded AWS", typed=True)
    builder: str = _setting(
        "auto", "`docker`, `host` (uv on this machine, wheels only), or `auto`: Docker, and for "
        "`stage=local` the host when there is no Docker or no image",
        typed=True, choices=("auto", "docker", "host"),
    )  # fmt: skip
    smoke_path: str = _setting("/health", "path that `smoke` GETs", pattern=r"/\S*")
    lifecycle_days: int = _setting(0, "days S3 keeps `layers/` (the seed: 90); 0 keeps for ever")
    rules_off: tuple[str, ...] = _setting((), "built-in prune rules to switch off")
    recipes: tuple[str, ...] = _setting((), "prune recipes to switch on (`doit report` lists them)")
    drop: tuple[str, ...] = _setting((), "globs of files to leave out of the layer")
    keep: tuple[str, ...] = _setting((), "globs of files that no rule may take; always wins")
    strip: bool = _setting(True, "strip debug symbols from shared objects where that is safe")
    bytecode: str = _setting("compile", "ship `.pyc` files?", choices=("compile", "none"))
    check: str = _setting("", "your own check, run in the image: a Python file or module")
    check_timeout: int = _setting(60, "seconds that `check` may take")
    max_growth: int = _setting(0, "fail when the layer grows by more than this %; 0: no limit")

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def base_image(self) -> str:
        return self.image or f"public.ecr.aws/lambda/python:{self.python}"

    @property
    def lock(self) -> str:
        """requirements-all.txt → requirements-all.lock"""
        return str(Path(self.requirements).with_suffix(".lock"))


SPECS = {spec.name: spec for spec in fields(Settings)}


def option(name: str) -> str:
    """A field as it is written in pyproject.toml: smoke_path → smoke-path."""
    return name.replace("_", "-")


def load(root: Path, environ: Mapping[str, str], typed: Mapping[str, str]) -> Settings:
    """Merge the three sources. All violations are gathered into one SettingsError."""
    table = _pyproject(root / "pyproject.toml")
    known = [option(name) for name in SPECS]
    problems = [_unknown(key, known, f"[{TABLE}]") for key in table if key not in known]
    typeable = [*(name for name in SPECS if _is_typed(name)), *arguments.SPECS]
    problems += [_unknown(key, typeable, "command line") for key in typed if key not in typeable]
    values: dict[str, Any] = {}
    for name in SPECS:
        found = _find(name, environ, typed, table)
        if found is not None:
            where, value = found
            values[name] = tuple(value) if isinstance(value, list) else value
            problems += _violations(name, values[name], where)
    if problems:
        raise SettingsError("\n".join(problems), fix="every setting is in the table in README.md")
    return Settings(**values)


def _pyproject(path: Path) -> dict[str, Any]:
    import tomli

    try:
        data = tomli.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"pyproject.toml is not TOML: {error}", fix="correct it") from None
    tool = data.get("tool", {})
    table = tool.get("lambda-layer", {}) if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        raise SettingsError(f"{TABLE} in pyproject.toml is not a table", fix=f"write [{TABLE}]")
    return table


def _find(
    name: str, environ: Mapping[str, str], typed: Mapping[str, str], table: Mapping[str, Any]
) -> tuple[str, Any] | None:
    """(where it was said, value) from the first source that says it; empty variables do not."""
    if name in typed and _is_typed(name):
        return "command line", typed[name]
    for variable in SPECS[name].metadata.get("env", ()):
        if environ.get(variable):
            return f"environment's {variable}", environ[variable]
    if option(name) in table:
        return f"[{TABLE}]", table[option(name)]
    return None


def _is_typed(name: str) -> bool:
    return bool(SPECS[name].metadata.get("typed"))


def _violations(name: str, value: Any, where: str) -> list[str]:
    spec, wanted = SPECS[name], SPECS[name].type
    label = f"{where}: {option(name)} = {value!r}"
    if isinstance(wanted, GenericAlias):
        if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            return []
        return [f"{label} is not a list of strings"]
    if type(value) is not wanted:
        kind = {str: "text", int: "a whole number", bool: "true or false"}[wanted]  # type: ignore[index] # json
        return [f"{label} is not {kind}"]
    if wanted is int and value < 0:
        return [f"{label} is negative"]
    choices, pattern = spec.metadata.get("choices"), spec.metadata.get("pattern")
    if choices and value not in choices:
        return [f"{label} is not one of {', '.join(choices)}{nearest(value, choices)}"]
    if pattern and not re.fullmatch(pattern, value):
        return [f"{label} does not look like {spec.metadata['help']} ({pattern})"]
    return []


def _unknown(key: str, known: list[str], where: str) -> str:
    kind = "setting or argument" if where == "command line" else "setting"
    return f"{where}: {key} is not a {kind}{nearest(key, known)}"


def nearest(name: str, known: Any) -> str:
    """' (did you mean X?)', or nothing where no known name is close."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


@cache
def current() -> Settings:
    """The settings of this run. The one place that reads the environment and doit's variables."""
    import os

    from doit import doit_cmd

    return load(Path(), os.environ, dict(doit_cmd._CMDLINE_VARS or {}))
