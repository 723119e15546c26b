"""tasks/util/disk_full.py: one place knows what a full disk is called and what frees it."""

import errno
import os
from pathlib import Path

import pytest

from tasks.context import doit_actions
from tasks.layer.wheels import uv_errors
from tasks.sandbox.container import docker_errors
from tasks.sandbox.protocol import Outcome
from tasks.settings.model import Settings
from tasks.util import disk_full

PACKAGE = Path(disk_full.__file__).parents[1]


@pytest.mark.parametrize(
    "text",
    [
        "OSError: [Errno 28] No space left on device",
        "write /var/lib/docker/tmp/x: no space left on device",
        "error: failed to write `a`\n  cause: (os error 28)",
        os.strerror(errno.EDQUOT),
    ],
)
def test_a_full_disk_by_any_of_its_names(text: str) -> None:
    """Everywhere, whoever said it: with what frees space in that sandbox, and never the other's."""
    assert disk_full.is_said(text)
    of_engine = [
        docker_errors.explain(text),
        docker_errors.of_keeper(text),
        docker_errors.of_job(Outcome(code=1, output=text)),
        uv_errors.explain(text, Settings(), "docker"),
    ]
    assert {error and error.fix for error in of_engine} == {disk_full.OF_ENGINE}
    assert uv_errors.explain(text, Settings(), "host").fix == disk_full.OF_HOST
    assert "docker" not in disk_full.way_out("host")


def test_of_another_failure_nothing_is_said() -> None:
    """Space is not a word of disks alone."""
    assert not disk_full.is_said("SyntaxError: unexpected space, os error 280")


def test_the_system_says_it_alike() -> None:
    assert doit_actions.advice()[os.strerror(errno.ENOSPC)] == disk_full.OF_HOST


def test_no_other_module_has_words_of_its_own() -> None:
    """Nor advice: it would differ one day."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    own = [name for name, text in texts.items() if "o space left" in text or "system prune" in text]
    assert own == ["disk_full.py"]
