"""tasks/layer/locked_requirement.py: what is installed, and the key that says when it is the
same again."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import input_hash, locked_requirement
from tasks.layer.locked_requirement import LockedRequirement
from tasks.requirements import file
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.settings.step_records import InstallRecord
from tests import made_records

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
LINE = f"six==1.17.0 --hash={ONE} --hash={TWO}"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty project with a builder's files."""
    monkeypatch.chdir(tmp_path)
    paths.DOCKER.mkdir()
    for name in ("Dockerfile", *input_hash.BUILDER_FILES):
        (paths.DOCKER / name).write_text(name, encoding="utf-8")
    return Settings()


def pins(text: str, settings: Settings, builder: str = "docker") -> list[LockedRequirement]:
    """Those of a lock with this text."""
    Path("x.lock").write_text(text, encoding="utf-8")
    return locked_requirement.locked_requirements(
        file.read_requirements(Path("x.lock")), settings, builder
    )


def key(text: str, settings: Settings, builder: str = "docker") -> str:
    [pin] = pins(text, settings, builder)
    return pin.key


@pytest.mark.parametrize(
    "text",
    [
        LINE.replace("1.17.0", "1.16.0"),
        LINE.replace(ONE, f"sha256:{'3' * 64}"),
        f"six==1.17.0 --hash={ONE}",
        "six==1.17.0",
        LINE.replace("six", "seven"),
        LINE.replace("six", "six[extra]"),
    ],
    ids=["version", "hash", "one hash less", "no hash", "name", "extra"],
)
def test_another_requirement_is_another_key(settings: Settings, text: str) -> None:
    """Old work would be the wrong one."""
    assert key(text, settings) != key(LINE, settings)


@pytest.mark.parametrize("change", [{"python": "3.13"}, {"architecture": "arm64"}, {"image": "x"}])
def test_another_platform_is_another_key(settings: Settings, change: dict[str, str]) -> None:
    """Another wheel, or another bytecode."""
    changed = replace(settings, **change)  # type: ignore[arg-type] # any values
    assert key(LINE, changed) != key(LINE, settings)


def test_another_builder_is_another_key(settings: Settings) -> None:
    """The image compiles what has no wheel; and what runs in either is part of it."""
    seen = {key(LINE, settings), key(LINE, settings, "host")}
    for name in ("Dockerfile", *input_hash.BUILDER_FILES):
        (paths.DOCKER / name).write_text("changed", encoding="utf-8")
        seen.add(key(LINE, settings))
    assert len(seen) == 3 + len(input_hash.BUILDER_FILES)


@pytest.mark.parametrize(
    "text",
    [
        f"# why\n\n{LINE}  # because\n",
        f"six == 1.17.0 \\\n    --hash={ONE} \\\n    --hash={TWO}\n",
        f"six==1.17.0 --hash={TWO} --hash={ONE}",
    ],
    ids=["comments", "spaces", "order of hashes"],
)
def test_how_it_is_written_does_not_count(settings: Settings, text: str) -> None:
    """The same thing is installed."""
    assert pins(text, settings) == pins(LINE, settings)


def test_the_other_lines_do_not_count(settings: Settings) -> None:
    """One changed pin leaves the others' work; the order of lines is ours."""
    both = pins(f"{LINE}\na==1\n", settings)
    assert [pin.name for pin in both] == ["a", "six"]
    assert both[1].key == key(LINE, settings)
    assert both == pins(f"a==1\n{LINE}\n", settings)
    assert pins(f"{LINE}\na==2\n", settings)[1] == both[1]


@pytest.mark.parametrize(
    "change",
    [{"stage": "dev"}, {"layer": "x"}, {"strip": False}, {"drop": ("a",)}, {"store_size": 1}],
)
def test_what_is_done_with_it_does_not_count(settings: Settings, change: dict[str, object]) -> None:
    """It is installed whole, for every layer and stage."""
    changed = replace(settings, **change)  # type: ignore[arg-type] # any values
    assert key(LINE, changed) == key(LINE, settings)


def test_markers_are_lambdas(settings: Settings) -> None:
    """Not this machine's."""
    text = (
        "a==1; sys_platform == 'win32'\nb==1; platform_machine == 'aarch64'\n"
        "c==1; python_version < '3.13'\nc==2; python_version >= '3.13'\nd==1\n"
    )
    arm, newer = replace(settings, architecture="arm64"), replace(settings, python="3.13")
    assert names(text, settings) == ["c==1", "d==1"]
    assert names(text, arm) == ["b==1", "c==1", "d==1"]
    assert names(text, newer) == ["c==2", "d==1"]


def names(text: str, settings: Settings) -> list[str]:
    return [pin.text.partition(";")[0] for pin in pins(text, settings)]


@pytest.mark.parametrize(
    ("line", "certain"),
    [
        (LINE, True),
        (f"six @ git+https://example.org/six@{'a' * 40}", True),
        ("six==1.17.0", False),
        ("six @ git+https://example.org/six@main", False),
        ("six @ https://example.org/six.whl", False),
    ],
)
def test_a_pin_is_certain_when_it_allows_one_content(
    settings: Settings, line: str, certain: bool
) -> None:
    """Without a hash, an index may have something else tomorrow."""
    [pin] = pins(line, settings)
    assert pin.certain is certain


def test_options_are_no_pins(settings: Settings) -> None:
    """They go to the installer as they stand."""
    text = f"--index-url https://index\n{LINE}\n--no-binary :all:\n"
    assert [pin.name for pin in pins(text, settings)] == ["six"]
    lines = file.read_requirements(Path("x.lock"))
    assert locked_requirement.options(lines) == ["--index-url https://index", "--no-binary :all:"]


def test_installs_record_gives_the_pins_back() -> None:
    """One whose key was only known afterwards is uncertain still."""
    a = made_records.distribution("a", "1", text="a==1 --hash=x", key="1", pin="1")
    b = made_records.distribution("b", "1", text="b==1", key="of what was found", pin="2")
    record = made_records.made(InstallRecord, distributions=[a, b])
    assert locked_requirement.recorded(record) == [
        LockedRequirement(name="a", text="a==1 --hash=x", certain=True, key="1"),
        LockedRequirement(name="b", text="b==1", certain=False, key="2"),
    ]


def test_with_a_lock_only_what_is_named_may_be_built(settings: Settings) -> None:
    """And what was built before is not what is wanted then. On the host nothing is ever built."""
    text = f"{LINE}\nSome.Thing==1 --hash={ONE}\n"
    [six, thing] = locked(text, settings, ["some-thing"])
    assert (six.wheel, thing.wheel) == (True, False)
    assert six.key != key(LINE, settings)
    assert thing == pins(text, settings)[1]
    assert locked(text, settings, [":all:"]) == pins(text, settings)
    assert locked(text, settings, [], "host") == pins(text, settings, "host")


def locked(
    text: str, settings: Settings, built: list[str], builder: str = "docker"
) -> list[LockedRequirement]:
    Path("x.lock").write_text(text, encoding="utf-8")
    found = locked_requirement.locked_requirements(
        file.read_requirements(Path("x.lock")), settings, builder, built
    )
    return sorted(found, key=lambda pin: pin.name != "six")


def test_the_names_that_may_be_built_are_pips() -> None:
    """One option, several names, any spelling."""
    options = ["--index-url u", "--no-binary Some.Thing,six", "--no-binary=:all:"]
    assert locked_requirement.from_source(options) == ["some-thing", "six", ":all:"]
