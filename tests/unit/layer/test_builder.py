"""tasks/layer/builder.py: what the sandbox is asked for, and what it is not asked for again."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tasks.layer.builder import LayerBuilder, content_key
from tasks.layer.installed import Installed
from tasks.layer.locked_requirement import LockedRequirement
from tasks.proof import proof_plan
from tasks.proof.cache import Look
from tasks.proof.proof_plan import ProofPlan
from tasks.requirements import file
from tasks.sandbox.protocol import Job, OnLine, Outcome
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import disk_full
from tasks.util.errors import BuildError
from tests import sandbox_scripts

A = LockedRequirement(name="a", text="a==1 --hash=sha256:1", certain=True, key="key-a")
B = LockedRequirement(name="b", text="b==1 --hash=sha256:2", certain=True, key="key-b")
LOOSE = LockedRequirement(name="c", text="c==1", certain=False, key="key-c")


def given(job: Job, name: str) -> bytes:
    """One of its inputs."""
    content = job.inputs[name]
    assert isinstance(content, bytes)
    return content


@dataclass
class Fake:
    """Does what it is told by writing the files that a job would leave; `fails`: a word of the job
    that ends with an error."""

    kind: str = "docker"
    runs: bool = True
    title: str = "image x"
    digest: str = ""
    isolation: str = ""
    fails: str = ""
    said: str = "@ 1/2\nfirst\nMemoryError\n"
    resolved: str = "a==1 --hash=sha256:1\n"
    jobs: list[Job] = field(default_factory=list)
    prepared: list[Path] = field(default_factory=list)
    closed: int = 0

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        self.jobs.append(job)
        if self.fails and self.fails in " ".join(job.argv):
            return Outcome(code=1, output=self.said)
        for name, local in job.fetch.items():
            self._leave(name.removeprefix("{work}/"), local, job)
        return Outcome(code=0, output="")

    def _leave(self, name: str, local: Path, job: Job) -> None:
        if name == "facts.json":
            keys = json.loads(given(job, "keys.json"))
            facts = {key: {"name": name, "files": {}, "hashes": {}} for name, key in keys.items()}
            local.write_text(json.dumps(facts), encoding="utf-8")
        elif name == "resolved.txt":
            local.write_text(self.resolved, encoding="utf-8")
        else:
            local.mkdir()
            for each in json.loads(given(job, "request.json")).values():
                (local / each["as"]).write_text(f"part of {each['as']}", encoding="utf-8")

    def prepare(self, layer: Path) -> None:
        self.prepared.append(layer)

    def close(self) -> None:
        self.closed += 1

    @property
    def installed(self) -> list[list[str]]:
        """The lines of each call of the installer."""
        return [
            given(job, "requirements.txt").decode().splitlines()
            for job in self.jobs
            if job.argv[0] == "{uv}"
        ]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """In a small project."""
    monkeypatch.chdir(tmp_path)
    Path("requirements-all.txt").write_text("a\n", encoding="utf-8")
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    return Fake()


def test_only_what_is_missing_is_installed(fake: Fake) -> None:
    """With one call of the installer; what is here already does not enter again."""
    workshop = LayerBuilder(Settings(), fake)
    facts = workshop.install([A], [])
    workshop.have([A, B, LOOSE], [])
    assert fake.installed == [[A.text], [B.text, LOOSE.text]]
    assert set(workshop.here) == {A.key, B.key, LOOSE.key}
    assert facts[A.key]["name"] == "a"
    assert workshop.here[A.key] == content_key(A.key, facts[A.key], {})


def test_nothing_missing_starts_nothing(fake: Fake) -> None:
    """Nor does nothing at all."""
    workshop = LayerBuilder(Settings(), fake, {A.key: "content"})
    workshop.have([A], ["--index-url https://index"])
    workshop.install([], [])
    assert fake.jobs == []


def test_options_stand_before_the_requirements(fake: Fake) -> None:
    """As they are written."""
    LayerBuilder(Settings(), fake).install([A], ["--index-url https://index"])
    assert fake.installed == [["--index-url https://index", A.text]]


@pytest.mark.parametrize(
    ("pins", "locked", "hashed"),
    [([A, B], False, True), ([A, LOOSE], False, False), ([A, LOOSE], True, True)],
    ids=["all have hashes", "one has none", "a lock without hashes"],
)
def test_hashes_are_required_where_there_are_some(
    fake: Fake, pins: list[LockedRequirement], locked: bool, hashed: bool
) -> None:
    """A lock without them is a mistake that the installer finds."""
    if locked:
        Path("requirements-all.lock").touch()
    LayerBuilder(Settings(), fake).install(pins, [])
    assert ("--require-hashes" in fake.jobs[0].argv) is hashed


def test_only_the_installer_gets_the_network(fake: Fake) -> None:
    """And only where something is not cached. What runs afterwards reads files of packages."""
    fake.fails = "--offline"
    workshop = LayerBuilder(Settings(), fake)
    workshop.install([A], [])
    workshop.make({A.key: {"as": "a", "stay": [], "cut": {}}}, [], lambda name, path: None)
    assert [job.network for job in fake.jobs] == [False, True, False, False]
    assert [job.indexes for job in fake.jobs] == [True, True, False, False]
    assert all(job.timeout is None and not job.opt for job in fake.jobs)


def test_a_failed_installation_is_told_in_its_own_words(fake: Fake) -> None:
    """Nothing counts as installed."""
    fake.fails = "{uv}"
    workshop = LayerBuilder(Settings(), fake)
    with pytest.raises(BuildError, match=r"(?s)the installer failed:.*MemoryError"):
        workshop.install([A], [])
    assert workshop.here == {}


def test_half_an_installation_is_not_built_upon(fake: Fake) -> None:
    """uv would take what it finds for installed: it is not asked again."""
    fake.fails, fake.said = "--offline", "error: Failed to install: a\nNo space left on device\n"
    with pytest.raises(BuildError, match="No space left"):
        LayerBuilder(Settings(), fake).install([A], [])
    assert len(fake.jobs) == 1


def test_what_is_not_cached_is_fetched(fake: Fake) -> None:
    """Where the first attempt ends before anything is laid down."""
    fake.fails, fake.said = "--offline", "error: the network was disabled\n"
    workshop = LayerBuilder(Settings(), fake)
    workshop.install([A], [])
    assert set(workshop.here) == {A.key}


def test_a_failed_look_at_it_is_told_with_a_fix(fake: Fake) -> None:
    """One distribution twice, say."""
    fake.fails = "inspect_installed.py"
    workshop = LayerBuilder(Settings(), fake)
    with pytest.raises(BuildError, match="failed in image x:\nfirst\nMemoryError") as caught:
        workshop.install([A], [])
    assert "go together" in caught.value.fix
    assert workshop.here == {}


@pytest.mark.parametrize("kind", ["docker", "host"])
def test_a_full_disk_is_told_with_what_frees_it(fake: Fake, kind: str) -> None:
    """In the sandbox that it is; whichever job met it."""
    fake.kind, fake.said = kind, "OSError: [Errno 28] No space left on device\n"
    for fake.fails in ("{uv}", "inspect_installed.py"):
        with pytest.raises(BuildError, match="No space left") as caught:
            LayerBuilder(Settings(), fake).install([A], [])
        assert caught.value.fix == disk_full.way_out(kind)


def test_each_part_is_handed_over(fake: Fake) -> None:
    """By its name, to be moved; nothing is left behind."""
    kept: dict[str, str] = {}

    def keep(name: str, path: Path) -> None:
        kept[name] = path.read_text(encoding="utf-8")
        path.unlink()

    request = {key: {"as": name, "stay": [], "cut": {}} for key, name in (("1", "b"), ("2", "a"))}
    LayerBuilder(Settings(), fake).make(request, ["--strip", "--level", "6"], keep)
    assert list(kept.items()) == [("a", "part of a"), ("b", "part of b")]
    assert fake.jobs[0].argv[-3:] == ("--strip", "--level", "6")
    assert json.loads(given(fake.jobs[0], "request.json")) == request
    assert list(paths.WORK.iterdir()) == []


def test_a_failed_optimization_names_a_way_around_it(fake: Fake) -> None:
    """Without the marks of progress."""
    fake.fails = "optimize.py"
    with pytest.raises(
        BuildError, match="packing failed in image x:\nfirst\nMemoryError"
    ) as caught:
        LayerBuilder(Settings(), fake).make({}, [], lambda name, path: None)
    assert 'bytecode = "none"' in caught.value.fix
    assert list(paths.WORK.iterdir()) == []


def test_without_a_lock_the_requirements_are_resolved(fake: Fake) -> None:
    """What the project asks for goes in, exact lines come out."""
    Path("requirements-all.txt").write_text("a>=1\n-c limits.txt\n", encoding="utf-8")
    Path("limits.txt").write_text("b<2\n", encoding="utf-8")
    fake.resolved = "a==1 \\\n    --hash=sha256:1\nb==1 --hash=sha256:2\n"
    found = LayerBuilder(Settings(), fake).resolve()
    assert [file.spelling(line) for line in found] == [A.text, B.text]
    assert fake.jobs[0].inputs == {
        "requirements.txt": b"a>=1\n-c constraints.txt\n",
        "constraints.txt": b"b<2\n",
    }
    assert fake.jobs[0].network


def test_hashes_that_were_asked_for_count(fake: Fake) -> None:
    """Not the index's."""
    Path("requirements-all.txt").write_text("a --hash=sha256:9\n", encoding="utf-8")
    [line] = LayerBuilder(Settings(), fake).resolve()
    assert file.spelling(line) == "a==1 --hash=sha256:9"


def test_what_cannot_be_resolved_is_told_in_the_installers_words(fake: Fake) -> None:
    """And nothing is left behind."""
    Path("requirements-all.txt").write_text("a\n", encoding="utf-8")
    fake.fails = "compile"
    with pytest.raises(BuildError, match="the installer failed"):
        LayerBuilder(Settings(), fake).resolve()
    assert list(paths.WORK.iterdir()) == []


@pytest.mark.parametrize(("missing", "prepared"), [(["a"], ["part.zip"]), ([], [])])
def test_what_will_be_tried_is_laid_out_ahead(
    fake: Fake, missing: list[str], prepared: list[str]
) -> None:
    """Where something will."""
    asked = ProofPlan(
        names=["a"], known={}, missing={name: {} for name in missing}, edges={}, keys={}, met=(),
        look=Look(Installed(()), {}, []), shown=missing, layer=Path("part.zip"),
    )  # fmt: skip
    proof_plan.lay_out(fake, asked)
    assert list(map(str, fake.prepared)) == prepared


def test_after_its_end_nothing_is_there(fake: Fake) -> None:
    """The next one installs anew."""
    workshop = LayerBuilder(Settings(), fake)
    workshop.install([A], [])
    workshop.close()
    assert fake.closed == 1
    workshop.install([A], [])
    assert fake.installed == [[A.text], [A.text]]
