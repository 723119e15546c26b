"""Package indexes that uv's and pip's own files name, as uv's variables.

uv ("Configuration files" in its documentation): uv.toml, or [tool.uv] in pyproject.toml, of the
project or a folder around it. The person's. The machine's. pip ("Configuration"): pip.conf of the
machine, the person, the environment. An index on this machine's disk is left out: a container does
not see it, and the layer would differ on each machine.
"""

import configparser
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..util import input_files
from ..util.errors import InputError

PYPROJECT = "pyproject.toml"
Variables = dict[str, str]
Table = Mapping[str, Any]


def of_uv(environ: Mapping[str, str], root: Path) -> Variables:
    """InputError for a file that uv would not read either."""
    tables = [_table(path) for path in _uv_files(environ, root)]
    try:
        return _of_tables([{**each, **each.get("pip", {})} for each in tables])
    except (AttributeError, KeyError, TypeError):
        problem = "uv's configuration (uv.toml, [tool.uv]) has an index that is no table with a url"
        raise InputError(problem, fix="write it as [[index]] with name and url") from None


def _of_tables(tables: list[Table]) -> Variables:
    indexes = [index for each in tables for index in each.get("index", ())]
    named = [_named(index) for index in indexes if index.get("default")]
    default = named + [each["index-url"] for each in tables if "index-url" in each]
    more = [
        _named(each) for each in indexes if not each.get("default") and not each.get("explicit")
    ]
    more += [url for each in tables for url in each.get("extra-index-url", ())]
    hosts = [host for each in tables for host in each.get("allow-insecure-host", ())]
    strategies = [each["index-strategy"] for each in tables if "index-strategy" in each]
    return _said(
        UV_DEFAULT_INDEX=_remote(default)[:1],
        UV_INDEX=_remote(more),
        UV_INDEX_STRATEGY=strategies[:1],
        UV_INSECURE_HOST=hosts,
    )


def of_pip(environ: Mapping[str, str]) -> Variables:
    """Its variables (PIP_INDEX_URL, …) count before its files."""
    found: dict[str, str] = {}
    for path in _pip_files(environ):
        found |= _sections(path)
    found |= {
        name: environ[variable]
        for name in ("index-url", "extra-index-url", "trusted-host")
        if environ.get(variable := f"PIP_{name.upper().replace('-', '_')}")
    }
    more = _remote(found.get("extra-index-url", "").split())
    return _said(
        UV_INDEX_URL=_remote(found.get("index-url", "").split())[:1],
        UV_EXTRA_INDEX_URL=more,
        # pip looks into all of them; here a package that an extra one has comes from there
        UV_INDEX_STRATEGY=["unsafe-first-match"] * bool(more),
        UV_INSECURE_HOST=found.get("trusted-host", "").split(),
    )


def _said(**words: list[str]) -> Variables:
    return {name: " ".join(values) for name, values in words.items() if values}


def _remote(urls: Iterable[str]) -> list[str]:
    return [url for url in urls if "://" in url and "file://" not in url]


def _named(index: Table) -> str:
    return f"{index['name']}={index['url']}" if "name" in index else str(index["url"])


def _uv_files(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    if environ.get("UV_NO_CONFIG"):
        return
    if own := environ.get("UV_CONFIG_FILE"):
        yield Path(own)
        return
    around = (folder / name for folder in (root, *root.parents) for name in ("uv.toml", PYPROJECT))
    yield from [path for path in around if path.is_file() and _table(path)][:1]
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "/", ".config")
    machine = environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    for folder in (home, *machine, "/etc"):
        if (path := Path(folder, "uv", "uv.toml")).is_file():
            yield path


def _table(path: Path) -> Table:
    import tomllib

    try:
        found = tomllib.loads(input_files.read_text(path))
    except InputError as error:
        raise InputError(f"{error.problem}. It is uv's configuration", fix=error.fix) from None
    except (OSError, ValueError, RecursionError) as error:
        problem = f"{path}, uv's configuration, cannot be read: {error}"
        raise InputError(problem, fix="correct the file, or set UV_NO_CONFIG=1") from None
    table = found.get("tool", {}) if path.name == PYPROJECT else {"uv": found}
    own = table.get("uv", {}) if isinstance(table, dict) else {}
    return own if isinstance(own, dict) else {}


def _pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """In pip's order, the last one counts."""
    own = environ.get("PIP_CONFIG_FILE", "")
    home = Path(environ.get("HOME") or "/")
    person = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    if own == "/dev/null":
        return
    for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield person / "pip" / "pip.conf"
    yield Path(sys.prefix, "pip.conf")
    if own:
        yield Path(own)


def _sections(path: Path) -> dict[str, str]:
    """[global], and [install] over it. Nothing of a file that is not there."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(input_files.read_text(path))
    except FileNotFoundError:
        return {}
    except InputError as error:
        raise InputError(f"{error.problem}. It is pip's configuration", fix=error.fix) from None
    except (ValueError, configparser.Error) as error:
        # configparser quotes the line, which may hold a password
        problem = f"{path}, pip's configuration, cannot be read: {type(error).__name__}"
        raise InputError(
            problem, fix="correct the file, or set PIP_CONFIG_FILE=/dev/null"
        ) from None
    names = [name for name in ("global", "install") if parser.has_section(name)]
    return {key.replace("_", "-"): value for name in names for key, value in parser.items(name)}
