"""tasks/proof/probe.py: a proof that comes to an end that is none of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.proof import probe
from tasks.sandbox.protocol import Job, Outcome
from tasks.sandbox.watch import OutOfTimeError
from tasks.settings.model import Settings
from tasks.util.errors import VerifyError


class Sandbox:
    """Answers every job so."""

    isolation, kind = "none", "host"

    def __init__(self, answer: Callable[[], Outcome]) -> None:
        self.answer, self.jobs = answer, list[Job]()

    def run(self, job: Job, on_line: object = None) -> Outcome:
        self.jobs.append(job)
        return self.answer()


def proven(answer: Callable[[], Outcome], **settings: Any) -> Job:
    """The job; VerifyError."""
    sandbox: Any = Sandbox(answer)
    tree: Any = type("Tree", (), {"sizes": {}})
    job = probe.proof(Settings(**settings), sandbox, Path("layer.zip"), {}, tree, [], [])
    probe.run(sandbox, job)
    return Job(**vars(sandbox.jobs[0]))


def silent(trying: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        raise OutOfTimeError("", trying, 120.0)

    return run


@pytest.mark.parametrize("code", [137, -9])
def test_a_proof_that_is_killed_names_what_it_tried(code: int) -> None:
    """A container says 137, Python -9."""
    with pytest.raises(VerifyError, match=r"killed \(SIGKILL\) while it tried one two: "):
        proven(lambda: Outcome(code=code, output="", trying="one two"))


def test_a_proof_that_is_stopped_names_what_it_tried() -> None:
    """One of these has stopped it."""
    with pytest.raises(VerifyError, match="for 120 s while it tried one two: ") as caught:
        proven(silent("one two"))
    assert "pin another version" in caught.value.fix


def test_where_nothing_is_known_that_is_said() -> None:
    """It may be the machine."""
    with pytest.raises(VerifyError, match="no memory left"):
        proven(silent(""))


def test_an_end_without_a_word_is_said_with_its_status() -> None:
    """Not with nothing at all."""
    with pytest.raises(VerifyError, match="exit status 3"):
        proven(lambda: Outcome(code=3, output=""))


@pytest.mark.parametrize(("timeout", "silence"), [(5, 120), (60, 120), (300, 360)])
def test_a_proof_may_be_silent_for_longer_than_one_try(timeout: int, silence: float) -> None:
    """Counted outside of the sandbox."""
    answer = Outcome(code=0, output="= {}\n")
    assert proven(lambda: answer, proof_timeout=timeout).silence == silence
