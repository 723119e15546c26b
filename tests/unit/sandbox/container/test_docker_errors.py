"""tasks/sandbox/container/docker_errors.py: what engines, SDK and sockets say, in words that
help."""

import pytest

from tasks.sandbox.container import docker_errors
from tasks.sandbox.protocol import Outcome
from tasks.util.errors import readable


@pytest.mark.parametrize(
    ("detail", "problem", "fix"),
    [
        ("('Connection aborted.', RemoteDisconnected('Remote end closed connection'))",
         "engine went away", "start it"),
        ("[Errno 111] Connection refused", "engine went away", "docker info"),
        ("UnixHTTPConnectionPool(host='localhost', port=None): Read timed out.",
         "engine went away", "engine's log"),
        ("failed to mkdir: no space left on device", "disk is full", "docker system prune"),
        ("No such image: doit-lambda-layer/builder:0", "image was removed", "again"),
        ("failed to create shim task: OCI runtime create failed: exec: no such file or directory",
         "a program of the image does not start", "Lambda's own"),
        ("No such container: 3f", "stopped or removed", "again"),
        ("Container 3f is not running", "stopped or removed", "again"),
        ("something new", "the Docker engine failed: something new", "docker info"),
    ],
)  # fmt: skip
def test_each_has_its_words(detail: str, problem: str, fix: str) -> None:
    """And the way out; what the engine said stands there, too."""
    error = docker_errors.explain(detail)
    assert problem in error.problem
    assert readable(detail) in error.problem
    assert fix in error.fix


@pytest.mark.parametrize(
    ("code", "output", "problem"),
    [
        (137, "", "for want of memory"),
        (1, "Group(key='k', names=['a.py']) ended with -9", "for want of memory"),
        (1, "OSError: [Errno 28] No space left on device", "disk is full"),
        (
            2,
            "error: failed to write\n  cause: No space left on device (os error 28)",
            "disk is full",
        ),
        (0, "No space left on device", None),
        (1, "SyntaxError: invalid syntax", None),
    ],
)
def test_what_became_of_a_job(code: int, output: str, problem: str | None) -> None:
    """Only what failed is looked at, and only for what is none of its doing."""
    error = docker_errors.of_job(Outcome(code=code, output=output))
    assert (error is None) == (problem is None)
    if error and problem:
        assert problem in error.problem
