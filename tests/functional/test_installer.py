"""What uv really says when it fails, provoked with an index of our own, and the fix that we say."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.commands.lock import write_lock
from tasks.layer import installed as installed_layer
from tasks.layer.builder import LayerBuilder
from tasks.requirements import lockfile
from tasks.sandbox.host import HostSandbox
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install
from tasks.util import files
from tasks.util.errors import BuildError
from tests import handmade_wheels, package_index, sandbox_scripts
from tests.package_index import Index

SETTINGS = Settings(builder="host", layer="t")
BROKEN_BUILD = """def build_wheel(*arguments, **named):
    raise SystemExit("gcc: fatal error: no input files")
"""


PYLOCK = """lock-version = "1.0"
created-by = "a test"
[[packages]]
name = "good"
version = "1.0"
wheels = [{{url = "https://e.org/{name}", hashes = {{sha256 = "{digest}"}}}}]
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that is the only one, a cache of its own, an empty project."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with package_index.serving(tmp_path / "index") as found:
        monkeypatch.setenv("UV_DEFAULT_INDEX", found.url)
        yield found


class Compiling(HostSandbox):
    """As in the image: source distributions are built."""

    kind = "docker"


def installed(
    requirements: str, sandbox: HostSandbox | None = None, settings: Settings = SETTINGS
) -> set[str]:
    """Paths that the layer would hold before pruning."""
    Path("requirements-all.txt").write_text(requirements, encoding="utf-8")
    workshop = LayerBuilder(settings, sandbox or HostSandbox(SETTINGS))
    try:
        install.run(settings, lambda: workshop)
    finally:
        workshop.close()
    return set(installed_layer.needed(settings).sizes)


def failure(requirements: str, sandbox: HostSandbox | None = None) -> BuildError:
    with pytest.raises(BuildError) as caught:
        installed(requirements, sandbox)
    assert not paths.record(SETTINGS, "install").exists()
    return caught.value


def test_what_exists_is_installed(packages: Index) -> None:
    """With what it needs."""
    packages.add("good", "1.0", "Requires-Dist: needed>=1")
    packages.add("needed", "1.5")
    assert {"good.py", "needed.py"} <= installed("good==1.0\n")


def test_a_package_that_does_not_exist(packages: Index) -> None:
    """Also when another package asks for it."""
    packages.add("good", "1.0", "Requires-Dist: absent")
    for requirements in ("absent==1.0\n", "good\n"):
        found = failure(requirements)
        assert "absent was not found" in found.problem
        assert "no such package on the index: check its spelling" in found.fix


@pytest.mark.parametrize("requirement", ["good==9.0", "good>=9"])
def test_a_version_that_does_not_exist(packages: Index, requirement: str) -> None:
    """A pin, and a range."""
    packages.add("good", "1.0")
    found = failure(f"{requirement}\n")
    assert "good" in found.problem
    assert "no such version: pin one that exists in requirements-all.txt" in found.fix


@pytest.mark.parametrize("tag", ["cp312-cp312-macosx_11_0_arm64", "cp38-cp38-manylinux2014_x86_64"])
def test_no_wheel_for_the_platform(packages: Index, tag: str) -> None:
    """Another system's; another Python's."""
    packages.add("native", "1.0", tag=tag)
    found = failure("native==1.0\n")
    assert "native" in found.problem
    assert "no wheel for Python 3.12 on x86_64" in found.fix
    assert "builder=docker" in found.fix


def test_only_a_source_distribution(packages: Index) -> None:
    """The host takes wheels only."""
    packages.add_sdist("source", "1.0", BROKEN_BUILD)
    assert "no wheel for Python 3.12 on x86_64" in failure("source==1.0\n").fix


def test_a_source_distribution_that_does_not_compile(packages: Index) -> None:
    """The compiler's words are shown."""
    packages.add_sdist("source", "1.0", BROKEN_BUILD)
    found = failure("source==1.0\n", Compiling(SETTINGS))
    assert "gcc: fatal error" in found.problem
    assert "does not compile in the image" in found.fix


@pytest.mark.parametrize("requirements", ["a\nneeded==2.0\n", "a\nb\n"])
def test_pins_that_contradict_each_other(packages: Index, requirements: str) -> None:
    """Directly, and through what packages need."""
    packages.add("a", "1.0", "Requires-Dist: needed==1.0")
    packages.add("b", "1.0", "Requires-Dist: needed==2.0")
    packages.add("needed", "1.0")
    packages.add("needed", "2.0")
    found = failure(requirements)
    assert "needed==" in found.problem
    assert "the pins contradict each other" in found.fix


def test_a_package_for_newer_pythons(packages: Index) -> None:
    """No fault of the pins."""
    packages.add("new", "1.0", "Requires-Python: >=3.14")
    assert "it does not run on Python 3.12" in failure("new==1.0\n").fix


def test_a_hash_that_differs_from_the_lock(packages: Index) -> None:
    """Another artefact under the same name."""
    packages.add("good", "1.0")
    found = failure(f"good==1.0 --hash=sha256:{'0' * 64}\n")
    assert "Hash mismatch for `good==1.0`" in found.problem
    assert "check which index is configured, then `./doitw lock`" in found.fix


def test_a_lock_without_hashes(packages: Index) -> None:
    """Somebody edited it."""
    packages.add("good", "1.0")
    Path("requirements-all.txt").write_text("good==1.0\n", encoding="utf-8")
    lock = f"{lockfile.header(SETTINGS)}good==1.0\n"
    Path("requirements-all.lock").write_text(lock, encoding="utf-8")
    assert "stands in requirements-all.lock without hashes" in failure("good==1.0\n").fix


def test_a_wheel_that_is_cut_off(packages: Index) -> None:
    """The index has half a file."""
    whole = package_index.wheel("half", "1.0", (), {"half.py": b"x" * 5000})
    packages.put("half", f"half-1.0-{package_index.ANY}.whl", whole[:300])
    assert "the wheel is damaged where it comes from" in failure("half==1.0\n").fix


def test_a_wheel_with_a_wrong_byte(packages: Index) -> None:
    """Its hash is the index's, its checksum is not."""
    wrong = bytearray(package_index.wheel("bits", "1.0", (), {"bits.py": b"x" * 5000}))
    wrong[100] ^= 0xFF
    packages.put("bits", f"bits-1.0-{package_index.ANY}.whl", bytes(wrong))
    assert "the wheel is damaged where it comes from" in failure("bits==1.0\n").fix


def test_a_page_instead_of_a_wheel(packages: Index) -> None:
    """A proxy's log-in page."""
    packages.put("page", f"page-1.0-{package_index.ANY}.whl", b"<html>please log in</html>")
    assert "the wheel is damaged where it comes from" in failure("page==1.0\n").fix


def test_two_packages_that_write_the_same_file(packages: Index) -> None:
    """Each is known by its own, whichever the installer wrote last. Whose stays, prune says."""
    for name in ("one", "two"):
        text = f"# {name}\n".encode()
        packages.add(name, "1.0", files={f"{name}.py": b"", "shared/__init__.py": text})
    installed("one\ntwo\n")
    tree = installed_layer.needed(SETTINGS)
    texts = {each.name: each.inits["shared/__init__.py"] for each in tree.distributions}
    assert texts == {"one": "# one\n", "two": "# two\n"}


def test_a_failed_install_leaves_the_former_record(packages: Index) -> None:
    """It is replaced when the new one is whole."""
    packages.add("good", "1.0")
    before = installed("good==1.0\n")
    with pytest.raises(BuildError):
        installed("good==2.0\n")
    assert set(installed_layer.needed(SETTINGS).sizes) == before


def test_what_is_known_is_not_installed_again(packages: Index) -> None:
    """The same artefacts: the installer has nothing to do, and the index may be gone."""
    both = [packages.add("good", "1.0"), packages.add("other", "1.0")]
    text = "".join(
        f"{path.name.split('-')[0]}==1.0 --hash=sha256:{files.file_digest(path)}\n" for path in both
    )
    Path("requirements-all.txt").write_text("good\nother\n", encoding="utf-8")
    Path("requirements-all.lock").write_text(lockfile.header(SETTINGS) + text, encoding="utf-8")
    before = installed("good\nother\n")
    paths.record(SETTINGS, "install").unlink()
    shutil.rmtree(packages.root)
    shutil.rmtree(Path(os.environ["UV_CACHE_DIR"]))
    assert installed("good\nother\n") == before


def test_another_artefact_of_the_same_version_is_installed(packages: Index) -> None:
    """Its hash tells."""
    packages.add("good", "1.0", files={"good.py": b"old"})
    assert "added.py" not in installed("good==1.0\n")
    shutil.rmtree(packages.root / "simple/good")
    packages.add("good", "1.0", files={"good.py": b"new", "added.py": b""})
    assert "added.py" in installed("good==1.0 # again\n")


GOOD_BUILD = """import zipfile
def build_wheel(folder, *arguments, **named):
    info = "source-1.0.dist-info"
    files = {"source.py": "x = 1", f"{info}/METADATA": "Metadata-Version: 2.1\\nName: source\\nVersion: 1.0\\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    record = "".join(f"{name},,\\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(f"{folder}/source-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(name, text)
    return "source-1.0-py3-none-any.whl"
"""  # noqa: E501 - the lines of a script


def lock(requirements: str, artefact: Path) -> None:
    """For `source`, as `doit lock` writes it."""
    Path("requirements-all.txt").write_text(requirements, encoding="utf-8")
    text = f"source==1.0 --hash=sha256:{files.file_digest(artefact)}\n"
    Path("requirements-all.lock").write_text(lockfile.header(SETTINGS) + text, encoding="utf-8")


def test_with_a_lock_nothing_is_built_that_nobody_allowed(packages: Index) -> None:
    """What builds it comes from the index by name, and no lock has its hash. Not even what was
    built before there was a lock is taken."""
    image, allowed = replace(SETTINGS, builder="docker"), "--no-binary source\nsource==1.0\n"
    artefact = packages.add_sdist("source", "1.0", GOOD_BUILD)
    assert "source.py" in installed("source==1.0\n", Compiling(SETTINGS), image)
    lock("source==1.0\n", artefact)
    with pytest.raises(BuildError) as caught:
        installed("source==1.0\n", Compiling(SETTINGS), image)
    assert "source" in caught.value.problem
    assert "a line `--no-binary NAME` in requirements-all.txt" in caught.value.fix
    lock(allowed, artefact)
    assert "source.py" in installed(allowed, Compiling(SETTINGS), image)


@pytest.mark.parametrize("locked", [False, True])
def test_what_stands_there_already_is_no_advice(packages: Index, locked: bool) -> None:
    """On this machine nothing is built, whatever a line allows."""
    allowed = "--no-binary source\nsource==1.0\n"
    artefact = packages.add_sdist("source", "1.0", GOOD_BUILD)
    if locked:
        lock(allowed, artefact)
    with pytest.raises(BuildError) as caught:
        installed(allowed, HostSandbox(SETTINGS), SETTINGS)
    assert "build it in the image (builder=docker)" in caught.value.fix
    assert "no-binary" not in caught.value.fix


def test_a_folder_of_wheels_beside_the_requirements(packages: Index) -> None:
    """Taken to where the installer runs, with a lock and without; a changed wheel is another
    layer."""
    del packages
    made = handmade_wheels.wheel(Path("vendor"), "mine", {"mine.py": b"x = 1\n"})
    assert "mine.py" in installed("--find-links ./vendor\nmine==1.0\n")
    before = installed_layer.needed(SETTINGS).distributions[0].key
    handmade_wheels.wheel(Path("vendor"), "mine", {"mine.py": b"x = 22\n", "more.py": b""})
    assert {"mine.py", "more.py"} <= installed("--find-links ./vendor\nmine==1.0\n")
    assert installed_layer.needed(SETTINGS).distributions[0].key != before
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    text = f"{lockfile.header(SETTINGS)}mine==1.0 --hash=sha256:{digest}\n"
    Path(SETTINGS.lock).write_text(text)
    assert "more.py" in installed("--find-links ./vendor\nmine==1.0\n")


def test_a_pylock_is_what_is_installed(packages: Index) -> None:
    """PEP 751: its versions, and only what has its hashes."""
    made = packages.add("good", "1.0")
    packages.add("good", "2.0")
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    Path("pylock.toml").write_text(PYLOCK.format(name=made.name, digest=digest))
    settings = replace(SETTINGS, requirements="pylock.toml")
    workshop = LayerBuilder(settings, HostSandbox(settings))
    try:
        install.run(settings, lambda: workshop)
    finally:
        workshop.close()
    assert "good-1.0.dist-info/METADATA" in installed_layer.needed(settings).sizes
    Path("pylock.toml").write_text(PYLOCK.format(name=made.name, digest="0" * 64))
    with pytest.raises(BuildError, match="ash mismatch"):
        install.run(settings, lambda: LayerBuilder(settings, HostSandbox(settings)))


@pytest.mark.parametrize("locked", [False, True])
def test_wheels_between_two_of_uvs_platforms(packages: Index, locked: bool) -> None:
    """Amazon Linux 2 has glibc 2.26: a wheel for 2.24 is taken, one for 2.28 is not; what it needs
    comes with it. Python 3.12's images have 2.34, of which uv has a name."""
    settings = replace(SETTINGS, python="3.11")
    packages.add("needed", "1.0")
    for minor in (24, 28):
        files = {f"native_2_{minor}.py": b"x = 1\n"}
        tag = f"cp311-cp311-manylinux_2_{minor}_x86_64"
        packages.add("native", "1.0", "Requires-Dist: needed", tag=tag, files=files)
    Path("requirements-all.txt").write_text("native==1.0\n")
    if locked:
        write_lock(settings)
        assert Path(settings.lock).read_text().count("--hash=") == 2
    found = installed("native==1.0\n", settings=settings, sandbox=HostSandbox(settings))
    assert {"native_2_24.py", "needed.py"} <= found
    assert "native_2_28.py" not in found


def test_a_wheel_that_is_too_new_is_none(packages: Index) -> None:
    """Its libraries would not load in Lambda."""
    settings = replace(SETTINGS, python="3.11")
    packages.add("native", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    with pytest.raises(BuildError, match="no wheels with a matching platform tag"):
        installed("native==1.0\n", settings=settings, sandbox=HostSandbox(settings))
    with pytest.raises(BuildError, match=r"native==1.0 has no wheel: no version has one"):
        write_lock(settings)
