"""tasks/layer/wheels/function_wheels.py: the function's packages without a wheel are built as the
layer's are, and Chalice packs what was built."""

from pathlib import Path
from unittest import mock

import pytest

from tasks.chalice_project.deploy import NoWheelError
from tasks.layer.wheels import function_wheels
from tasks.layer.wheels.source_builder import BuiltWheel, SourceBuilder
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util.errors import BuildError


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    """What builds in the sandbox."""
    monkeypatch.chdir(tmp_path)

    def built(self: SourceBuilder, name: str, version: str, hashes: list[str]) -> BuiltWheel:
        made(name, version, *hashes)
        (tmp_path / "made").write_text(name)
        self.built[name] = BuiltWheel(
            name=name, version=version, file=f"{name}-{version}-py3-none-any.whl",
            path=tmp_path / "made", sdist="", requires=[],
        )  # fmt: skip
        return self.built[name]

    made = mock.Mock()
    monkeypatch.setattr(SourceBuilder, "build", built)
    return made


def pack(*lacking: str) -> mock.Mock:
    return mock.Mock(side_effect=[*map(NoWheelError, lacking), "packed"])


def test_nothing_is_built_where_all_have_wheels(build: mock.Mock) -> None:
    """And what an earlier deploy has built is none of this one."""
    paths.FUNCTION_WHEELS.mkdir(parents=True)
    (paths.FUNCTION_WHEELS / "old-1-py3-none-any.whl").touch()
    assert function_wheels.building(Settings(), pack()) == "packed"
    assert not build.called
    assert not paths.FUNCTION_WHEELS.exists()


def test_each_that_lacks_a_wheel_is_built(build: mock.Mock) -> None:
    """By the version that a line or a package pins, from a source that its line's hashes allow."""
    Path("requirements.txt").write_text("one==1.0 --hash=sha256:aa\nother\n")
    assert function_wheels.building(Settings(), pack("one==1.0", "two==2.0")) == "packed"
    assert build.call_args_list == [mock.call("one", "1.0", "aa"), mock.call("two", "2.0")]
    made = sorted(path.name for path in paths.FUNCTION_WHEELS.iterdir())
    assert made == ["one-1.0-py3-none-any.whl", "two-2.0-py3-none-any.whl"]


def test_a_constraint_may_pin_it(build: mock.Mock) -> None:
    Path("limits.txt").write_text("two==2.0\n")
    Path("requirements.txt").write_text("one\n-c limits.txt\n")
    function_wheels.building(Settings(), pack("two>=1"))
    assert build.call_args_list == [mock.call("two", "2.0")]


def test_what_nothing_pins_is_refused(build: mock.Mock) -> None:
    """Which of its versions is in no line, and nobody could say later what was built."""
    Path("requirements.txt").write_text("one\n")
    with pytest.raises(BuildError, match=r"no wheel of one>=1.* only where a line pins it"):
        function_wheels.building(Settings(), pack("one>=1"))
    assert not build.called


def test_what_is_built_and_does_not_fit_is_said(build: mock.Mock) -> None:
    """Once, and not for ever: pip of another Python passes over it."""
    Path("requirements.txt").write_text("one==1\n")
    with pytest.raises(NoWheelError):
        function_wheels.building(Settings(), pack("one==1", "one==1"))
    assert build.call_count == 1


def test_where_nothing_can_build_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, before anything of the package is run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    Path("requirements.txt").write_text("one==1\n")
    with pytest.raises(BuildError, match="its build scripts would run as you"):
        function_wheels.building(Settings(), pack("one==1"))
