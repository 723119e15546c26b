"""tasks/clients/sandboxes.py: which sandbox, and when nobody is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.clients import container, invocation, sandboxes
from tasks.core import records
from tasks.core.errors import BuildError
from tasks.core.settings import Settings


class Engine:
    """Stands for Docker; `there` says whether it answers."""

    kind = "docker"
    there = True

    def __init__(self, settings: Settings) -> None:
        if not self.there:
            raise BuildError("no Docker engine answers", fix="start Docker")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Engine]]:
    class Local(Engine):
        pass

    monkeypatch.setattr(container, "ContainerSandbox", Local)
    sandboxes.choose.cache_clear()
    yield Local
    sandboxes.choose.cache_clear()


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
    assert sandboxes.choose(settings).kind == kind
    assert sandboxes.kind(settings) == kind


def test_without_docker_stage_local_uses_the_host(
    engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so, once, in one line."""
    engine.there = False
    said: list[str] = []
    monkeypatch.setattr(sandboxes, "say", said.append)
    settings = Settings(stage="local")
    assert sandboxes.choose(settings).kind == sandboxes.kind(settings) == "host"
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
        sandboxes.choose(settings)


def test_what_this_machine_does_not_run_it_is_no_substitute_for(
    engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said is how to get the engine to do it."""
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    engine.there = False
    with pytest.raises(BuildError, match="no Docker engine answers"):
        sandboxes.choose(Settings(stage="local"))


@pytest.mark.parametrize("builder", ["auto", "docker"])
def test_the_input_hash_needs_no_docker(engine: type[Engine], builder: str) -> None:
    """A fresh CI runner asks AWS before it builds."""
    engine.there = False
    assert sandboxes.kind(Settings(builder=builder)) == "docker"


def test_its_title_needs_no_docker_either(engine: type[Engine]) -> None:
    """What builds, whether or not it has to start."""
    engine.there = False
    assert sandboxes.title(Settings(image="mine:1")) == "image mine:1"
    host = Settings(builder="host")
    assert sandboxes.title(host) == sandboxes.choose(host).title


def test_who_only_looks_starts_nothing(
    engine: type[Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a choice would have to be made, it is taken to be as in the last run."""
    monkeypatch.chdir(tmp_path)
    engine.there = False
    local = Settings(stage="local")
    assert sandboxes.expected(local) == "docker"
    records.write(invocation.RUNTIME, {"builder": "host"})
    assert sandboxes.expected(local) == "host"
    assert sandboxes.expected(Settings()) == "docker"
    assert sandboxes.expected(Settings(stage="local", builder="docker")) == "docker"
