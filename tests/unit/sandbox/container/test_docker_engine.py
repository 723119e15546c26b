"""tasks/sandbox/container/docker_engine.py: whose containers are a dead run's."""

import os
import tempfile
from pathlib import Path
from unittest import mock

import pytest

from tasks.sandbox import temp_dirs
from tasks.sandbox.container import docker_engine
from tasks.util.errors import BuildError


def removed(run: str) -> bool:
    """Is the container of that run?"""
    client = mock.Mock()
    client.api.containers.return_value = [{"Id": "x", "Labels": {docker_engine.RUN: run}}]
    docker_engine.remove_of_the_dead(client)
    return bool(client.containers.get.return_value.remove.called)


def test_what_is_seen_to_be_dead_is_removed(tmp_path: Path) -> None:
    """A folder that is gone, or held by nobody."""
    view = docker_engine.view()
    assert removed(f"{view}:{tmp_path}/gone")
    folder, held = temp_dirs.hold(tmp_path, "run-")
    assert not removed(f"{view}:{folder}")
    os.close(held)
    assert removed(f"{view}:{folder}")


@pytest.mark.parametrize(
    ("what", "other"), [("BOOT", "another boot"), ("MOUNTS", "another namespace"), ("uid", "")]
)
def test_what_another_view_has_is_left(
    what: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another machine with this one's name, of a service with a /tmp of its own (systemd's
    PrivateTmp), of another user."""
    there = f"{docker_engine.view()}:{tmp_path}/gone"
    (tmp_path / "file").write_text(other)
    if what == "uid":
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    else:
        monkeypatch.setattr(docker_engine, what, tmp_path / "file")
    assert not removed(there)


def test_where_the_system_does_not_say_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that know nothing of themselves are not the same."""
    monkeypatch.setattr(docker_engine, "BOOT", tmp_path / "none")
    assert not removed(docker_engine.labels()[docker_engine.RUN] + "/gone")


@pytest.mark.parametrize("parent", ["gone", "closed"])
def test_a_folder_that_cannot_be_looked_at(
    parent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is not there now, and a home of mode 0700."""
    if parent == "closed":
        monkeypatch.setattr(Path, "iterdir", mock.Mock(side_effect=PermissionError))
    assert not removed(f"{docker_engine.view()}:{tmp_path}/{parent}/run")


def test_this_runs_own_is_known_by_it() -> None:
    run = docker_engine.labels()[docker_engine.RUN]
    assert run == f"{docker_engine.view()}:{tempfile.gettempdir()}"


@pytest.mark.parametrize("host", ["tcp://[::1", "tcp://127.0.0.1:99999999", "nothing", "tcp://h"])
def test_a_docker_host_that_is_none(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own words for it are a traceback."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(BuildError, match="no Docker engine answers"):
        docker_engine.connect()


@pytest.mark.parametrize("text", ["[]", '{"proxies": []}', '{"proxies": {"default": 5}}', "5"])
def test_a_configuration_of_another_shape(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the engine's client: ~/.docker/config.json."""
    (tmp_path / "config.json").write_text(text)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(BuildError, match="no Docker engine answers"):
        docker_engine.connect()
