"""tasks/sandbox/choose.py: which sandbox, and when nobody is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.sandbox import choose
from tasks.sandbox.container import sandbox
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import files
from tasks.util.errors import BuildError


class Engine:
    """Stands for Docker; `there` says whether it answers."""

    kind = "docker"
    there = True

    def __init__(self, settings: Settings, tmp: int = 0) -> None:
        if not self.there:
            raise BuildError("no Docker engine answers", fix="start Docker")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Engine]]:
    class Local(Engine):
        pass

    monkeypatch.setattr(sandbox, "ContainerSandbox", Local)
    choose.choose.cache_clear()
    yield Local
    choose.choose.cache_clear()


@pytest.mark.parametrize(
    ("builder", "stage", "kind"),
    [
        ("auto", "prod", "docker"),
        ("auto", "local", "docker"),
        ("docker", "local", "docker"),
        ("host", "prod", "host"),
        ("host", "local", "host"),
    ],
)
def test_docker_unless_the_host_is_asked_for(builder: str, stage: str, kind: str) -> None:
    """In every stage."""
    settings = Settings(builder=builder, stage=stage)
    assert choose.choose(settings).kind == kind
    assert choose.kind(settings) == kind


def test_without_docker_stage_local_uses_the_host(
    engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so, once, in one line."""
    engine.there = False
    said: list[str] = []
    monkeypatch.setattr(choose, "say", said.append)
    settings = Settings(stage="local")
    assert choose.choose(settings).kind == choose.kind(settings) == "host"
    assert said == [
        "without Docker (no Docker engine answers): building with this machine's Python instead"
    ]


@pytest.mark.parametrize(
    "settings", [Settings(), Settings(builder="docker", stage="local"), Settings(builder="docker")]
)
def test_without_docker_every_other_stage_stops(engine: type[Engine], settings: Settings) -> None:
    """With what to start."""
    engine.there = False
    with pytest.raises(BuildError, match="no Docker engine answers"):
        choose.choose(settings)


def test_what_this_machine_does_not_run_it_is_no_substitute_for(
    engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said is how to get the engine to do it."""
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    engine.there = False
    with pytest.raises(BuildError, match="no Docker engine answers"):
        choose.choose(Settings(stage="local"))


@pytest.mark.parametrize("builder", ["auto", "docker"])
def test_the_input_hash_needs_no_docker(engine: type[Engine], builder: str) -> None:
    """A fresh CI runner asks AWS before it builds."""
    engine.there = False
    assert choose.kind(Settings(builder=builder)) == "docker"


def test_its_title_needs_no_docker_either(engine: type[Engine]) -> None:
    """What builds, whether or not it has to start."""
    engine.there = False
    assert choose.title(Settings(image="mine:1")) == "image mine:1"
    host = Settings(builder="host")
    assert choose.title(host) == choose.choose(host).title


def test_who_only_looks_starts_nothing(
    engine: type[Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a choice would have to be made, it is taken to be as in the last run."""
    monkeypatch.chdir(tmp_path)
    engine.there = False
    local = Settings(stage="local")
    assert choose.expected(local) == "docker"
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
    assert choose.expected(local) == "host"
    assert choose.expected(Settings()) == "docker"
    assert choose.expected(Settings(stage="local", builder="docker")) == "docker"
