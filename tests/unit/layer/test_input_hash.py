"""tasks/layer/input_hash.py: the input hash changes with what decides the layer, and only then."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import input_hash, traced_files
from tasks.requirements import host_python
from tasks.settings import paths
from tasks.settings.lambda_pythons import PYTHONS
from tasks.settings.model import ARCHITECTURES, Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    paths.DOCKER.mkdir()
    for name in ("Dockerfile", "probe.py", *input_hash.BUILDER_FILES):
        (paths.DOCKER / name).write_text(name)
    Path("requirements-all.txt").write_text("a==1\nb==2\n")
    return Settings()


def test_comments_and_order_do_not_count(settings: Settings) -> None:
    """A requirements hash, without its noise."""
    before = input_hash.input_hash(settings, "docker")
    Path("requirements-all.txt").write_text("# b first\n\nb == 2\na==1\n")
    assert input_hash.input_hash(settings, "docker") == before


@pytest.mark.parametrize(
    "change",
    [
        {"python": "3.13"},
        {"architecture": "arm64"},
        {"image": "mine:1"},
        {"rules_off": ("docs",)},
        {"recipes": ("googleapiclient",)},
        {"drop": ("x/**",)},
        {"keep": ("x/**",)},
        {"strip": False},
        {"bytecode": "none"},
        {"compression": "max"},
    ],
)
def test_every_option_that_shapes_the_layer_counts(
    settings: Settings, change: dict[str, object]
) -> None:
    """A key that misses an input hands out a layer made with other options."""
    changed = replace(settings, **change)  # type: ignore[arg-type] # any values
    assert input_hash.input_hash(changed, "docker") != input_hash.input_hash(settings, "docker")


def test_each_python_is_a_layer_of_its_own(settings: Settings) -> None:
    """In its own image of Lambda's, on each architecture."""
    made = [replace(settings, python=each, architecture=architecture)
            for each in PYTHONS for architecture in ARCHITECTURES]  # fmt: skip
    for builder in ("docker", "host"):
        hashes = {input_hash.input_hash(each, builder) for each in made}
        assert len(hashes) == len(made)
    for each in made:
        parts = input_hash.parts(each, "docker")
        assert parts["python"] == each.python
        assert parts["image"] == f"public.ecr.aws/lambda/python:{each.python}"


def test_the_same_layer_beside_another_is_the_same(settings: Settings) -> None:
    """Typed, or the project's own Python."""
    variant = replace(settings, variant="py312")
    assert input_hash.input_hash(variant, "docker") == input_hash.input_hash(settings, "docker")


@pytest.mark.parametrize(
    "change", [{"stage": "dev"}, {"layer": "other"}, {"bucket": "other"}, {"store_size": 1}]
)
def test_where_it_goes_does_not_count(settings: Settings, change: dict[str, object]) -> None:
    """The same content for another stage is the same layer."""
    changed = replace(settings, **change)  # type: ignore[arg-type] # any values
    assert input_hash.input_hash(changed, "docker") == input_hash.input_hash(settings, "docker")


def test_pins_builder_and_builder_files_count(settings: Settings) -> None:
    """What is installed, where, and by which scripts."""
    seen = {input_hash.input_hash(settings, "docker"), input_hash.input_hash(settings, "host")}
    (paths.DOCKER / "Dockerfile").write_text("FROM other")
    seen.add(input_hash.input_hash(settings, "docker"))
    Path("requirements-all.txt").write_text("a==1\nb==3\n")
    seen.add(input_hash.input_hash(settings, "docker"))
    assert len(seen) == 4


@pytest.mark.parametrize("name", ["Dockerfile", *input_hash.BUILDER_FILES])
def test_whatever_makes_the_layer_counts(settings: Settings, name: str) -> None:
    """The Dockerfile where there is an image."""
    before = {builder: input_hash.input_hash(settings, builder) for builder in ("docker", "host")}
    (paths.DOCKER / name).write_text("changed")
    assert input_hash.input_hash(settings, "docker") != before["docker"]
    same = name == "Dockerfile"
    assert (input_hash.input_hash(settings, "host") == before["host"]) is same


def test_what_only_proves_does_not_count(settings: Settings) -> None:
    """Another probe looks at the same layer."""
    before = input_hash.input_hash(settings, "docker")
    (paths.DOCKER / "probe.py").write_text("changed")
    assert input_hash.input_hash(settings, "docker") == before


def test_a_layer_that_was_never_traced_is_another(settings: Settings) -> None:
    """Where nothing that builds runs it: builder=host, of another architecture."""
    for name in traced_files.SCRIPTS:
        (paths.DOCKER / name).write_text(name)
    for architecture in ARCHITECTURES:
        traced = replace(settings, trace="app.py", architecture=architecture)
        said = {each: input_hash.parts(traced, each).get("traced") for each in ("docker", "host")}
        here = host_python.has_machine(traced)
        assert said == {"docker": None, "host": None if here else "no"}
        assert "traced" not in input_hash.parts(replace(traced, trace=""), "host")


def test_the_environment_is_part_of_the_layers_identity(settings: Settings) -> None:
    """One distribution's, then install's, then the layer's: each adds to the one before."""
    environment = input_hash.environment(settings, "docker")
    installed = input_hash.install_parts(settings, "docker")
    assert environment.items() < installed.items() < input_hash.parts(settings, "docker").items()
    assert environment == input_hash.environment(replace(settings, drop=("a",)), "docker")
    assert installed == input_hash.install_parts(replace(settings, strip=False), "docker")
    assert environment["image"] == settings.base_image
    assert input_hash.environment(settings, "host")["image"] == ""


def test_the_lock_decides_where_there_is_one(settings: Settings) -> None:
    """With a lock, transitive pins are part of the identity."""
    before = input_hash.input_hash(settings, "docker")
    Path("requirements-all.lock").write_text("a==1 --hash=sha256:aa\nb==2\nc==3\n")
    locked = input_hash.input_hash(settings, "docker")
    Path("requirements-all.lock").write_text("a==1 --hash=sha256:aa\nb==2\nc==4\n")
    assert len({before, locked, input_hash.input_hash(settings, "docker")}) == 3
