"""What a function in a container reaches: the emulator, through the channel to the container's
main process, and no network.
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

pytestmark = pytest.mark.docker


@pytest.fixture
def access() -> Iterator[Access]:
    with echoing() as found:
        yield found


@pytest.fixture(autouse=True)
def project(lambda_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after a `stage=local` command with Docker; its end is the server's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # of the person, none of the function's
    shutil.copytree(sandbox_scripts.FOLDER, paths.DOCKER)
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "docker", "image": lambda_image})
    yield
    invocation.ENVIRONMENTS.end()


def test_there_is_no_network_and_no_home(access: Access) -> None:
    """Neither the metadata service of a machine in EC2; the keys are the emulator's."""
    found = invoke(access)
    assert found["interfaces"] == ["lo"]
    assert None not in (found["metadata"], found["outside"])
    assert found["home"] in ("PermissionError", "OSError", "FileNotFoundError")
    assert found["keys"] == [access.key, access.secret]
    assert found["proxies"] == []


def test_the_embedded_aws_is_reached_by_many_at_once(access: Access) -> None:
    """Every byte in both directions, again and again."""
    for _ in range(3):
        assert invoke(access, "post") == [True] * 32


def test_answers_that_nobody_reads_stop_nothing(access: Access) -> None:
    """A body of S3 that was never read: the next event and the next connection come through."""
    assert invoke(access, "leak") == 20
    assert invoke(access, "post") == [True] * 32
    assert invoke(access, "leak") == 40


def test_a_setting_opens_the_network(access: Access) -> None:
    """`local-network = true`; the emulator is where it was."""
    chosen = files.read_record(paths.LOCAL_RUNTIME) or {}
    files.write_record(paths.LOCAL_RUNTIME, chosen | {"local_network": True})
    assert len(invoke(access)["interfaces"]) == 2
    assert invoke(access, "post") == [True] * 32


def test_where_nobody_listens_the_connection_ends(access: Access) -> None:
    """As it does on a machine where a server has ended, and not only after a minute."""
    nobody = Access(url="http://127.0.0.1:9", key="LKIA", secret="s")  # noqa: S106
    with pytest.raises(AssertionError, match=r"RemoteDisconnected|ConnectionReset|URLError"):
        invoke(nobody, "post")
