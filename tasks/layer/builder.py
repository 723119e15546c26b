"""Where distributions are installed and made into finished parts: one sandbox, for a whole run.

    {work}/apart/<pin's key>/…   a distribution as installed, never edited
    {work}/parts/<name>          what is made of it (docker/optimize.py)

Nothing of a distribution that is finished already enters it. `install` and `optimize` share the
sandbox, so that what the one installed need not travel for the other.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..requirements import file, references, uv
from ..requirements.file import canonical
from ..sandbox import choose as choice
from ..sandbox.job_users import INSPECT, INSTALL
from ..sandbox.protocol import Job, Sandbox, scripts
from ..sandbox.temp_dirs import folder
from ..settings.model import Settings
from ..ui.console import following, say
from ..util import disk_full
from ..util import files as file_tools
from ..util.background import BackgroundTask
from ..util.errors import BuildError
from . import locked_requirement
from .archive import sbom
from .input_hash import BUILDER_FILES
from .locked_requirement import LockedRequirement, from_source
from .wheels import wheel_memory

if TYPE_CHECKING:  # a command that has nothing to do builds none
    from .wheels.source_builder import SourceBuilder

LISTED = 10  # files, in one error
FACTS = 256 << 20  # bytes; the example has 3 MB, 60,000 files have 20
_VERSION = re.compile(r"^[\w.-]+(?:\[[^]]*\])?===?([^\s;,*]+)")
_HASHES = re.compile(r"--hash=sha256:([0-9a-f]{64})")
Keep = Callable[[str, Path], object]
Facts = dict[str, file_tools.Record]  # docker/inspect_installed.py's, by the pin's key


def content_key(pin: str, facts: file_tools.Record, contents: Mapping[str, str]) -> str:
    """What a distribution is kept under whose pin does not say what it is. `contents`: {path:
    sha256}, also of what RECORD has no hash for."""
    return file_tools.digest([pin, facts, contents])


def _to_take_apart(keys: Mapping[str, str]) -> dict[str, bytes]:
    """What `take_apart` needs, for the job before it: to hand in files takes time, too."""
    return {**scripts(BUILDER_FILES), "keys.json": file_tools.canonical(keys)}


def index_options(options: Iterable[str]) -> list[str]:
    """Without those that tell the installer to build something: it does not."""
    return [each for each in options if each.startswith("-") and not from_source([each])]


def refuse_bad_files(found: Facts) -> None:
    """BuildError for files that docker/inspect_installed.py refused. No facts say `refused`
    afterwards."""
    wrong = [
        f"{ascii(facts['name'])[1:-1]}: {path!a} {why}"
        for facts in found.values()
        for path, why in facts.pop("refused", {}).items()
    ]
    if wrong:
        raise BuildError(
            "\n".join(wrong[:LISTED]),
            fix="such a package is broken, or meant to do harm: pin another version, or leave the "
            "package out",
        )


def sharing(pins: Sequence[LockedRequirement], found: Facts) -> list[LockedRequirement]:
    """Those that bring a file that another brings, too, with other content. Installed together they
    all got that of the last. Alone each gets its own."""
    hashes: dict[str, set[str]] = {}
    for key, facts in found.items():
        for path, said in facts["hashes"].items():
            hashes.setdefault(path, set()).add(said or key)  # without a hash it may be anything
    shared = {path for path, said in hashes.items() if len(said) > 1}
    return [pin for pin in pins if shared & found.get(pin.key, {"hashes": {}})["hashes"].keys()]


@dataclass
class LayerBuilder:
    """`here`: what is installed in the sandbox, {pin's key: `content_key` of it}."""

    settings: Settings
    sandbox: Sandbox
    here: dict[str, str] = field(default_factory=dict)
    _sources: "SourceBuilder" = field(init=False)
    _meanwhile: BackgroundTask = field(default_factory=BackgroundTask)

    def __post_init__(self) -> None:
        from .wheels.source_builder import SourceBuilder

        can_build = self.sandbox.kind == "docker"
        self._sources = SourceBuilder(self.settings, lambda: self.sandbox, can_build=can_build)

    def resolve(self) -> list[file.Line]:
        """The lines of a lock, where there is none. BuildError in the installer's words."""
        from . import resolution

        asked = file.read_requirements(Path(self.settings.requirements))
        self._sources.options = index_options(line.text for line in asked)
        with folder() as here:
            job = Job(
                argv=(),
                kind=INSTALL,
                inputs=file.as_inputs(resolution.without_sources(asked)),
                fetch={"{work}/resolved.txt": here / "lock"},
                network=True,
                indexes=True,
            )
            words = partial(uv.resolving, self.settings, self.sandbox.kind)
            resolution.resolve(self.sandbox, self._sources, job, words, asked, self.settings)
            return file.keeping_hashes(file.read_requirements(here / "lock"), asked)

    def have(self, pins: Sequence[LockedRequirement], options: Sequence[str]) -> None:
        """Install those that are not here yet. As `install`."""
        self.install([pin for pin in pins if pin.key not in self.here], options)

    def install(self, pins: Sequence[LockedRequirement], options: Sequence[str]) -> Facts:
        """With one call of the installer, and `options` as they stand in the requirements: {pin's
        key: facts}. BuildError in the installer's words."""
        if not pins:
            return {}
        self._sources.options = index_options(options)
        named = from_source(options)
        for pin in pins:
            if not pin.wheel and {pin.name, ":all:"} & {*named}:
                self._build(pin)
        keys = {pin.name: pin.key for pin in pins}
        if self.sandbox.kind == "docker":  # time while it starts, and no fork amid an import
            self._meanwhile.begin(sbom.preload_library)
        self._install_all(pins)
        found = self.take_apart(keys)
        for pin in sharing(pins, found):
            self._install_all([pin])
            found |= self.take_apart({pin.name: pin.key})
        self._meanwhile.settle()
        contents = {key: facts.get("contents", {}) for key, facts in found.items()}
        self._compare(pins, found)
        self.here |= {key: content_key(key, found[key], contents[key]) for key in found}
        return found

    def _install_all(self, pins: Sequence[LockedRequirement]) -> None:
        """From wheels. What turns out to have none and may be built is built."""
        locked = Path(self.settings.lock).is_file()
        hashed = locked or all("--hash=" in pin.text for pin in pins)
        words = uv.installing(self.settings, self.sandbox.kind, hashed=hashed)
        by_name = {pin.name: pin for pin in pins}
        while True:
            job = Job(
                argv=("{uv}", *words),
                kind=INSTALL,
                inputs={**self._inputs(pins), **_to_take_apart({p.name: p.key for p in pins})},
                network=True,
                indexes=True,
            )
            if hashed and self._from_cache(job):
                return
            outcome = self.sandbox.run(job, say)
            if outcome.code == 0:
                return
            lacking = by_name.get(canonical(uv.lacks_wheel(outcome.output)))
            if lacking and self._take(lacking):
                continue
            pin = by_name.get(canonical(uv.wants_wheel(outcome.output)))
            if not pin or pin.wheel or pin.name in self._sources.built or not self._build(pin):
                raise self._failure(outcome.output)

    def _failure(self, output: str) -> BuildError:
        from .wheels import uv_errors

        return uv_errors.explain(output, self.settings, self.sandbox.kind, self._allowed())

    def _allowed(self) -> list[str]:
        """Names that lines of the requirements allow to be built."""
        lines = file.read_requirements(Path(self.settings.requirements))
        return from_source(locked_requirement.options(lines))

    def _inputs(self, pins: Sequence[LockedRequirement]) -> dict[str, bytes | Path]:
        """The installer's: lines, and the wheels that were built here."""
        built = {pin.name: self._sources.built.get(pin.name) for pin in pins}
        wheels = [each for each in built.values() if each]
        options, found = references.carried(self._sources.options)
        lines = [*options, *["--find-links ./built"] * bool(wheels)]
        lines += [each.line if (each := built[pin.name]) else pin.text for pin in pins]
        text = "".join(f"{line}\n" for line in lines).encode()
        made = {f"built/{each.file}": each.path for each in wheels}
        return {"requirements.txt": text, **found, **made}

    def _take(self, pin: LockedRequirement) -> bool:
        """Its wheel for another platform than uv was told, where the layer takes that, too."""
        from .wheels import near_wheels

        version, hashes = _VERSION.search(pin.text), _HASHES.findall(pin.text)
        wanted = (pin.name, version[1] if version else "")
        return near_wheels.take(self._sources, self.sandbox, wanted, hashes)

    def _build(self, pin: LockedRequirement) -> bool:
        """From source, where that can be done. BuildError where it fails."""
        version = _VERSION.search(pin.text)
        if not version or not self._sources.can_build:
            return False
        self._sources.build(pin.name, version[1], _HASHES.findall(pin.text))
        return True

    def _compare(self, pins: Sequence[LockedRequirement], found: Facts) -> None:
        """BuildError where what was installed is not what the pins stand for. The cache's entry
        goes. No facts say `altered` or `contents` afterwards."""
        wrong: dict[LockedRequirement, list[str]] = {}
        for pin in pins:
            facts = found.get(pin.key, {})
            altered, contents = facts.pop("altered", ()), facts.pop("contents", {})
            said = [f"{pin.name}: {path!a} is not what its RECORD says" for path in altered]
            known = pin.name not in self._sources.built  # what is built may differ each time
            if not said and known:
                kind = self.sandbox.kind
                said = wheel_memory.differences(pin, contents, self.settings, kind)
            if said:
                wrong[pin] = said
        wheel_memory.forget_unused()
        if not wrong:
            return
        for pin in wrong:
            wheel_memory.forget(pin, self.settings, self.sandbox.kind)
        words = ("cache", "clean", "--no-config", *(pin.name for pin in wrong))
        self.sandbox.run(Job(argv=("{uv}", *words), kind=INSTALL))
        self.close()
        lines = [line for problems in wrong.values() for line in problems]
        raise BuildError(
            "\n".join(["uv's cache holds what no wheel brought:", *lines[:LISTED]]),
            fix="these entries of the cache were removed: run the command again. If the error "
            "repeats, the wheel is broken: pin another version",
        )

    def take_apart(self, keys: Mapping[str, str]) -> Facts:
        """Move what lies in {work}/python apart by distribution, {name: key}, and read it."""
        with folder() as here:
            job = Job(
                argv=("{python}", "{scripts}/inspect_installed.py", "{work}/python", "{work}/apart",
                      "{work}/keys.json", "{work}/facts.json"),
                kind=INSPECT,
                inputs=_to_take_apart(keys),
                fetch={"{work}/facts.json": here / "facts"},
                fetch_limit=FACTS,
            )  # fmt: skip
            self._make(job, "reading what was installed", fix="pin versions that go together")
            found: Facts = json.loads((here / "facts").read_text(encoding="utf-8"))
        refuse_bad_files(found)
        return found

    def make(self, request: Mapping[str, Any], flags: Sequence[str], keep: Keep) -> None:
        """Parts of distributions that are here. `request` and `flags`: docker/optimize.py's.
        `keep` takes each part: its name, and a file to move."""
        with folder() as here:
            job = Job(
                argv=("{python}", "{scripts}/optimize.py", "{work}/apart", "{work}/parts",
                      "{work}/request.json", "--tools", "{tools}", *flags),
                kind=INSPECT,
                inputs=scripts(BUILDER_FILES) | {"request.json": file_tools.canonical(request)},
                fetch={"{work}/parts": here / "parts"},
            )  # fmt: skip
            self._make(
                job,
                "stripping, compiling and packing",
                fix='go without: strip = false, bytecode = "none" in [tool.lambda-layer]',
            )
            for path in sorted((here / "parts").iterdir()):
                keep(path.name, path)

    def gather(self, files: Mapping[str, str], target: Path) -> None:
        """A zip of files as they were installed, {path: its distribution's folder here}, for where
        the layer's code runs."""
        job = Job(
            argv=("{python}", "{scripts}/gather.py", "files", "{work}/apart",
                  "{work}/gathered.zip", "{work}/request.json"),
            kind=INSPECT,
            inputs=scripts(["gather.py"]) | {"request.json": file_tools.canonical(files)},
            fetch={"{work}/gathered.zip": target},
        )  # fmt: skip
        self._make(job, "gathering what was installed", fix="report this, with the lines")

    def close(self) -> None:
        self.here.clear()
        self.sandbox.close()

    def _from_cache(self, job: Job) -> bool:
        """Install without asking the index, which need not be reached for files whose hashes are
        known, and takes longer to answer than the rest. False where one of them is not cached.
        BuildError where they are and could not all be laid down: the installer would take what it
        finds then for installed."""
        cached = replace(job, argv=(*job.argv, "--offline"), network=False)
        outcome = self.sandbox.run(cached)
        if outcome.code and uv.HALF_DONE in outcome.output:
            raise self._failure(outcome.output)
        for line in outcome.output.splitlines() if outcome.code == 0 else ():
            say(line)
        return outcome.code == 0

    def _make(self, job: Job, doing: str, *, fix: str) -> None:
        with following(doing) as hear:
            outcome = self.sandbox.run(job, hear)
        if outcome.code:
            full = disk_full.is_said(outcome.tail)
            fix = disk_full.way_out(self.sandbox.kind) if full else fix
            raise BuildError(f"{doing} failed in {self.sandbox.title}:\n{outcome.tail}", fix=fix)


kind, runs, title = choice.kind, choice.runs, choice.title


def running(settings: Settings) -> "LayerBuilder | None":
    """The run's, where a step needed one already."""
    return choose(settings) if choose.cache_info().currsize else None


@cache
def choose(settings: Settings) -> LayerBuilder:
    """BuildError as sandboxes.choose."""
    return LayerBuilder(settings, choice.choose(settings))
