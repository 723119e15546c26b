"""Wheels for glibc 2.18 to 2.26, which Lambda's Python 3.10 and 3.11 load (Amazon Linux 2).

uv on the host is told a platform, and has no name between manylinux_2_17 and manylinux_2_28. So
such a wheel is chosen and fetched here, and uv is given the same bytes under a name that it takes.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...requirements import references, tags, uv
from ...sandbox import index_credentials
from ...sandbox.job_users import INSTALL
from ...sandbox.protocol import Job, Sandbox
from ...sandbox.temp_dirs import folder
from ...settings.model import Settings
from ...ui.console import say
from ...util import files
from ...util.errors import BuildError
from .. import installed
from .source_builder import KIND, SourceBuilder, described


def take(
    sources: SourceBuilder, sandbox: Sandbox, pin: tuple[str, str], hashes: Collection[str] = ()
) -> bool:
    """Is there such a wheel of (name, version)? It is among `sources.built` then. `hashes`: of
    artefacts that may be taken. None: any. BuildError where it is not what the index promises."""
    name, version = pin
    settings = sources.settings
    if sandbox.kind != "host" or settings.python not in tags.AL2:
        return False
    if not version or name in sources.built:
        return False
    file = _best(_listed(sandbox, sources.options, pin), settings, hashes)
    if not file:
        return False
    url, sha256 = file["url"], file["hashes"]["sha256"]
    store = installed.store(settings)
    path = store.get(KIND, sha256)
    if path is None:
        say(f"fetching {name}=={version}, whose wheel is for a glibc up to 2.{tags.GLIBC_AL2[1]}")
        with folder() as here:
            got = here / "wheel"
            index_credentials.download(url, got)
            if files.file_digest(got) != sha256:
                problem = f"{_name(file)} is not the file that the index names"
                fix = "check which index is configured, then run the command again"
                raise BuildError(problem, fix=fix)
            path = store.put(KIND, sha256, got)
    found = described(path, name, version, sha256)
    sources.built[name] = replace(found, file=_renamed(_name(file), settings), is_taken=True)
    return True


def inputs(sources: SourceBuilder, given: Mapping[str, bytes | Path]) -> dict[str, bytes | Path]:
    """A job's inputs, with those that were taken for it to find."""
    taken = {f"near/{x.file}": x.path for x in sources.built.values() if x.is_taken}
    text = given["requirements.txt"]
    if not taken or not isinstance(text, bytes):
        return dict(given)
    return {**given, **taken, "requirements.txt": b"--find-links ./near\n" + text}


def _listed(
    sandbox: Sandbox, options: Iterable[str], pin: tuple[str, str]
) -> list[Mapping[str, Any]]:
    """All wheels that the index has of it, as PEP 751 writes them. None where uv finds none."""
    import tomli

    lines, wheels = references.carried(options)
    text = "".join(f"{line}\n" for line in (*lines, f"{pin[0]}=={pin[1]}"))
    with folder() as here:
        job = Job(
            argv=("{uv}", *uv.listing()),
            kind=INSTALL,
            inputs={"source.txt": text.encode(), **wheels},
            fetch={"{work}/pylock.toml": here / "pylock.toml"},
            network=True,
            indexes=True,
        )
        if sandbox.run(job).code:
            return []
        document = tomli.loads((here / "pylock.toml").read_text(encoding="utf-8"))
    return [each for package in document["packages"] for each in package.get("wheels", ())]


def _best(
    wheels: Iterable[Mapping[str, Any]], settings: Settings, hashes: Collection[str]
) -> Mapping[str, Any] | None:
    """The first in the order in which the layer's Python would take them."""
    from packaging.utils import parse_wheel_filename

    ranks = {tag: rank for rank, tag in enumerate(tags.supported(settings))}
    allowed = [each for each in wheels if "url" in each and _is_allowed(each, hashes)]
    ranked = [
        (min(ranks[tag] for tag in fitting), number)
        for number, each in enumerate(allowed)
        if (fitting := parse_wheel_filename(_name(each))[3] & ranks.keys())
    ]
    return allowed[min(ranked)[1]] if ranked else None


def _is_allowed(file: Mapping[str, Any], hashes: Collection[str]) -> bool:
    return not hashes or file["hashes"].get("sha256") in hashes


def _name(file: Mapping[str, Any]) -> str:
    return str(file["url"]).partition("#")[0].rpartition("/")[2]


def _renamed(name: str, settings: Settings) -> str:
    """For the platform that uv is told."""
    start = name.rpartition("-")[0]
    return f"{start}-manylinux_2_17_{tags.MACHINES[settings.architecture]}.whl"
