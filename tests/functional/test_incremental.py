"""What changed is made again, and nothing else; the zip is the same as from scratch."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tasks.layer import builder
from tasks.requirements import lockfile
from tasks.sandbox import choose
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install
from tasks.util import files as file_tools
from tests import handmade_layers, package_index, project
from tests.package_index import Index
from tests.project import Project, Run

SEED, ROUNDS = 4, 6
LAYER = "build/t.zip"
SETTINGS = """
[tool.lambda-layer]
layer = "t"
builder = "host"
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that is the only one, and a cache of its own."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with package_index.serving(tmp_path / "index") as found:
        monkeypatch.setenv("UV_DEFAULT_INDEX", found.url)
        yield found


# ---- a series of changes ------------------------------------------------------------------------


def offer(packages: Index) -> dict[tuple[str, str], str]:
    """Versions of packages that share a namespace, use each other's tests, quote each other's
    files, and hold what rules take: {(name, version): its line in a lock}."""
    return {
        (name, version): f"{name}=={version} --hash=sha256:"
        + file_tools.file_digest(packages.add(name, version, files=content(name, version)))
        for name in ("alpha", "beta", "gamma", "delta")
        for version in ("1.0", "1.1", "2.0")
    }


def content(name: str, version: str) -> dict[str, bytes]:
    uses = {"1.1": "from alpha.tests import helper", "2.0": "import beta.core"}.get(version, "")
    guarded = f"try:\n    {uses}\nexcept ImportError:\n    pass\n" if uses else ""
    return {
        "shared/__init__.py": b"",
        f"shared/{name}.py": f"NAME = {name!r}\n".encode(),
        f"{name}/__init__.py": f"{guarded}VERSION = {version!r}\n".encode(),
        f"{name}/core.py": ("x = 1\n" * len(version) * 50).encode(),
        f"{name}/tests/__init__.py": b"",
        f"{name}/tests/helper.py": f"X = {version!r}\n".encode(),
        f"{name}/README.md": b"words\n",
        f"{name}/data/blob.bin": hashlib.sha512(f"{name} {version}".encode()).digest() * 80,
    }


def build(folder: Path, settings: Settings, lines: list[str]) -> bytes:
    """The zip that these lines of a lock make in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        builder.choose.cache_clear()
        choose.choose.cache_clear()
        names = "".join(f"{line.split()[0]}\n" for line in lines)
        Path(settings.requirements).write_text(names, encoding="utf-8")
        locked = lockfile.header(settings) + "".join(f"{line}\n" for line in lines)
        Path(settings.lock).write_text(locked, encoding="utf-8")
        install.run(settings, lambda: builder.choose(settings))
        handmade_layers.build(settings)
        builder.choose(settings).close()
        return paths.layer_zip(settings).read_bytes()


def empty(folder: Path) -> Path:
    shutil.copytree(handmade_layers.DOCKER, folder / "docker")
    return folder


def test_a_series_of_changes_gives_the_same_bytes_as_from_scratch(
    packages: Index, tmp_path: Path
) -> None:
    """Pins that come, go and change, and settings between them, in random order."""
    choice, lines = random.Random(SEED), offer(packages)  # noqa: S311 - no secret
    incremental, seen = empty(tmp_path / "incremental"), set()
    for number in range(ROUNDS):
        pins = {
            name: choice.choice(["1.0", "1.1", "2.0"])
            for name in choice.sample(["alpha", "beta", "gamma", "delta"], choice.randint(1, 4))
        }
        wanted = [lines[pin] for pin in sorted(pins.items())]
        bytecode = choice.choice(["compile", "compile", "none"])
        changed = Settings(layer="t", builder="host", bytecode=bytecode)
        found = build(incremental, changed, wanted)
        assert found == build(empty(tmp_path / f"scratch{number}"), changed, wanted), pins
        seen.add(found)
    assert len(seen) > ROUNDS // 2  # they did differ


# ---- one project, as a person uses it -----------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path, packages: Index) -> Project:
    """Two packages, locked."""
    for name in ("alpha", "beta"):
        for version in ("1.0", "2.0"):
            packages.add(name, version, files=content(name, version))
    made = project.copy(tmp_path / "copy", "alpha==1.0\nbeta==1.0\n")
    text = made.read("pyproject.toml")
    made.write("pyproject.toml", text[: text.index("[tool.lambda-layer]")] + SETTINGS)
    made.environment.update(
        {name: os.environ[name] for name in ("UV_DEFAULT_INDEX", "UV_CACHE_DIR")}
    )
    done(made, "lock")
    done(made)
    return made


def done(copy: Project, *arguments: str, **environment: str) -> Run:
    run = copy.doit(*arguments, **environment)
    assert run.code == 0, run.output
    return run


def layer(copy: Project) -> bytes:
    return (copy.path / LAYER).read_bytes()


def entries(copy: Project) -> Mapping[str, int]:
    """{what is in the store: its inode}"""
    return {path.name: path.stat().st_ino for path in (copy.path / "build/store").rglob("*-*")}


def forget(copy: Project) -> None:
    """All that was built."""
    shutil.rmtree(copy.path / "build")


def test_an_unchanged_distribution_is_not_made_again(copy: Project) -> None:
    """One pin of two: the other one is neither installed nor packed nor proven again."""
    before = entries(copy)
    copy.write("requirements-all.txt", "alpha==1.0\nbeta==2.0\n")
    done(copy, "lock")
    run = done(copy)
    assert "2 packages (1 known from before)" in run.output
    assert "+ beta==2.0" in run.output
    assert "alpha==1.0" not in run.output
    assert "1 of 2 packages as before" in run.output
    assert before.items() <= entries(copy).items()


def test_going_back_makes_nothing(copy: Project) -> None:
    """It is all there: no installer, no sandbox, the same bytes."""
    first = layer(copy)
    for pins in ("alpha==2.0\nbeta==2.0\n", "alpha==1.0\nbeta==1.0\n"):
        copy.write("requirements-all.txt", pins)
        done(copy, "lock")
        run = done(copy)
    assert layer(copy) == first
    assert "2 packages (2 known from before)" in run.output
    assert "2 of 2 packages as before" in run.output
    assert "installing in" not in run.output
    assert "testing in" not in run.output


DAMAGES: dict[str, Callable[[Path], None]] = {
    "the store is gone": lambda root: shutil.rmtree(root / "build/store"),
    "entries are cut off": lambda root: cut_off((root / "build/store").rglob("*-*")),
    "entries are empty": lambda root: cut_off((root / "build/store").rglob("*-*"), 0),
    "parts are gone": lambda root: shutil.rmtree(root / "build/store/parts"),
    "the zip is gone": lambda root: (root / LAYER).unlink(),
    "the zip is cut off": lambda root: cut_off([root / LAYER]),
    "records are gone": lambda root: gone((root / "build").glob("*/*/record.json")),
    "records are cut off": lambda root: cut_off((root / "build").glob("*/*/record.json")),
    "the plan is cut off": lambda root: cut_off((root / "build/prune").rglob("plan.json")),
    "doit's database is gone": lambda root: gone(root.glob(".doit.sqlite3*")),
    "zip and parts are gone": lambda root: gone(
        [root / LAYER, *(root / "build/store/parts").iterdir()]
    ),
    "zip and store are damaged": lambda root: cut_off(
        [root / LAYER, *(root / "build/store").rglob("*-*")]
    ),
}


def cut_off(files: Iterable[Path], size: int = 100) -> None:
    for path in list(files):
        path.chmod(0o644)
        os.truncate(path, min(size, path.stat().st_size - 1))


def gone(files: Iterable[Path]) -> None:
    for path in list(files):
        path.unlink()


@pytest.mark.parametrize("damage", DAMAGES)
def test_whatever_is_damaged_the_zip_is_right(copy: Project, damage: str) -> None:
    """With one run, whether or not anything else has to be made."""
    before = layer(copy)
    DAMAGES[damage](copy.path)
    done(copy)
    assert layer(copy) == before
    done(copy, "report")


def test_damage_before_a_change(copy: Project, tmp_path: Path) -> None:
    """What is taken over from before is looked at first."""
    cut_off((copy.path / "build/store").rglob("*-*"))
    copy.write("requirements-all.txt", "alpha==1.0\nbeta==2.0\n")
    done(copy, "lock")
    done(copy)
    incremental = layer(copy)
    forget(copy)
    done(copy)
    assert layer(copy) == incremental


def test_two_builds_at_once_do_not_spoil_each_other(copy: Project) -> None:
    """In one checkout, from nothing: both end well, and the zip is right."""
    before = layer(copy)
    forget(copy)
    gone(copy.path.glob(".doit.sqlite3*"))
    runs: list[Run] = []
    threads = [threading.Thread(target=lambda: runs.append(copy.doit())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.code for run in runs] == [0, 0], "\n".join(run.output for run in runs)
    assert layer(copy) == before
    assert done(copy).steps == []
    assert not list((copy.path / "build/work").iterdir())


def test_one_core_or_many_make_the_same_bytes(copy: Project) -> None:
    """Who packs which file when does not show."""
    before = layer(copy)
    forget(copy)
    core = min(os.sched_getaffinity(0))
    subprocess.run(
        ["taskset", "--cpu-list", str(core), sys.executable, "-m", "tasks"],
        cwd=copy.path, env=project.clean_environment() | copy.environment, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert layer(copy) == before


def test_any_unzip_program_accepts_it(copy: Project) -> None:
    """Python's and Info-ZIP's, which check every CRC; max compression, too."""
    for compression in ("default", "max"):
        text = copy.read("pyproject.toml").partition("compression")[0]
        copy.write("pyproject.toml", f'{text}compression = "{compression}"\n')
        done(copy)
        for tester in ([sys.executable, "-m", "zipfile", "-t"], ["unzip", "-tqq"]):
            subprocess.run([*tester, copy.path / LAYER], check=True, stdout=subprocess.DEVNULL)
        with zipfile.ZipFile(copy.path / LAYER) as archive:
            assert len(archive.namelist()) == len(set(archive.namelist())) > 10


def test_with_nothing_changed_no_sdk_is_loaded_and_no_engine_asked(copy: Project) -> None:
    """`doit` compares a few files."""
    done(copy, "builder=host")
    environment = {"PYTHONPROFILEIMPORTTIME": "1", "DOCKER_HOST": "tcp://127.0.0.1:1"}
    run = done(copy, "builder=host", **environment)
    assert run.steps == []
    loaded = {line.rpartition("|")[2].strip() for line in run.output.splitlines()}
    assert "doit.doit_cmd" in loaded
    assert loaded.isdisjoint({"boto3", "botocore", "docker", "chalice", "rich", "moto", "requests"})
