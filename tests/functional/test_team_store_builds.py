"""The team's store under the real commands: a fresh machine takes what another one has made."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project as projects
from tests.moto_server import REGION, Refusal, Request, Server
from tests.package_index import Index, serving
from tests.project import Project, Run

SETTINGS = f'bucket = "deps-bucket"\nregion = "{REGION}"\nstore-writer = "ci"\n'
SAID = re.compile(r"team store: (\d+) entr(?:y|ies) read, .*? in (\d+) requests?(?:; (\d+) entr)?")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    (tmp_path / "index").mkdir()
    with serving(tmp_path / "index") as made:
        for name in ("one", "two"):
            made.add(name, "1.0", files={f"{name}.py": f"x = {name!r}\n".encode()})
        yield made


def machine(folder: Path, server: Server, index: Index, *settings: str) -> Project:
    """A fresh checkout; nothing is stored on this machine yet."""
    made = projects.small(folder, "one==1.0\n")
    made.write("pyproject.toml", made.read("pyproject.toml") + SETTINGS + "\n".join(settings))
    around = {"UV_DEFAULT_INDEX": index.url, "XDG_CACHE_HOME": str(folder / "cache")}
    made.environment.update(server.environment() | around)
    return made


def run(made: Project, command: str) -> Run:
    done = made.doit(command, "stage=prod")
    assert done.code == 0, done.output
    return done


def numbers(done: Run) -> list[int]:
    """Entries read, requests, entries written."""
    found = SAID.search(done.output)
    assert found, done.output
    return [int(each or 0) for each in found.groups()]


def locked(origin: Project, folder: Path, server: Server, index: Index, *more: str) -> Project:
    """Another machine with the same commit."""
    made = machine(folder, server, index, *more)
    for name in ("requirements-all.txt", "requirements-all.lock"):
        made.write(name, origin.read(name))
    return made


def zipped(made: Project) -> bytes:
    return (made.path / "build/deps.zip").read_bytes()


def test_a_team_builds_once(server: Server, index: Index, tmp_path: Path) -> None:
    """CI publishes; a colleague builds the same from the store, and the next lock from what is
    the same in it. The zips are the same bytes, whatever store they came from."""
    ci = machine(tmp_path / "ci", server, index)
    assert ci.doit("lock").code == 0
    read, _, written = numbers(run(ci, "publish"))
    assert (read, written) == (0, 3)  # facts, a part, a proof
    me = locked(ci, tmp_path / "me", server, index, 'team-store = "read"')
    first = run(me, "build")
    assert numbers(first) == [4, 1, 0]  # with what the scan found; all of it in the index
    assert "1 package (1 known from before)" in first.output
    assert "1 of 1 package as before" in first.output
    assert zipped(me) == zipped(ci)
    me.write("requirements-all.txt", "one==1.0\ntwo==1.0\n")
    assert me.doit("lock").code == 0
    fresh = locked(me, tmp_path / "fresh", server, index, 'team-store = "read-write"')
    second = run(fresh, "build")
    assert "2 packages (1 known from before)" in second.output
    assert numbers(second)[0] == 4
    assert numbers(second)[2] == 3
    run(me, "build")
    assert zipped(fresh) == zipped(me)


def test_a_build_before_an_upload_is_the_teams_too(
    server: Server, index: Index, tmp_path: Path
) -> None:
    """The everyday order, and that of a workflow: `./doitw`, then what uploads. Nothing is left to
    be built then."""
    made = machine(tmp_path / "a", server, index)
    assert made.doit("lock").code == 0
    run(made, "build")
    assert not any("/store/" in each.path for each in server.seen)
    done = run(made, "patch-config")
    assert "verify" not in done.steps
    assert numbers(done)[::2] == [0, 3]
    me = locked(made, tmp_path / "me", server, index, 'team-store = "read"')
    assert numbers(run(me, "build")) == [4, 1, 0]


def test_plain_builds_and_the_emulator_use_none(
    server: Server, index: Index, tmp_path: Path
) -> None:
    """Without the setting; `off` is for `publish`, too."""
    made = machine(tmp_path / "a", server, index)
    assert made.doit("lock").code == 0
    assert "team store" not in run(made, "build").output
    assert server.seen == []
    off = locked(made, tmp_path / "b", server, index, 'team-store = "off"')
    assert "team store" not in run(off, "publish").output
    assert not any("/store/" in each.path for each in server.seen)


@pytest.mark.parametrize("how", ["forbidden", "broken", "silent"])
def test_a_bad_store_costs_a_line(server: Server, index: Index, tmp_path: Path, how: str) -> None:
    """The build ends as it would without it."""
    made = machine(tmp_path / "a", server, index, 'team-store = "read-write"')
    assert made.doit("lock").code == 0
    held_back = threading.Event()

    def bad(request: Request) -> Refusal | None:
        if how == "silent":
            held_back.wait(20)
        code = "AccessDenied" if how == "forbidden" else "InternalError"
        return Refusal(status=403 if how == "forbidden" else 500, code=code)

    server.refused = bad
    done = run(made, "build")
    held_back.set()
    lines = [each for each in done.output.splitlines() if "team" in each and "store" in each]
    assert 1 <= len(lines) <= 2, done.output
    assert "note: " in lines[-1]
    assert "1 module imported" in done.output
