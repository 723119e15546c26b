"""tasks/layer/part.py: finished parts read back, kept by what decides them, and put together."""

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import part as parts
from tasks.layer.prune.plan import PrunePlan
from tasks.settings.model import Settings
from tasks.settings.step_records import StripReport
from tasks.util.errors import BuildError
from tests import stored_parts

PLAN = PrunePlan(key="k", pin="p", name="a", stay=["a.py", "b.py"], cut={"a.py": "x"})
CACHED = "a/__pycache__/m.cpython-312.pyc"


def names(found: list[parts.Member]) -> list[str]:
    return [member.name for member in found]


def content(member: parts.Member) -> bytes:
    data = member.path.read_bytes()[member.offset : member.offset + member.packed]
    return zlib.decompress(data, wbits=-15) if member.method else data


def test_a_part_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Each file where the index says, packed or as it is."""
    files = {"b.py": b"x" * 999, "a.txt": b"", "bin/run": b"short"}
    more = {"strip": {"files": 1}, "skipped": ["bad.py"]}
    part = stored_parts.part(tmp_path / "p", files, programs=["bin/run"], made=["a.txt"], **more)
    assert {member.name: content(member) for member in part.members} == files
    assert [member.mode for member in part.members] == [0o644, 0o644, 0o755]
    assert [member.made for member in part.members] == [False, True, False]
    assert [member.size for member in part.members] == [999, 0, 5]
    assert (part.strip, part.skipped) == ({"files": 1}, ("bad.py",))


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, key="other"),
        replace(PLAN, stay=["a.py"]),
        replace(PLAN, cut={}),
        replace(PLAN, cut={"a.py": "y"}),
    ],
    ids=["distribution", "files", "nothing cut", "cut otherwise"],
)
def test_another_plan_is_another_part(plan: PrunePlan) -> None:
    """It has other bytes."""
    assert parts.key(plan, Settings()) != parts.key(PLAN, Settings())


@pytest.mark.parametrize("change", [{"strip": False}, {"bytecode": "none"}, {"compression": "max"}])
def test_other_flags_make_another_part(change: dict[str, object]) -> None:
    """All that docker/optimize.py is told."""
    settings = Settings(**change)  # type: ignore[arg-type] # any values
    assert parts.flags(settings) != parts.flags(Settings())
    assert parts.key(PLAN, settings) != parts.key(PLAN, Settings())


def test_where_it_goes_is_no_other_part() -> None:
    """Another layer, stage or rule with the same result takes the same part."""
    settings = Settings(layer="other", stage="dev", drop=("a",), store_size=1)
    assert parts.key(PLAN, settings) == parts.key(PLAN, Settings())


def test_files_are_in_order_of_their_names(tmp_path: Path) -> None:
    """Whatever lies in which part."""
    one = stored_parts.part(tmp_path / "1", {"c.py": b"", "a/z.py": b""})
    two = stored_parts.part(tmp_path / "2", {"b.py": b"", "a/b.py": b"", "a.py": b""})
    found = parts.together([one, two], bytecode=True)
    assert names(found) == ["a.py", "a/b.py", "a/z.py", "b.py", "c.py"]


def test_a_shared_file_is_the_first_parts(tmp_path: Path) -> None:
    """Packages of one namespace often share an `__init__.py`; it is there once."""
    one = stored_parts.part(tmp_path / "1", {"n/__init__.py": b"one", "n/a.py": b""})
    two = stored_parts.part(tmp_path / "2", {"n/__init__.py": b"two", "n/b.py": b""})
    found = parts.together([one, two], bytecode=True)
    assert names(found) == ["n/__init__.py", "n/a.py", "n/b.py"]
    assert content(found[0]) == b"one"
    assert content(parts.together([two, one], bytecode=True)[0]) == b"two"


def test_bytecode_can_stay_out(tmp_path: Path) -> None:
    """Ours: what a wheel brought without a source is the module itself."""
    files = {"a/m.py": b"", CACHED: b"ours", "a/only.pyc": b"theirs"}
    part = stored_parts.part(tmp_path / "1", files, made=[CACHED])
    assert names(parts.together([part], bytecode=True)) == [CACHED, "a/m.py", "a/only.pyc"]
    assert names(parts.together([part], bytecode=False)) == ["a/m.py", "a/only.pyc"]


@pytest.mark.parametrize("ours_first", [True, False])
def test_our_bytecode_covers_a_wheels(tmp_path: Path, ours_first: bool) -> None:
    """Theirs may be stale or of another Python."""
    ours = stored_parts.part(tmp_path / "1", {CACHED: b"ours"}, made=[CACHED])
    theirs = stored_parts.part(tmp_path / "2", {CACHED: b"theirs"})
    both = [ours, theirs] if ours_first else [theirs, ours]
    assert [content(member) for member in parts.together(both, bytecode=True)] == [b"ours"]
    assert [content(member) for member in parts.together(both, bytecode=False)] == [b"theirs"]


def test_strip_reports_add_up(tmp_path: Path) -> None:
    """Names in order; parts where nothing was stripped say nothing."""
    one = {"files": 1, "bytes": 10, "left_alone": ["b.so"], "unreadable": []}
    two = {"files": 2, "bytes": 5, "left_alone": [], "unreadable": ["q/c.so"]}
    found = {
        name: stored_parts.part(tmp_path / name, {}, strip=report)
        for name, report in {"p": one, "notices": None, "q": two}.items()
    }
    assert parts.stripped(found) == StripReport(
        files=3, bytes=15, left_alone=["b.so"], unreadable=["q/c.so (q)"]
    )


@pytest.mark.parametrize("name", ["../a.py", "/a.py", "a/../../b.py"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """Whoever wrote the part: it is named, and what to do."""
    with pytest.raises(BuildError, match="leads out of the layer") as caught:
        stored_parts.part(tmp_path / "p", {name: b""})
    assert "cache clean=1" in caught.value.fix


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o120777, 0o020666, 0o777])
def test_only_plain_files_are_taken(tmp_path: Path, mode: int) -> None:
    """No set-user-ID, no links or devices by way of the mode in the zip."""
    [member] = stored_parts.part(tmp_path / "p", {"run": b""}).members
    with pytest.raises(BuildError, match=f"'run': mode {mode:o}"):
        parts.refuse_bad_members([member._replace(mode=mode)])
