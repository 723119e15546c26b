"""What a function reaches where there is no Docker: the emulator, by way of a socket out of its
namespaces, and no network.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.local_aws import invoke as invocation
from tasks.settings import paths
from tasks.settings.local_access import Access
from tasks.util import files
from tests import sandbox_scripts
from tests.reach import echoing, invoke


@pytest.fixture
def access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Access]:
    """As after a `stage=local` command without Docker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # of the person, none of the function's
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
    with echoing() as found:
        yield found
    invocation.ENVIRONMENTS.end()


def test_there_is_no_network_and_no_home(access: Access) -> None:
    """Neither the metadata service of a machine in EC2; the keys are the emulator's."""
    found = invoke(access)
    assert (found["metadata"], found["outside"]) == ("OSError", "OSError")  # unreachable
    assert found["home"] in ("PermissionError", "OSError", "FileNotFoundError")
    assert found["keys"] == [access.key, access.secret]
    assert found["proxies"] == []


def test_the_embedded_aws_is_reached_by_many_at_once(access: Access) -> None:
    """Every byte in both directions; answers that nobody reads stop nothing."""
    assert invoke(access, "post") == [True] * 32
    assert invoke(access, "leak") == 20
    assert invoke(access, "post") == [True] * 32


def test_the_functions_own_path_finds_no_program_of_ours(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PATH in config.json is the function's alone."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/bwrap").write_text("#!/bin/sh\ntouch ran\n")
    (tmp_path / "bin/bwrap").chmod(0o755)
    assert invoke(access, PATH=f"{tmp_path}/bin")["keys"] == [access.key, access.secret]
    assert list(tmp_path.rglob("ran")) == []
