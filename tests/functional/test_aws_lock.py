"""The stage's lock against an S3 over HTTP: taken, waited for, kept, taken over, given back."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasks.aws import s3, s3_versions
from tasks.aws.client import Aws
from tasks.commands import unlock
from tasks.context.connection import connect
from tasks.release.stage import lease, lock
from tasks.release.stage.lease import Lease
from tasks.release.stage.lock import Held
from tasks.settings import paths
from tasks.util.errors import DeployError
from tests.moto_server import Refusal, Request, Server
from tests.project import ROOT

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
SILENCE = 30.0  # seconds


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(lock, "say", lines.append)
    monkeypatch.setattr(unlock, "say", lines.append)
    return lines


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOOK_EVERY", 0.02)


@contextmanager
def held(aws: Aws) -> Iterator[Held]:
    taken = lock.acquire(aws)
    try:
        yield taken
    finally:
        taken.release()


def standing(aws: Aws) -> Lease:
    """What S3 has."""
    found = lease.parse_lease(s3.get_bytes(aws, lock.key(aws.settings)))
    assert found
    return found


def other(aws: Aws, at: datetime) -> Lease:
    """Somebody else's lock, taken then."""
    s3.ensure_bucket(aws)
    found = lease.taken("anna@laptop", at)
    s3.put_bytes(aws, lock.key(aws.settings), found.written())
    return found


def hurried(aws: Aws) -> Aws:
    """Does not wait."""
    return connect(replace(aws.settings, lock_wait=0))


def test_taken_and_given_back(aws: Aws) -> None:
    """Nothing is deleted: the object says that it is free. The bucket is made."""
    with held(aws):
        assert not standing(aws).released
    assert standing(aws).released
    with held(aws):
        assert not standing(aws).released


def test_somebody_elses_is_waited_for(aws: Aws, said: list[str]) -> None:
    """Named once, with the times."""
    found = other(aws, datetime.now(UTC))
    free = found.given_back(datetime.now(UTC)).written()
    key = lock.key(aws.settings)
    threading.Timer(0.3, lambda: s3.put_bytes(aws, key, free)).start()
    with held(aws):
        assert standing(aws).token != found.token
    assert said == [
        f"note: stage prod is being changed by {found}, until {found.end} or longer; "
        "waiting for that, up to 10 min 00 s"
    ]


def test_who_waited_long_enough_is_told_what_to_do(aws: Aws) -> None:
    """Nothing is taken."""
    found = other(aws, datetime.now(UTC))
    with pytest.raises(DeployError, match=r"by anna@laptop, since .* UTC, until ") as caught:
        lock.acquire(hurried(aws))
    assert "./doitw unlock" in caught.value.fix
    assert standing(aws) == found


def test_an_expired_lock_is_taken_over(aws: Aws, said: list[str]) -> None:
    """And says whose it was."""
    found = other(aws, LONG_AGO)
    with held(hurried(aws)):
        assert standing(aws).token != found.token
    assert said == [f"the lock of {found} expired at {found.end}: taken over"]


def test_what_is_no_lock_is_replaced(aws: Aws) -> None:
    """Somebody put it there by hand."""
    s3.ensure_bucket(aws)
    s3.put_bytes(aws, lock.key(aws.settings), b"free")
    with held(hurried(aws)):
        assert not standing(aws).released


def test_only_one_of_many_has_it(aws: Aws) -> None:
    """At the same moment in one checkout, each waiting its turn."""
    holders: list[str] = []
    most = 0

    def one() -> None:
        nonlocal most
        with held(aws):
            holders.append("x")
            most = max(most, len(holders))
            time.sleep(0.05)
            holders.pop()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize(
    ("status", "code"), [(409, "ConditionalRequestConflict"), (412, "PreconditionFailed")]
)
def test_a_conflict_at_the_same_moment_is_tried_again(
    aws: Aws, server: Server, status: int, code: str
) -> None:
    """S3's 409 says nothing about who won."""
    s3.ensure_bucket(aws)
    refusals = iter([Refusal(status=status, code=code)])

    def refused(request: Request) -> Refusal | None:
        return next(refusals, None) if request.method == "PUT" else None

    server.refused = refused
    with held(aws):
        assert not standing(aws).released


def test_a_lost_answer_does_not_lose_the_lock(aws: Aws, server: Server) -> None:
    """The SDK asks again, and S3 refuses what is there already: it is known by its bytes."""
    s3.ensure_bucket(aws)
    losses = iter([True])
    server.dropped = lambda method, path: method == "PUT" and next(losses, False)
    with held(aws) as taken:
        assert standing(aws) == taken.lease


def test_two_writes_over_the_same_are_one(aws: Aws) -> None:
    """What the lock is made of: the server keeps the conditions."""
    s3.ensure_bucket(aws)
    first = s3_versions.write_object(aws, "chalice/x", b"1", "")
    assert first
    assert s3_versions.write_object(aws, "chalice/x", b"2", "") is None
    assert s3_versions.write_object(aws, "chalice/x", b"3", first)
    assert s3_versions.write_object(aws, "chalice/x", b"4", first) is None
    assert s3_versions.read_object(aws, "chalice/x").data == b"3"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_is_renewed_while_its_holder_lives(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long deploy keeps it."""
    monkeypatch.setattr(lock, "RENEW_EVERY", 0.05)
    with held(aws) as taken:
        first = taken.lease.until
        until(lambda: standing(aws).until > first)


def test_who_lost_it_is_stopped(aws: Aws, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    """As by Ctrl-C; and does not give back what is another's."""
    stopped = threading.Event()
    monkeypatch.setattr(lock, "RENEW_EVERY", 0.05)
    monkeypatch.setattr(lock, "stop", stopped.set)
    with held(aws):
        found = other(aws, datetime.now(UTC))
        assert stopped.wait(10)
    assert standing(aws) == found
    assert said == ["the lock of stage prod was taken over: this run stops"]


HOLDER = """
import signal, subprocess
from tasks.context import connection
from tasks.release.stage import lock
from tasks.settings.model import Settings

signal.signal(signal.SIGTERM, signal.default_int_handler)  # as context/doit_actions.py does
lock.RENEW_EVERY = 0.05
held = lock.acquire(connection.connect(Settings(bucket="deps-bucket", region="{region}")))
print("held", flush=True)
try:
    subprocess.run(["sleep", "60"], stdout=subprocess.PIPE)
except KeyboardInterrupt:
    print("stopped", flush=True)
held.release()
"""


@pytest.mark.parametrize("on_ctrl_c", [signal.default_int_handler, signal.SIG_IGN])
def test_who_lost_it_is_stopped_in_a_wait_for_a_silent_child(aws: Aws, on_ctrl_c: object) -> None:
    """As a `chalice deploy` is for minutes. Also where a script's `&` made it deaf to Ctrl-C."""

    def hears() -> None:
        signal.signal(signal.SIGINT, on_ctrl_c)  # type: ignore[arg-type] # a handler

    s3.ensure_bucket(aws)
    code = HOLDER.format(region=aws.settings.region)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, preexec_fn=hears,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        found = other(aws, datetime.now(UTC))
        said, _ = process.communicate(timeout=10)
    assert "was taken over: this run stops" in said
    assert said.endswith("stopped\n")
    assert standing(aws) == found


def test_unlocked_by_a_person_is_lost_as_well(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock there says its own name, and that it is free."""
    stopped = threading.Event()
    monkeypatch.setattr(lock, "RENEW_EVERY", 0.05)
    monkeypatch.setattr(lock, "stop", stopped.set)
    with held(aws):
        unlock.release_lock(aws, living=True)
        assert stopped.wait(10)
    assert standing(aws).released


def test_a_renewal_whose_answer_never_came_does_not_lose_it(aws: Aws) -> None:
    """What stands there is ours, though not what was written last as far as we know."""
    with held(aws) as taken:
        unknown = taken.lease.renewed(datetime.now(UTC) + timedelta(seconds=9))
        s3_versions.write_object(aws, taken.key, unknown.written(), taken.etag)
    assert standing(aws) == taken.lease
    assert taken.lease.released


def test_its_clock_goes_on_while_the_machine_sleeps(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal after an hour of sleep holds as long as any other. Python's monotonic clock stands
    still meanwhile (Linux, clock_gettime(2))."""
    before = time.clock_gettime

    def slept(clock: int) -> float:
        return before(clock) + 3600 * (clock == time.CLOCK_BOOTTIME)

    with held(aws) as taken:
        first = taken.lease.until
        monkeypatch.setattr(time, "clock_gettime", slept)
        later = taken.lease.renewed(taken._now()).until
    assert 3590 < later - first < 3660


def test_a_silent_aws_holds_nobody_up(aws: Aws, server: Server, said: list[str]) -> None:
    """Who stopped a run has the prompt back long before an answer; the lock ends by itself."""
    taken = lock.acquire(aws)
    answers = threading.Event()

    def silent(request: Request) -> None:
        answers.wait(SILENCE)

    server.refused = silent
    started = time.monotonic()
    taken.release()
    assert time.monotonic() - started < SILENCE / 2
    assert said == [f"the lock of stage prod is not given back yet: it ends at {taken.lease.end}"]
    answers.set()
    taken._thread.join()
    assert standing(aws).released


def test_a_run_that_was_killed_here_is_not_waited_for(aws: Aws, said: list[str]) -> None:
    """The system says that nobody holds the checkout's file."""
    found = other(aws, datetime.now(UTC))
    file = paths.BUILD / "deploy-lock" / "prod"
    file.parent.mkdir()
    file.write_text(found.token, encoding="utf-8")
    with held(hurried(aws)):
        assert standing(aws).token != found.token
    assert said == [
        f"a run of this checkout ended without giving its lock back ({found}): taken over"
    ]


def test_another_run_of_the_checkout_is_waited_for(aws: Aws) -> None:
    """Its lock is in S3; where that is gone, its file still counts."""
    with held(aws) as taken:
        s3.put_bytes(aws, taken.key, b"gone")
        with pytest.raises(DeployError, match="by another run of this checkout"):
            lock.acquire(hurried(aws))


# ---- unlock -------------------------------------------------------------------------------------


def test_unlock_refuses_the_living(aws: Aws, said: list[str]) -> None:
    """And shows whose it is."""
    found = other(aws, datetime.now(UTC))
    with pytest.raises(DeployError, match="may be alive") as caught:
        unlock.release_lock(aws, living=False)
    assert "./doitw unlock yes=1 stage=prod" in caught.value.fix
    assert said == [f"stage prod is locked by {found}, until {found.end}"]
    assert standing(aws) == found


def test_unlock_takes_over_the_dead(aws: Aws, said: list[str]) -> None:
    """One that expired."""
    found = other(aws, LONG_AGO)
    unlock.release_lock(aws, living=False)
    assert standing(aws).released
    assert said[0] == f"stage prod is locked by {found}, until {found.end}"
    assert said[-1] == "unlocked; next: ./doitw deploy stage=prod"


def test_unlock_takes_any_when_told_so(aws: Aws) -> None:
    """yes=1"""
    other(aws, datetime.now(UTC))
    unlock.release_lock(aws, living=True)
    assert standing(aws).released


def test_unlock_of_what_is_not_locked(aws: Aws, said: list[str]) -> None:
    """Never taken, or given back."""
    unlock.release_lock(aws, living=False)
    with held(aws):
        pass
    unlock.release_lock(aws, living=False)
    assert said == ["stage prod is not locked"] * 2
