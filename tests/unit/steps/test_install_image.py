"""tasks/steps/install.py: exactly which image packages are for, and what if a tag moves."""

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import exact_image, installed
from tasks.layer.builder import LayerBuilder
from tasks.layer.team_store import origins
from tasks.layer.team_store import run as team
from tasks.requirements import lockfile
from tasks.sandbox.protocol import Job
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install
from tasks.util import files
from tasks.util.errors import BuildError
from tests import sandbox_scripts
from tests.unit.layer.test_builder import Fake

FACTS = {
    "version": "1", "folder": "a-1.dist-info", "texts": {}, "links": {}, "programs": [],
    "modules": {}, "targets": [],
}  # fmt: skip
OLD, NEW = f"mine@sha256:{'a' * 64}", f"mine@sha256:{'b' * 64}"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One package, locked without an image's digest; the engine is never asked for it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    made = Settings(layer="t", builder="docker", image="mine:1")
    Path(made.requirements).write_text("a\n", encoding="utf-8")
    lock = f"{lockfile.header(made)}a==1 --hash=sha256:{'1' * 64}\n"
    Path(made.lock).write_text(lock, encoding="utf-8")
    monkeypatch.setattr(install, "offered_image", lambda settings: "")
    return made


class Whole(Fake):
    """With all facts."""

    def _leave(self, name: str, local: Path, job: Job) -> None:
        super()._leave(name, local, job)
        if name == "facts.json":
            facts = json.loads(local.read_text(encoding="utf-8"))
            made = {key: FACTS | said for key, said in facts.items()}
            local.write_text(json.dumps(made), encoding="utf-8")


def run(settings: Settings, image: str) -> tuple[Fake, str]:
    """Where the tag stands for this one now: (the sandbox, what the record says)."""
    fake = Whole(digest=image)
    workshop = LayerBuilder(settings, fake)
    record = install.run(settings, lambda: workshop)
    return fake, str(record.image)


def test_the_image_of_the_last_build_is_taken_for_this_ones(settings: Settings) -> None:
    """Nobody is asked where nothing is made."""
    assert run(settings, OLD)[1] == OLD
    fake, image = run(settings, NEW)
    assert (fake.jobs, image) == ([], OLD)


@pytest.mark.parametrize("offered", [NEW, ""])
def test_a_teams_work_is_of_what_the_tag_is_now(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, offered: str
) -> None:
    """A runner's own store may remember what it was long ago. That counts where neither engine nor
    registry answers."""
    run(settings, OLD)
    monkeypatch.setattr(install, "offered_image", lambda settings: offered)
    assert run(settings, NEW)[1] == OLD
    monkeypatch.setattr(team, "current", lambda: object())
    monkeypatch.setattr(team, "bring", lambda *named: None)
    assert run(settings, NEW)[1] == (offered or OLD)


def test_a_silent_registry_is_not_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(settings: Settings) -> str:
        time.sleep(5)
        return NEW

    monkeypatch.setattr(install, "SOON", 0.05)
    monkeypatch.setattr(install, "offered_image", silent)
    assert run(settings, OLD)[1] == OLD


def test_a_tag_that_moved_makes_all_anew(settings: Settings) -> None:
    """Once something is to be made, and so the image is seen: no layer of two images."""
    run(settings, OLD)
    lock = Path(settings.lock)
    lock.write_text(f"{lock.read_text()}b==1 --hash=sha256:{'2' * 64}\n", encoding="utf-8")
    fake, image = run(settings, NEW)
    assert image == NEW
    assert [len(lines) for lines in fake.installed] == [2]
    assert run(settings, OLD)[1] == NEW


def test_a_lock_that_knows_it_decides(settings: Settings) -> None:
    """Whatever the engine calls it."""
    locked = replace(settings, locked_image=OLD.partition("@")[2])
    assert run(locked, NEW)[1] == OLD
    assert run(locked, "")[1] == OLD


def test_a_tag_that_moves_between_two_steps_is_refused(settings: Settings) -> None:
    """The next run begins with the new one."""
    run(settings, OLD)
    exact_image.refuse_other(settings, OLD, OLD)
    with pytest.raises(BuildError, match="mine:1 was another image") as caught:
        exact_image.refuse_other(settings, OLD, NEW)
    assert "lock" in caught.value.fix
    assert run(settings, NEW)[1] == NEW
    record = files.read_record(paths.record(settings, "install")) or {}
    exact_image.refuse_other(settings, record["image"], NEW)


def test_facts_of_another_package_are_not_this_ones(settings: Settings) -> None:
    """Somebody whom the stage trusts keeps them under its key: it is installed here."""
    run(settings, OLD)
    [honest] = (installed.store(settings).root / "installed").glob("*")
    trusting = replace(settings, store_trust=("ci",))
    [ci] = origins.trusted(trusting)
    key, said = honest.name.rpartition("-")[0], json.loads(honest.read_bytes())
    lie = json.dumps(said | {"name": "b"}).encode()
    honest.unlink()
    installed.store(trusting).put_bytes(origins.folder("installed", ci), key, lie)
    fake, _ = run(trusting, OLD)
    assert fake.jobs
    [made] = (files.read_record(paths.record(settings, "install")) or {})["distributions"]
    assert made["name"] == "a"
