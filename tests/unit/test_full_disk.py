"""tasks/core/full_disk.py: one place knows what a full disk is called and what frees it."""

import errno
import os
from pathlib import Path

import pytest

from tasks.clients import engine_faults
from tasks.core import actions, full_disk, installer
from tasks.core.sandbox import Outcome
from tasks.core.settings import Settings

PACKAGE = Path(full_disk.__file__).parents[1]


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
    assert full_disk.is_said(text)
    of_engine = [
        engine_faults.explain(text),
        engine_faults.of_keeper(text),
        engine_faults.of_job(Outcome(code=1, output=text)),
        installer.explain(text, Settings(), "docker"),
    ]
    assert {error and error.fix for error in of_engine} == {full_disk.OF_ENGINE}
    assert installer.explain(text, Settings(), "host").fix == full_disk.OF_HOST
    assert "docker" not in full_disk.way_out("host")


def test_of_another_failure_nothing_is_said() -> None:
    """Space is not a word of disks alone."""
    assert not full_disk.is_said("SyntaxError: unexpected space, os error 280")


def test_the_system_says_it_alike() -> None:
    assert actions.advice()[os.strerror(errno.ENOSPC)] == full_disk.OF_HOST


def test_no_other_module_has_words_of_its_own() -> None:
    """Nor advice: it would differ one day."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    own = [name for name, text in texts.items() if "o space left" in text or "system prune" in text]
    assert own == ["full_disk.py"]
