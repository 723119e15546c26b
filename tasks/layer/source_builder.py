"""Distributions that have no wheel: built from source, where nothing else is to be reached.

what builds it ─▶ pyproject.toml is read, its build requirements are installed from wheels alone
                  (no code of a package runs), and travel as a zip
     the build ─▶ as nobody, in a container of its own (sandbox/job_kinds.py), without network
                  (`build-network`), index or password; only the wheel comes back
"""

import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from ..requirements import references, uv
from ..requirements.file import parse_requirement
from ..sandbox import index_credentials
from ..sandbox.job_kinds import BUILD, INSPECT, INSTALL
from ..sandbox.protocol import Job, Outcome, Sandbox, scripts
from ..sandbox.temp_dirs import folder
from ..settings.model import Settings
from ..ui.console import say
from ..util import files as file_tools
from ..util.errors import BuildError
from . import input_hash, installed

KIND = "wheels"  # of the store's entries
SECONDS = 3600.0
ANSWER = "= "  # before what docker/build_wheel.py has found
_ABOUT = re.compile(r"[^/]+\.dist-info/(METADATA|WHEEL)")
_FILE = re.compile(r"[\w.+!]+(-[\w.+!]+){4}\.whl")
DEFAULT = {"requires": ["setuptools>=40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}


@dataclass(frozen=True, kw_only=True)
class BuiltWheel:
    """`requires`: its metadata's Requires-Dist. `sdist`: sha256 of what it was built from.
    `is_taken`: nothing was built, the index has it (near_wheels.py)."""

    name: str
    version: str
    file: str
    path: Path
    sdist: str
    requires: list[str]
    is_taken: bool = False

    @property
    def line(self) -> str:
        """As a requirement, of just these bytes."""
        return f"{self.name}=={self.version} --hash=sha256:{file_tools.file_digest(self.path)}"


@dataclass
class SourceBuilder:
    """`options`: lines that say which index is asked."""

    settings: Settings
    get_sandbox: Callable[[], Sandbox]
    options: Iterable[str] = ()
    can_build: bool = True  # where code of packages is nobody's
    built: dict[str, BuiltWheel] = field(default_factory=dict)

    def build(self, name: str, version: str, hashes: Iterable[str] = ()) -> BuiltWheel:
        """Once for each. BuildError. `hashes`: of artefacts that may be taken; none: any."""
        if name not in self.built:
            with folder() as here:
                self.built[name] = self._build(name, version, set(hashes), here)
        return self.built[name]

    def _build(self, name: str, version: str, hashes: set[str], here: Path) -> BuiltWheel:
        url, sha256 = self._locate(name, version, here)
        if hashes and sha256 not in hashes:
            raise BuildError(
                f"{name}=={version}: the index's source is not one whose hash the lock has",
                fix="make sure of the index you use, then `./doitw lock`",
            )
        store = installed.store(self.settings)
        made_from = [name, version, sha256, input_hash.environment(self.settings, "docker")]
        key = file_tools.digest(made_from)
        path = store.get(KIND, key)
        if path is None:
            say(f"building {name}=={version} from source: it has no wheel")
            sdist = here / url.rpartition("/")[2].partition("#")[0]
            sdist.write_bytes(self._download(url, sha256))
            path = store.put(KIND, key, self._make(name, version, sdist, here))
        return described(path, name, version, sha256)

    def _locate(self, name: str, version: str, here: Path) -> tuple[str, str]:
        """(address, sha256) of its source. uv need not build it to say so: it is told what the
        metadata would say."""
        options, wheels = references.carried(self.options)
        lines = [*options, f"{name}=={version}"]
        job = Job(
            argv=("{uv}", *uv.locating(name)),
            kind=INSTALL,
            inputs={
                **wheels,
                "source.txt": "".join(f"{line}\n" for line in lines).encode(),
                "metadata.toml": uv.metadata_config([(name, version, [])]),
            },
            fetch={"{work}/pylock.toml": here / "pylock.toml"},
            network=True,
            indexes=True,
        )
        outcome = self.get_sandbox().run(job)
        if outcome.code:
            raise uv.explain(outcome.output, self.settings, self.get_sandbox().kind)
        import tomli

        [package] = tomli.loads((here / "pylock.toml").read_text(encoding="utf-8"))["packages"]
        if "sdist" not in package:
            raise BuildError(f"{name}=={version} has no source on the index", fix="pin another")
        return package["sdist"]["url"], package["sdist"]["hashes"]["sha256"]

    def _download(self, url: str, sha256: str) -> bytes:
        content = index_credentials.download(url)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BuildError(
                f"{url.rpartition('/')[2]} is not the file that the index promises",
                fix="make sure of the index you use, then run the same command again",
            )
        return content

    def _make(self, name: str, version: str, sdist: Path, here: Path) -> Path:
        system = build_system(sdist)
        backend = {each: system.get(each, []) for each in ("build-backend", "backend-path")}
        words = (f"{{work}}/{sdist.name}", "{tmp}", json.dumps(backend))
        job = Job(
            argv=("{python}", "{scripts}/build_wheel.py", "requires", *words),
            kind=BUILD,
            inputs={**scripts(["build_wheel.py"]), sdist.name: sdist},
            opt=(self._environment(system["requires"], here),),
            network=self.settings.build_network,
            timeout=SECONDS,
        )
        requires = [*system["requires"], *answer(self._run(job, f"{name}=={version}"))]
        job = replace(
            job,
            argv=("{python}", "{scripts}/build_wheel.py", "wheel", *words),
            opt=(self._environment(requires, here),),
            fetch={"{tmp}/wheel": here / "wheel"},
        )
        self._run(job, f"{name}=={version}")
        return next((here / "wheel").iterdir())

    def _environment(self, requires: list[str], here: Path) -> Path:
        """A zip of what the backend needs, from wheels."""
        name = f"environment-{file_tools.digest(requires)[:8]}"
        options, wheels = references.carried(self.options)
        lines = [*options, *map(checked, requires)]
        if (here / f"{name}.zip").exists():
            return here / f"{name}.zip"
        job = Job(
            argv=("{uv}", *uv.installing_tools(f"{{work}}/{name}")),
            kind=INSTALL,
            inputs={"tools.txt": "".join(f"{line}\n" for line in lines).encode(), **wheels},
            network=True,
            indexes=True,
        )
        outcome = self.get_sandbox().run(job)
        if outcome.code:
            raise uv.explain(outcome.output, self.settings, self.get_sandbox().kind)
        packing = Job(
            argv=("{python}", "{scripts}/gather.py", "all", f"{{work}}/{name}", "{work}/all.zip"),
            kind=INSPECT,
            inputs=scripts(["gather.py"]),
            fetch={"{work}/all.zip": here / f"{name}.zip"},
        )
        self._run(packing, "what builds it")
        return here / f"{name}.zip"

    def _run(self, job: Job, what: str) -> str:
        """What it said. BuildError, also where it takes for ever."""
        try:
            outcome = self.get_sandbox().run(job)
        except TimeoutError as error:
            outcome = Outcome(code=1, output=f"{error}\nno end after {SECONDS:.0f} s")
        if outcome.code:
            shown = "\n".join(uv.shorten(outcome.output.splitlines()))
            raise BuildError(f"{what} does not build from source:\n{shown}", fix=uv.NOT_BUILT)
        return outcome.output


def answer(output: str) -> list[str]:
    """What a backend wants beside: its last line of that form. Each is compared with what may be
    asked for."""
    said = [line for line in output.splitlines() if line.startswith(ANSWER)][-1:]
    try:
        found = json.loads(said[0].removeprefix(ANSWER)) if said else []
    except (ValueError, RecursionError):
        found = []
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def build_system(sdist: Path) -> dict[str, Any]:
    """Of its pyproject.toml (PEP 518), or what stands for none."""
    import tomli

    text = _pyproject(sdist)
    try:
        found = tomli.loads(text).get("build-system") or {}
    except (ValueError, RecursionError):
        found = {}
    return {**DEFAULT, **found}


def _pyproject(sdist: Path) -> str:
    """'' where it has none. It is only read."""
    wanted = re.compile(r"(\./)?[^/]+/pyproject\.toml")
    if zipfile.is_zipfile(sdist):
        with zipfile.ZipFile(sdist) as archive:
            named = next((each for each in archive.namelist() if wanted.fullmatch(each)), "")
            return archive.read(named).decode(errors="replace") if named else ""
    with tarfile.open(sdist) as tar:
        for member in tar:
            if wanted.fullmatch(member.name) and (file := tar.extractfile(member)):
                return file.read(1 << 20).decode(errors="replace")
    return ""


def checked(requirement: str) -> str:
    """A package said what builds it: a requirement of the index's, and nothing else."""
    from packaging.requirements import InvalidRequirement

    try:
        found = parse_requirement(requirement)
    except InvalidRequirement:
        found = None
    if found is None or found.url:
        raise BuildError(
            f"a package wants {requirement!a} to be built", fix="pin a version that has a wheel"
        )
    return str(found)


def described(path: Path, name: str, version: str, sdist: str) -> BuiltWheel:
    """What its metadata says. BuildError where it is not that of what was asked for."""
    from packaging.utils import canonicalize_name, canonicalize_version

    found: tuple[str, str] = ("", "")
    try:
        headers, tags = _metadata(path)
        found = (canonicalize_name(headers["Name"]), canonicalize_version(headers["Version"]))
        parts = [
            ".".join(sorted(set(each)))
            for each in zip(*(tag.split("-") for tag in tags), strict=True)
        ]
        file = "-".join([re.sub(r"[-_.]+", "_", name), version, *parts]) + ".whl"
    except (ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile):
        file = ""
    wanted = (canonicalize_name(name), canonicalize_version(version))
    if found != wanted or not _FILE.fullmatch(file):
        raise BuildError(f"{name}=={version} builds something else, or no wheel", fix=uv.NOT_BUILT)
    return BuiltWheel(
        name=wanted[0], version=version, file=file, path=path, sdist=sdist,
        requires=headers.get_all("Requires-Dist") or [],
    )  # fmt: skip


def _metadata(path: Path) -> tuple[Message, list[str]]:
    """(METADATA's headers, WHEEL's tags)"""
    with zipfile.ZipFile(path) as archive:
        texts = {
            name.rpartition("/")[2]: archive.read(name).decode(errors="replace")
            for name in archive.namelist()
            if _ABOUT.fullmatch(name)
        }
    tags = HeaderParser().parsestr(texts["WHEEL"]).get_all("Tag") or []
    return HeaderParser().parsestr(texts["METADATA"]), tags
