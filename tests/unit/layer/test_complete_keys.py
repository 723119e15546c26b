"""Keys of the store are complete: whatever may change bytes, or what is known of them, makes
another key; and the same key stands for the same bytes."""

import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.image import blobs
from tasks.layer import exact_image, input_hash, locked_requirement, part
from tasks.layer.prune.plan import PrunePlan
from tasks.proof import cache
from tasks.proof.probe import proof_environment
from tasks.requirements import file, host_python
from tasks.settings import paths
from tasks.settings.model import SPECS, Settings

PIN = f"six==1.17.0 --hash=sha256:{'1' * 64}\n"
LOOSE = "six==1.17.0\n"
IMAGE = f"public.ecr.aws/lambda/python@sha256:{'a' * 64}"
Patch = pytest.MonkeyPatch
# Settings that decide what a package's part holds beyond which of its files stay.
SHAPING = {
    "python": "3.13", "architecture": "arm64", "image": "mine:1", "strip": False,
    "bytecode": "none", "compression": "max",
}  # fmt: skip
# What each of the others decides, where that is kept.
ELSEWHERE = {
    "which files stay, which is in the plan that a part's key names": {
        "rules_off", "recipes", "drop", "keep", "prefer", "licenses", "bytecode", "trace",
    },
    "what is built from source, in the key of such packages alone": {"build_network"},
    "the test's environment, in the key of its results": {"proof_env"},
    "how long a test may take: one that was cut off is not kept": {"proof_timeout"},
    "which requirements there are": {"requirements"},
    "what the zip or the image takes of the parts": {"reserve", "package", "max_growth", "splice"},
    "the project's own check, which runs each time": {"check", "check_timeout"},
    "what is told of files, at each look": {"harmless"},
    "who builds, in each key": {"builder"},
    "where it is kept, and from whom it comes": {
        "store", "store_size", "team_store", "store_writer", "store_trust",
    },
    "AWS, and what runs there": {
        "layer", "bucket", "region", "account", "role", "profile", "repository", "secret", "stage",
        "local_network", "smoke_path", "smoke", "on_smoke_failure", "max_init", "lock_wait",
        "lifecycle_days",
    },
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: Patch) -> Settings:
    """An empty project with a builder's files."""
    monkeypatch.chdir(tmp_path)
    paths.DOCKER.mkdir()
    for name in ("Dockerfile", *input_hash.BUILDER_FILES):
        (paths.DOCKER / name).write_text(name, encoding="utf-8")
    return Settings()


def key(settings: Settings, builder: str = "docker", text: str = PIN, image: str = IMAGE) -> str:
    """A part's: of a package's pin, of the files that stay, of how they are packed."""
    Path("x.lock").write_text(text, encoding="utf-8")
    lines = file.read_requirements(Path("x.lock"))
    [pin] = locked_requirement.locked_requirements(lines, settings, builder, [], image)
    plan = PrunePlan(key=pin.key, pin=pin.key, name="six", stay=["six.py"], cut={})
    return part.key(plan, settings)


def test_every_setting_is_judged_here() -> None:
    """A new one fails until somebody says what it decides."""
    known = {*SHAPING}.union(*ELSEWHERE.values())
    assert known == {*SPECS}


@pytest.mark.parametrize("name", SHAPING)
def test_a_setting_that_shapes_a_part_changes_its_key(settings: Settings, name: str) -> None:
    """Of those that are typed or written."""
    changed = replace(settings, **{name: SHAPING[name]})  # type: ignore[arg-type] # any values
    for builder in ("docker", "host") if name != "image" else ("docker",):
        assert key(changed, builder, image="") != key(settings, builder, image="")


def newer(name: str) -> Callable[[Patch], None]:
    """Another version of that distribution."""
    real = importlib.metadata.version

    def change(patch: Patch) -> None:
        for module in (input_hash, part, blobs):
            patch.setattr(module, "version", lambda each: "99" if each == name else real(each),
                          raising=False)  # fmt: skip

    return change


def without_python(patch: Patch) -> None:
    """Ours installs and packs then."""
    patch.setattr(host_python, "version", lambda python: "")
    patch.setattr(platform, "python_version", lambda: "3.99")


TOOLS: dict[str, tuple[str, Callable[[Patch], None]]] = {
    "the compressor": ("docker host", newer("deflate")),
    "the installer": ("docker host", newer("uv")),
    "the builder's format": ("docker host", lambda patch: patch.setattr(input_hash, "FORMAT", 99)),
    "the pin's format": (
        "docker host", lambda patch: patch.setattr(locked_requirement, "FORMAT", 99),
    ),
    "Python, in full": (
        "host", lambda patch: patch.setattr(host_python, "version", lambda python: "3.12.99"),
    ),
    "our own Python, where there is no other": (
        "host", without_python,
    ),
    "the C library": ("host", lambda patch: patch.setattr(os, "confstr", lambda name: "glibc 9")),
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
def test_another_tool_is_another_key(settings: Settings, tool: str, monkeypatch: Patch) -> None:
    """What runs in an image is in the image's digest."""
    builders, change = TOOLS[tool]
    before = {each: key(settings, each) for each in builders.split()}
    change(monkeypatch)
    for builder, known in before.items():
        assert key(settings, builder) != known, builder


@pytest.mark.parametrize("name", input_hash.BUILDER_FILES)
def test_another_script_is_another_key(settings: Settings, name: str) -> None:
    """strip and the compiler are ours: these files are their versions."""
    before = {each: key(settings, each) for each in ("docker", "host")}
    (paths.DOCKER / name).write_text("changed", encoding="utf-8")
    assert all(key(settings, each) != known for each, known in before.items())


def test_another_image_is_another_key_whatever_says_which(settings: Settings) -> None:
    """The lock, its name, or the last build: the same digest is the same key."""
    digest = IMAGE.partition("@")[2]
    locked = replace(settings, locked_image=digest)
    assert key(settings) == key(locked) == key(locked, image="another")
    assert key(settings, image=IMAGE.replace("a" * 64, "b" * 64)) != key(settings)
    assert key(replace(settings, locked_image=f"sha256:{'b' * 64}")) != key(locked)
    assert key(settings, "host", image=IMAGE) == key(settings, "host", image="")


def test_the_store_remembers_what_a_tag_was(settings: Settings) -> None:
    """Where no lock says it; a lock that does is not overruled."""
    assert exact_image.find(settings, "docker") == ""
    assert exact_image.remember(settings, IMAGE) == IMAGE
    assert exact_image.find(settings, "docker") == IMAGE
    assert exact_image.find(settings, "host") == ""
    assert exact_image.find(replace(settings, architecture="arm64"), "docker") == ""
    assert exact_image.find(replace(settings, image="mine:1"), "docker") == ""
    locked = replace(settings, locked_image=f"sha256:{'b' * 64}")
    assert exact_image.find(locked, "docker") == IMAGE.replace("a" * 64, "b" * 64)
    assert exact_image.remember(locked, IMAGE) == IMAGE.replace("a" * 64, "b" * 64)


def test_where_it_comes_from_counts_where_no_hash_says_what_it_is(settings: Settings) -> None:
    """Another index may have something else under that version, and else to build it with."""

    def found(text: str, builder: str, built: list[str] | None, index: str) -> str:
        Path("x.lock").write_text(text, encoding="utf-8")
        lines = file.read_requirements(Path("x.lock"))
        [pin] = locked_requirement.locked_requirements(
            lines, settings, builder, built, IMAGE, lambda: [index]
        )
        return pin.key

    for text, builder, built in (
        (LOOSE, "docker", None), (LOOSE, "host", None), (PIN, "docker", ["six"]),
        (PIN, "docker", None),
    ):  # fmt: skip
        assert found(text, builder, built, "a") != found(text, builder, built, "b")
    for builder in ("docker", "host"):
        assert found(PIN, builder, [], "a") == found(PIN, builder, [], "b")


def test_a_test_result_rests_on_its_environment(settings: Settings) -> None:
    """And on the parts, which rest on all of the above."""
    other = replace(settings, proof_env=("A=1",))
    assert proof_environment(settings) != proof_environment(other)
    edges = {"a": ["b"], "b": [], "c": []}
    parts = {"a": "1", "b": "2", "c": "3"}
    before = cache.keys(edges, parts, ["place"])
    after = cache.keys(edges, parts | {"b": "9"}, ["place"])
    assert {name for name in parts if before[name] != after[name]} == {"a", "b"}
    assert cache.keys(edges, parts, ["elsewhere"]).keys() == before.keys()
    assert not {*cache.keys(edges, parts, ["elsewhere"]).values()} & {*before.values()}


@pytest.mark.parametrize("said", [ValueError("unrecognized configuration name"), OSError()])
def test_a_libc_that_does_not_say_its_version(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, said: Exception
) -> None:
    """musl: Alpine's Python builds, too, and has keys of its own."""
    glibc = key(settings, "host")

    def confstr(name: str) -> str:
        raise said

    monkeypatch.setattr(os, "confstr", confstr)
    assert key(settings, "host") != glibc
