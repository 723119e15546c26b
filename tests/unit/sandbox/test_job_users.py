"""tasks/sandbox/job_users.py: one table of jobs. Sandboxes and security.md follow from it."""

from dataclasses import fields, replace

import pytest

from tasks.sandbox import job_users
from tasks.sandbox.container.sandbox import ContainerSandbox
from tasks.sandbox.job_users import CELL, COMPILER, KINDS, NOBODY, ROOT, STORE, YOU, Kind
from tasks.sandbox.protocol import Job
from tests.project import ROOT as CHECKOUT

_HEADS = {"code": "whose code", "mounts": "may write to"}


def table() -> str:
    """In Markdown."""
    names = [field.name for field in fields(Kind)]
    rows = [[_HEADS.get(name, name) for name in names], ["---"] * len(names)]
    rows += [[getattr(kind, name) for name in names] for kind in KINDS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_page_shows_the_table() -> None:
    """Word for word."""
    assert table() in (CHECKOUT / "docs/security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.job)
def test_whose_code_runs_decides(kind: Kind) -> None:
    """Ours alone is root, or has a volume; what packages bring is nobody in a cell."""
    ours = kind.code.startswith(("our ", "uv"))
    assert kind.is_ours == ours
    if kind.user == YOU:
        return
    assert (kind.container == STORE) == (kind.user == ROOT)
    if not ours:
        assert kind.user == NOBODY
        assert kind.container in (CELL, COMPILER)
        assert "cache" not in kind.mounts
        assert "password" not in kind.environment.replace("no password", "")


@pytest.mark.parametrize("network", ["none", "the engine's"])
def test_a_job_gets_a_network_if_its_row_names_one(network: str) -> None:
    """A caller that asks for more is a mistake of ours."""
    kind = replace(job_users.CHECK, network=network)
    assert Job(argv=(), kind=kind)
    if network != "none":
        assert Job(argv=(), kind=kind, network=True).network
        return
    for more in ({"network": True}, {"forward": 80}):
        with pytest.raises(ValueError, match="'check, trace' gets no network"):
            Job(argv=(), kind=kind, **more)


@pytest.mark.parametrize("kind", [each for each in KINDS if each is not job_users.INSTALL])
def test_one_row_alone_gets_passwords(kind: Kind) -> None:
    assert Job(argv=(), kind=job_users.INSTALL, indexes=True).indexes
    with pytest.raises(ValueError, match="gets no password"):
        Job(argv=(), kind=kind, indexes=True)


@pytest.mark.parametrize("container", [STORE, CELL, COMPILER])
def test_a_job_runs_in_the_container_that_its_row_names(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the job."""
    for name in (STORE, CELL, COMPILER):
        monkeypatch.setattr(ContainerSandbox, f"_open_{name}", lambda self, job, name=name: name)
    job = Job(argv=(), kind=replace(job_users.CHECK, container=container))
    opened: object = object.__new__(ContainerSandbox)._open(job)
    assert opened == container


def test_the_engine_knows_every_user() -> None:
    """By number, with its group."""
    users = {kind.user for kind in KINDS} - {YOU}
    assert job_users.ENGINE_USERS.keys() == users
    assert all(user.replace(":", "").isdigit() for user in job_users.ENGINE_USERS.values())
