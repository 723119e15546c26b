"""tasks/steps/optimize.py on this machine: parts made of what is new, the others taken over."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.layer import builder, bytecode, contents, installed, part
from tasks.layer.builder import LayerBuilder, content_key
from tasks.layer.prune.plan import PrunePlan
from tasks.layer.team_store import origins
from tasks.sandbox.protocol import Job, OnLine, Outcome
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.settings.step_records import BytecodeReport, OptimizeRecord, StripReport
from tasks.steps import optimize, prune
from tasks.steps import zip as zip_step
from tasks.util import files
from tasks.util.errors import BuildError
from tests import handmade_layers, made_records, stored_parts

CODE, DATA = "x = 1\n", "d"
WHEELS: dict[str, dict[str, str | bytes]] = {
    "a": {"a.py": CODE, "a.txt": DATA},
    "b": {"b.py": CODE},
}
CACHED = "__pycache__/{}.cpython-312.pyc"


class Failing:
    """A sandbox in which every command fails."""

    kind, runs = "host", True
    title = "a machine that is out of order"
    digest = isolation = ""

    def run(self, job: Job, on_line: OnLine | None = None) -> Outcome:
        return Outcome(code=1, output="first\nMemoryError\n")

    def prepare(self, layer: Path) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Two packages, installed and pruned."""
    found = handmade_layers.project(tmp_path, monkeypatch)
    handmade_layers.lay_wheels(found, WHEELS)
    prune.run(found)
    yield found
    builder.choose(found).close()


def run(settings: Settings) -> OptimizeRecord:
    return optimize.run(settings, lambda: builder.choose(settings))


def of_code(record: OptimizeRecord) -> BytecodeReport:
    assert record.bytecode
    return record.bytecode


def members(settings: Settings) -> dict[str, part.Member]:
    """Of the layer, without metadata."""
    found = contents.members(settings)
    return {each.name: each for each in found if ".dist-info/" not in each.name}


def nobody() -> LayerBuilder:
    raise AssertionError("no sandbox was needed")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the distributions that parts are made of, from now on."""
    names: list[str] = []
    make = LayerBuilder.make

    def watched(self: LayerBuilder, request: dict[str, Any], *more: Any) -> None:
        names.extend(each["as"] for each in request.values())
        make(self, request, *more)

    monkeypatch.setattr(LayerBuilder, "make", watched)
    return names


def test_the_parts_hold_what_stays_with_bytecode(settings: Settings) -> None:
    """Sources stay; the record counts all of it."""
    record = run(settings)
    found = members(settings)
    assert set(found) == {"a.py", "a.txt", "b.py", CACHED.format("a"), CACHED.format("b")}
    assert [name for name, each in found.items() if each.made] == [
        CACHED.format("a"),
        CACHED.format("b"),
    ]
    everything = contents.members(settings)
    assert record.files == len(everything)
    assert record.bytes == sum(each.size for each in everything)
    assert of_code(record).files == 2
    assert record.fingerprint == optimize.fingerprint(settings)
    beside = {path.name for path in paths.record(settings, "optimize").parent.iterdir()}
    assert beside == {"record.json"}


def test_what_was_made_before_is_not_made_again(settings: Settings) -> None:
    """Not even a sandbox is needed; the record is the same."""
    first = run(settings)
    assert optimize.run(settings, nobody) == first


def test_parts_that_are_gone_are_made_again_with_the_same_bytes(settings: Settings) -> None:
    """An entry's name is its content's."""
    run(settings)
    before = sorted(path.name for path in (paths.STORE / part.KIND).iterdir())
    for path in (paths.STORE / part.KIND).iterdir():
        path.unlink()
    assert not optimize.is_kept(settings)
    run(settings)
    assert sorted(path.name for path in (paths.STORE / part.KIND).iterdir()) == before
    assert optimize.is_kept(settings)


def test_only_what_changed_is_made_again(settings: Settings, made: list[str]) -> None:
    """Another rule touches one of them; going back touches none."""
    run(settings)
    without = replace(settings, drop=("a.txt",))
    prune.run(without)
    run(without)
    assert made == ["a", "b", "a"]
    assert "a.txt" not in members(without)
    prune.run(settings)
    optimize.run(settings, nobody)
    assert "a.txt" in members(settings)


def test_what_install_knew_from_before_is_installed_for_its_part(settings: Settings) -> None:
    """Its files are not in this run's sandbox."""
    workshop = builder.choose(settings)
    workshop.close()
    assert workshop.here == {}
    assert of_code(run(settings)).files == 2


def test_what_is_switched_off_is_not_done(settings: Settings) -> None:
    """The layer is then what prune left."""
    plain = replace(settings, strip=False, bytecode="none")
    record = run(plain)
    assert (record.bytecode, record.strip) == (None, None)
    assert set(members(plain)) == {"a.py", "a.txt", "b.py"}


def test_bytecode_that_does_not_fit_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the layer, and it is said; with room again, nothing needs to be made."""
    whole = run(settings)
    code = {name: each.size for name, each in members(settings).items() if each.made}
    monkeypatch.setattr(bytecode, "room", lambda settings: whole.bytes - 1)
    record = optimize.run(settings, nobody)
    assert of_code(record).left_out == ["b.py"]
    assert of_code(record).files == 1
    assert record.bytes == whole.bytes - code[CACHED.format("b")]
    assert record.files == whole.files - 1
    assert set(members(settings)) == {"a.py", "a.txt", "b.py", CACHED.format("a")}
    monkeypatch.setattr(bytecode, "room", lambda settings: 0)
    assert of_code(optimize.run(settings, nobody)).left_out == ["a.py", "b.py"]
    assert set(members(settings)) == {"a.py", "a.txt", "b.py"}
    monkeypatch.setattr(bytecode, "room", lambda settings: whole.bytes)
    assert optimize.run(settings, nobody) == whole


def test_the_fingerprint_follows_settings_script_and_plan(settings: Settings) -> None:
    """Any of them makes other parts."""
    run(settings)
    seen = {optimize.fingerprint(settings)}
    for change in ({"strip": False}, {"bytecode": "none"}, {"compression": "max"}):
        seen.add(optimize.fingerprint(replace(settings, **change)))
    prune.run(replace(settings, drop=("a.txt",)))
    seen.add(optimize.fingerprint(settings))
    (paths.DOCKER / "optimize.py").write_text("", encoding="utf-8")
    seen.add(optimize.fingerprint(settings))
    assert len(seen) == 6


def test_a_failing_script_is_shown_and_leaves_no_record(settings: Settings) -> None:
    """With its last words and a way around it."""
    here = builder.choose(settings).here
    with pytest.raises(BuildError, match="MemoryError") as caught:
        optimize.run(settings, lambda: LayerBuilder(settings, Failing(), here))
    assert 'bytecode = "none"' in caught.value.fix
    assert not paths.record(settings, "optimize").exists()


def test_without_prunes_plan_it_says_so(settings: Settings) -> None:
    """No traceback after someone tidied up."""
    paths.plan(settings).unlink()
    with pytest.raises(BuildError, match="not there"):
        run(settings)


def test_nothing_that_the_layer_needs_is_evicted(settings: Settings) -> None:
    """However small the store has to be; what is left of other layers goes."""
    kept = installed.store(settings)
    stray = kept.put_bytes(part.KIND, "stray", b"x")
    run(replace(settings, store_size=0))
    assert not stray.exists()
    assert optimize.is_kept(settings)
    assert installed.are_kept(settings)
    assert zip_step.run(settings).files


def test_with_the_zip_nobody_needs_the_parts(settings: Settings) -> None:
    """A CI cache may hold the zip alone."""
    run(settings)
    assert not optimize.is_zipped(settings)
    zip_step.run(settings)
    assert optimize.is_zipped(settings)


@pytest.mark.parametrize(
    ("key", "fine"), [(lambda pin, facts: files.digest([pin, facts, {}]), True),
                      (lambda pin, facts: files.digest([pin, "other"]), False)],
    ids=["the same", "another"],
)  # fmt: skip
def test_what_is_no_longer_what_install_found_is_refused(
    settings: Settings, key: Callable[[str, object], str], fine: bool
) -> None:
    """A requirement without hashes was replaced on the index; install has to look again."""
    facts = {"name": "c"}
    workshop = LayerBuilder(settings, Failing(), {"pin": content_key("pin", facts, {})})
    found = stored_parts.distribution("c", pin="pin", key=key("pin", facts))
    stored_parts.keep(settings, [found])
    plan = PrunePlan(key=found.key, pin="pin", name="c", stay=[], cut={})
    if fine:
        optimize.install(settings, workshop, [plan])
    else:
        with pytest.raises(BuildError, match="c changed during the build") as caught:
            optimize.install(settings, workshop, [plan])
        assert "lock" in caught.value.fix
    assert paths.record(settings, "install").exists() is fine


def test_people_are_told_what_happened() -> None:
    """Also what was not done, and why."""
    strip = StripReport(
        files=2, bytes=3_000_000, left_alone=["a", "b", "c"],
        unreadable=["p/x.so (p)", *"bcdefghijkl"],
    )  # fmt: skip
    code = BytecodeReport(
        files=0, bytes=0, skipped=["x.py"], left_out=["a.py", "b.py"], seconds=1.25
    )
    record = made_records.made(OptimizeRecord, strip=strip, bytecode=code)
    said = "\n".join(part.summary(record))
    for words in ("stripped 2 libraries, 3.0 MB saved", "3 left alone",
                  "not stripped: p/x.so (p) is no ELF file", "and 7 more files",
                  "1 file not valid Python", "without bytecode: x.py",
                  "no room for the bytecode of 2 modules", "about 1.2 s more"):  # fmt: skip
        assert words in said


@pytest.mark.parametrize("files_", [{}, {"b.py": b"x = 1\n"}, {"more.py": b""}])
def test_a_part_of_another_writer_that_lacks_files_is_made_here(
    settings: Settings, tmp_path: Path, files_: dict[str, bytes]
) -> None:
    """Or that has others: what stays in the layer is for this build to say."""
    trusting = replace(settings, store=str(tmp_path / "other"), store_trust=("ci",))
    Path(trusting.store).mkdir()
    for each in installed.needed(settings).distributions:  # it knows what is installed
        known = installed.store(settings).get("installed", each.key)
        assert known
        installed.store(trusting).put_bytes("installed", each.key, known.read_bytes())
    honest = run(settings)
    lie = stored_parts.part(tmp_path / "lie", files_)
    [ci] = origins.trusted(trusting)
    installed.store(trusting).put(origins.folder("parts", ci), honest.parts["b"], lie.path)
    found = run(trusting)
    assert (found.parts, found.made) == (honest.parts, honest.made)
