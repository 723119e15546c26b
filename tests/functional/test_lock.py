"""doit lock, really: hashes, no addresses, what install makes of the lock."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests import package_index, project
from tests.package_index import Index
from tests.project import Project, Run, clean_environment

LOCK = "requirements-all.lock"
BUILD = ("install", "builder=host")


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Index]:
    """good 1.0 and 2.0, and what they need."""
    with package_index.serving(tmp_path / "index") as found:
        for version in ("1.0", "2.0"):
            found.add("good", version, "Requires-Dist: needed>=1")
        found.add("needed", "1.5")
        yield found


@pytest.fixture
def copy(tmp_path: Path, packages: Index) -> Project:
    """A project whose installer knows only that index."""
    made = project.copy(tmp_path / "copy", "# why\ngood==1.0\n")
    made.environment.update(UV_DEFAULT_INDEX=packages.url, UV_CACHE_DIR=str(tmp_path / "cache"))
    return made


def lock(copy: Project) -> str:
    done = copy.doit("lock")
    assert done.code == 0, done.output
    return copy.read(LOCK)


def installed(copy: Project) -> set[str]:
    done = copy.doit(*BUILD)
    assert done.code == 0, done.output
    [record] = copy.path.glob("build/install/*/record.json")
    found = json.loads(record.read_text(encoding="utf-8"))["distributions"]
    return {f"{each['name']}-{each['version']}" for each in found}


def refused(done: Run, words: str) -> None:
    """One clear error, no traceback."""
    assert done.code == 1
    assert words in done.output
    assert "Traceback" not in done.output


def pins(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line[:1].isalpha()]


def test_transitive_packages_are_pinned_with_hashes(copy: Project, packages: Index) -> None:
    """Every artefact of a version, none of the index's addresses."""
    packages.add("needed", "1.5", tag="cp312-cp312-manylinux2014_aarch64")
    text = lock(copy)
    assert pins(text) == ["good==1.0", "needed==1.5"]
    assert text.count("--hash=sha256:") == 3
    assert packages.url not in text
    assert "127.0.0.1" not in text
    assert str(copy.path) not in text
    assert text.startswith("# Made from requirements-all.txt by `./doitw lock`; do not edit.\n")


def test_the_lock_is_what_is_installed(copy: Project, packages: Index) -> None:
    """A newer transitive version that came later is not taken."""
    lock(copy)
    packages.add("needed", "1.9")
    assert installed(copy) == {"good-1.0", "needed-1.5"}


def test_locking_again_changes_nothing(copy: Project, packages: Index) -> None:
    """Pins stay where the requirements allow them."""
    before = lock(copy)
    packages.add("needed", "1.9")
    assert lock(copy) == before


def test_a_changed_pin_moves_only_what_it_must(copy: Project, packages: Index) -> None:
    """And says so."""
    lock(copy)
    packages.add("needed", "1.9")
    copy.write("requirements-all.txt", "good==2.0\n")
    done = copy.doit("lock")
    assert "good 1.0 → 2.0" in done.output
    assert "needed 1.5 →" not in done.output
    assert pins(copy.read(LOCK)) == ["good==2.0", "needed==1.5"]


def test_a_stale_lock_is_refused(copy: Project) -> None:
    """It was made from other requirements; nothing is installed."""
    lock(copy)
    copy.write("requirements-all.txt", "good==2.0\n")
    refused(copy.doit(*BUILD), "run `./doitw lock`")
    assert not list(copy.path.glob("build/install/*"))


def test_a_comment_makes_no_lock_stale(copy: Project) -> None:
    """Only what counts, counts."""
    lock(copy)
    copy.write("requirements-all.txt", "\n# because\ngood == 1.0\n")
    assert installed(copy) == {"good-1.0", "needed-1.5"}


def test_an_artefact_with_another_hash_is_refused(copy: Project, packages: Index) -> None:
    """Replaced on the index under the same name."""
    lock(copy)
    changed = {"needed.py": b"evil = 1\n"}
    (packages.root / "simple/needed/index.html").unlink()
    packages.add("needed", "1.5", files=changed)
    refused(copy.doit(*BUILD), "Hash mismatch for `needed==1.5`")


def test_what_cannot_be_resolved_leaves_the_lock(copy: Project) -> None:
    """As it was."""
    before = lock(copy)
    copy.write("requirements-all.txt", "good==9.0\n")
    refused(copy.doit("lock"), "no such version: pin one that exists")
    assert copy.read(LOCK) == before


def test_a_bad_line_is_named_before_anything_runs(copy: Project) -> None:
    """With its number."""
    copy.write("requirements-all.txt", "good==1.0\n???\n")
    refused(copy.doit("lock"), "requirements-all.txt, line 2: '???' is not a requirement")
    assert not (copy.path / LOCK).exists()


def test_the_lock_decides_the_inputs(copy: Project, packages: Index) -> None:
    """The same lock, no new install; another one, a new one."""
    lock(copy)
    installed(copy)
    assert copy.doit(*BUILD).steps == []
    packages.add("needed", "1.9")
    (copy.path / LOCK).unlink()
    lock(copy)
    assert copy.doit(*BUILD).steps == ["install"]
    assert installed(copy) == {"good-1.0", "needed-1.9"}


def test_an_artefact_that_came_later_is_not_taken(copy: Project, packages: Index) -> None:
    """Of the same version, for this very platform, so preferred by every installer: it is not in
    the lock."""
    lock(copy)
    packages.add(
        "needed", "1.5", tag="cp312-cp312-manylinux2014_x86_64", files={"added.py": b"evil = 1\n"}
    )
    installed(copy)
    facts = [path.read_text() for path in copy.path.glob("build/store/installed/*")]
    assert any("needed.py" in each for each in facts)
    assert not any("added.py" in each for each in facts)


def test_what_the_lock_lacks_is_not_fetched(copy: Project) -> None:
    """A package that another one requires, and somebody took out of the lock."""
    lines = lock(copy).splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("needed=="))
    copy.write(LOCK, "".join(lines[:start]))
    assert installed(copy) == {"good-1.0"}


def test_the_requirements_index_counts_with_a_lock_too(copy: Project, packages: Index) -> None:
    """The lock has no addresses."""
    del copy.environment["UV_DEFAULT_INDEX"]
    copy.write("requirements-all.txt", f"--index-url {packages.url}\ngood==1.0\n")
    lock(copy)
    assert installed(copy) == {"good-1.0", "needed-1.5"}


def test_all_pins_without_a_wheel_are_said_at_once(copy: Project, packages: Index) -> None:
    """Each with the nearest version that has one, before a build ends at one after the other."""
    for name in ("newer", "older", "never"):
        packages.add_sdist(name, "2.0", "")
    packages.add("newer", "2.1", "Requires-Dist: needed>=1")
    packages.add("newer", "3.0")
    packages.add("older", "1.9")
    packages.add("never", "2.0", tag="cp312-cp312-win_amd64")
    copy.write("requirements-all.txt", "newer==2.0\ngood==1.0\nolder==2.0\nnever==2.0\n")
    done = copy.doit("lock")
    refused(done, "pins without a wheel for Python 3.12 on x86_64:")
    assert "newer==2.0 has no wheel: newer==2.1 has one" in done.output
    assert "older==2.0 has no wheel: older==1.9 has one" in done.output
    assert "never==2.0 has no wheel: no version has one" in done.output
    assert "→ pin newer==2.1, older==1.9. Or build from source, in the image: lines" in done.output
    assert "--no-binary never" in done.output
    assert not (copy.path / LOCK).exists()
    copy.write("requirements-all.txt", "newer==2.1\nolder==1.9\n")
    assert pins(lock(copy)) == ["needed==1.5", "newer==2.1", "older==1.9"]


def test_nothing_newer_than_a_date(copy: Project) -> None:
    """An index that does not say when it got a file is refused by uv, in its words; what is no date
    is refused before."""
    done = copy.doit("lock", "exclude-newer=2020-01-01")
    refused(done, "exclude-newer")
    done = copy.doit("lock", "exclude-newer=yesterday")
    assert done.code == 3
    assert "command line: 'yesterday' is no date" in done.output
    done = copy.doit("build", "exclude-newer=2020-01-01")
    assert "exclude-newer= belongs to lock" in done.output


def test_a_pylock_beside_it(copy: Project, packages: Index) -> None:
    """PEP 751, of the same packages with the same hashes; it can be what a layer is built from. No
    login that an index's address has is in it."""
    copy.environment["UV_DEFAULT_INDEX"] = packages.url.replace("://", "://me:secret@")
    done = copy.doit("lock", "format=pylock")
    assert done.code == 0, done.output
    text = copy.read("pylock.toml")
    assert "secret" not in text
    assert str(copy.path) not in text
    found = {each["name"]: each for each in tomllib.loads(text)["packages"]}
    assert {name: each["version"] for name, each in found.items()} == {
        "good": "1.0", "needed": "1.5",
    }  # fmt: skip
    for each in found.values():
        assert each["wheels"][0]["hashes"]["sha256"] in copy.read(LOCK)
    with (copy.path / "pyproject.toml").open("a") as project:
        project.write('requirements = "pylock.toml"\n')
    assert installed(copy) == {"good-1.0", "needed-1.5"}
    assert "format=env belongs to local-start" in copy.doit("lock", "format=env").output


def test_renovate_runs_the_command_that_the_lock_names(copy: Project, packages: Index) -> None:
    """What uv writes then is a lock for this tool, too; the next `lock` puts its own lines back."""
    text = lock(copy)
    packages.add("needed", "1.9")
    copy.write("requirements-all.txt", "good==2.0\n")
    [line] = [each for each in text.splitlines() if each.startswith("#    ")]
    words = [find_uv_bin(), *line.split()[2:], "--no-config", "--python", sys.executable]
    environment = clean_environment() | copy.environment
    subprocess.run([*words, "--upgrade-package=needed"], cwd=copy.path, env=environment, check=True)
    assert "doit-lambda-layer" not in copy.read(LOCK)
    assert installed(copy) == {"good-2.0", "needed-1.9"}
    assert pins(lock(copy)) == ["good==2.0", "needed==1.9"]
    assert copy.read(LOCK).startswith("# Made from requirements-all.txt by `./doitw lock`")
