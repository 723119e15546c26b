"""Distributions that have no wheel: built from source, where nothing else is to be reached.

what builds it ─▶ pyproject.toml is read, its build requirements are installed from wheels alone
                  (no code of a package runs), and travel as a zip
     the build ─▶ as nobody, in a container of its own (sandbox/job_users.py), without network
                  (`build-network`), index or password. Only the wheel comes back
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from email.parser import HeaderParser
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ...requirements import references, uv
from ...requirements.file import parse_requirement
from ...sandbox import index_credentials
from ...sandbox.job_users import BUILD, INSPECT, INSTALL
from ...sandbox.protocol import Job, Outcome, Sandbox, scripts
from ...sandbox.tar_streams import TooLargeError
from ...sandbox.temp_dirs import folder
from ...sandbox.watch import OutOfTimeError
from ...settings.model import Settings
from ...ui.console import say
from ...util import files as file_tools
from ...util.errors import BuildError
from .. import exact_image, input_hash, installed
from . import missing_wheels, untrusted, uv_errors

_SDIST = re.compile(r"\w[\w.+!-]{,200}\.(tar\.\w+|tgz|zip)", re.ASCII)
_ABOUT = ("METADATA", "WHEEL")
KIND = "wheels"  # of the store's entries
SECONDS = 3600.0
SILENT = 120.0  # seconds without a beat of docker/build_wheel.py
LARGEST = 2 << 30  # bytes of a wheel
FAULT = "! "  # before what a package does against the rules, its last line
ANSWER = "= "  # before what docker/build_wheel.py has found
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
        """Once for each. BuildError. `hashes`: of artefacts that may be taken. None: any."""
        if name not in self.built:
            with folder() as here:
                self.built[name] = self._build(name, version, set(hashes), here)
        return self.built[name]

    def _build(self, name: str, version: str, hashes: set[str], here: Path) -> BuiltWheel:
        url, sha256 = self._locate(name, version, here)
        if hashes and sha256 not in hashes:
            raise BuildError(
                f"{name}=={version}: the lock does not allow the hash of the index's source",
                fix="check which index is configured, then `./doitw lock`",
            )
        store = installed.store(self.settings)
        image = exact_image.remember(self.settings, self.get_sandbox().digest)
        place = input_hash.workplace(self.settings, "docker", image)
        tools = [index_credentials.addresses(self.options), self.settings.build_network]
        key = file_tools.digest([name, version, sha256, place, tools])
        path = store.get(KIND, key)
        if path is None:
            say(f"building {name}=={version} from source: it has no wheel")
            sdist = here / file_name(url)
            self._download(url, sha256, sdist)
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
            raise uv_errors.explain(outcome.output, self.settings, self.get_sandbox().kind)
        import tomli

        [package] = tomli.loads((here / "pylock.toml").read_text(encoding="utf-8"))["packages"]
        if "sdist" not in package:
            raise BuildError(f"{name}=={version} has no source on the index", fix="pin another")
        found = package["sdist"]
        if not (sha256 := found.get("hashes", {}).get("sha256")) or "url" not in found:
            raise BuildError(
                f"{name}=={version}: the index gives no address, or no sha256, of its source",
                fix="use an index that gives both (PEP 503), or pin a version that has a wheel",
            )
        return found["url"], sha256

    def _download(self, url: str, sha256: str, target: Path) -> None:
        index_credentials.download(url, target)
        if file_tools.file_digest(target) != sha256:
            raise BuildError(
                f"{target.name} is not the file that the index names",
                fix="check which index is configured, then run the command again",
            )

    def _make(self, name: str, version: str, sdist: Path, here: Path) -> Path:
        what = f"{name}=={version}"
        system = build_system(sdist, what)
        backend = {each: system.get(each, []) for each in ("build-backend", "backend-path")}
        words = (f"{{work}}/{sdist.name}", "{tmp}", json.dumps(backend))
        job = Job(
            argv=("{python}", "{scripts}/build_wheel.py", "requires", *words),
            kind=BUILD,
            inputs={**scripts(["build_wheel.py"]), sdist.name: sdist},
            opt=(self._environment(system["requires"], here, what),),
            network=self.settings.build_network,
            timeout=SECONDS,
            silence=SILENT,
        )
        requires = [*system["requires"], *answer(self._run(job, what))]
        job = replace(
            job,
            argv=("{python}", "{scripts}/build_wheel.py", "wheel", *words),
            opt=(self._environment(requires, here, what),),
            fetch={"{tmp}/built.whl": here / "built.whl"},
            fetch_limit=LARGEST,
        )
        self._run(job, what)
        return here / "built.whl"

    def _environment(self, requires: list[str], here: Path, what: str) -> Path:
        """A zip of what the backend of `what` needs, from wheels."""
        name = f"environment-{file_tools.digest(requires)[:8]}"
        options, wheels = references.carried(self.options)
        lines = [*options, *(checked(each, what) for each in requires)]
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
            raise uv_errors.explain(outcome.output, self.settings, self.get_sandbox().kind)
        packing = Job(
            argv=("{python}", "{scripts}/gather.py", "all", f"{{work}}/{name}", "{work}/all.zip"),
            kind=INSPECT,
            inputs=scripts(["gather.py"]),
            fetch={"{work}/all.zip": here / f"{name}.zip"},
        )
        self._run(packing, f"what builds {what}")
        return here / f"{name}.zip"

    def _run(self, job: Job, what: str) -> str:
        """What it said. BuildError, also where it takes for ever, or sends too much."""
        try:
            outcome = self.get_sandbox().run(job)
        except TooLargeError as error:
            raise BuildError(f"{what}: {error.problem}", fix=untrusted.PIN) from None
        except OutOfTimeError as error:
            why = "it stopped what watches over it" if error.silent else "it did not end"
            waited = error.silent or SECONDS
            outcome = Outcome(code=1, output=f"{error}\n{FAULT}{why}, waited for {waited:.0f} s")
        if outcome.code:
            lines = outcome.output.splitlines()
            shown = "\n".join(uv_errors.shorten(lines))
            fix = (
                untrusted.PIN if lines and lines[-1].startswith(FAULT) else missing_wheels.NOT_BUILT
            )
            raise BuildError(f"{what} does not build from source:\n{shown}", fix=fix)
        return outcome.output


@cache
def in_a_container(settings: Settings) -> Sandbox:
    """Where what has no wheel says what it needs, and is built. BuildError where there is no
    engine."""
    from ...sandbox.container.sandbox import ContainerSandbox

    try:
        return ContainerSandbox(settings)
    except BuildError as error:
        problem = f"a package has no wheel, and its build scripts would run as you: {error.problem}"
        raise BuildError(problem, fix="start Docker, or pin a version that has a wheel") from None


def close_container(settings: Settings) -> None:
    """If there is one."""
    if in_a_container.cache_info().currsize:
        in_a_container(settings).close()


def answer(output: str) -> list[str]:
    """What a backend wants beside: its last line of that form. Each is compared with what may be
    asked for."""
    said = [line for line in output.splitlines() if line.startswith(ANSWER)][-1:]
    try:
        found = json.loads(said[0].removeprefix(ANSWER)) if said else []
    except (ValueError, RecursionError):
        found = []
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def build_system(sdist: Path, what: str) -> dict[str, Any]:
    """Of its pyproject.toml (PEP 518), or what stands for none. BuildError, about `what`."""
    import tomli

    with untrusted.reading(f"the source of {what}"):
        text = untrusted.pyproject(sdist)
    try:
        found = tomli.loads(text).get("build-system") or {}
    except (ValueError, RecursionError):
        found = {}
    if not isinstance(found, dict) or not _is_table({**DEFAULT, **found}):
        raise BuildError(
            f"{what}: [build-system] in its pyproject.toml is not what PEP 518 says",
            fix=untrusted.PIN,
        )
    return {**DEFAULT, **found}


def _is_table(system: dict[str, Any]) -> bool:
    """Of the values' types, those that count here."""
    lists = [system["requires"], system.get("backend-path", [])]
    texts = [text for each in lists if isinstance(each, list) for text in each]
    return all(isinstance(each, list) for each in lists) and all(
        isinstance(each, str) for each in [system["build-backend"], *texts]
    )


def file_name(url: str) -> str:
    """What an archive there is called: its ending says how it is unpacked."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    return name if _SDIST.fullmatch(name) else "source.tar.gz"


def checked(requirement: str, what: str) -> str:
    """`what` said what builds it: a requirement of the index's, and nothing else."""
    from packaging.requirements import InvalidRequirement

    try:
        found = parse_requirement(requirement)
    except InvalidRequirement:
        found = None
    if found is None or found.url:
        raise BuildError(f"{what} wants {requirement!a} to be built", fix=untrusted.PIN)
    return str(found)


def described(path: Path, name: str, version: str, sdist: str) -> BuiltWheel:
    """What its metadata says. BuildError where it is not that of what was asked for."""
    from packaging.utils import canonicalize_name, canonicalize_version

    with untrusted.reading(f"the wheel that {name}=={version} builds"):
        texts = untrusted.wheel_texts(path)
        headers, about = (HeaderParser().parsestr(texts.get(each, "")) for each in _ABOUT)
        found = (canonicalize_name(headers["Name"] or ""), headers["Version"] or "")
        found = (found[0], canonicalize_version(found[1]))
        requires = [str(each) for each in headers.get_all("Requires-Dist") or []]
        file = _file(name, version, [str(tag) for tag in about.get_all("Tag") or []])
    wanted = (canonicalize_name(name), canonicalize_version(version))
    if found != wanted or not _FILE.fullmatch(file):
        raise BuildError(
            f"{name}=={version} builds something else, or no wheel", fix=missing_wheels.NOT_BUILT
        )
    return BuiltWheel(
        name=wanted[0], version=version, file=file, path=path, sdist=sdist,
        requires=requires,
    )  # fmt: skip


def _file(name: str, version: str, tags: list[str]) -> str:
    """Its file's name, of the tags in WHEEL. '' where these are none."""
    parts = [tag.split("-") for tag in tags]
    if any(len(each) != 3 for each in parts):
        return ""
    compressed = [".".join(sorted(set(each))) for each in zip(*parts, strict=True)]
    return "-".join([re.sub(r"[-_.]+", "_", name), version, *compressed]) + ".whl"
