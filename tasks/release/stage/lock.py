"""One deploy at a time per stage: a lock in S3, renewed as long as its holder lives.

Taking, renewing and returning it writes only over what it has read (conditional writes), so two
never have it. It is returned by a write, too: nothing is ever deleted. Times are S3's.
"""

import fcntl
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from ...aws import s3, s3_versions
from ...aws.client import Aws
from ...settings import paths
from ...settings.model import Settings
from ...ui.console import duration, say
from ...util import actor
from ...util.errors import AwsError, DeployError
from . import lease, store
from .lease import Lease

LOOK_EVERY = 2.0  # seconds, while waiting
RENEW_EVERY = lease.SECONDS / 4
ANSWER = 10.0  # seconds for one to a renewal, of which some may fail before the lock expires
GIVE_BACK = 1.5  # seconds; whoever stops a run does not wait for an AWS that is silent
# Goes on while the machine sleeps, as S3's does (Linux: CLOCK_BOOTTIME; elsewhere the other does).
AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def key(settings: Settings) -> str:
    return store.key(settings, "lock.json")


class Turn:
    """This checkout's turn: a file that its process holds locked while it deploys or waits.

    The system unlocks it when the process dies, however that happens. So a lock in S3 whose token
    stands in the file, and nobody holds the file, is a dead process's.
    """

    def __init__(self, settings: Settings) -> None:
        path = paths.BUILD / "deploy-lock" / settings.stage
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("a+", encoding="utf-8")

    def mine(self) -> bool:
        """False while another process of this checkout has it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def left_by_the_dead(self, found: Lease) -> bool:
        """Ask only while it is `mine`."""
        self._file.seek(0)
        return self._file.read() == found.token

    def note(self, token: str) -> None:
        self._file.truncate(0)
        self._file.write(token)
        self._file.flush()

    def end(self) -> None:
        self._file.close()


def clock() -> timedelta:
    """Of this machine, from whenever."""
    return timedelta(seconds=time.clock_gettime(AWAKE_OR_NOT))


def stop() -> None:
    """As Ctrl-C. Or where that is ignored (a script's `&`) as a job that is cancelled. By a signal
    of the system: Python's own `interrupt_main` does not end a wait for a silent child."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    number = signal.SIGTERM if ignored else signal.SIGINT
    signal.pthread_kill(threading.main_thread().ident or 0, number)


@dataclass(kw_only=True)
class Held:
    """The lock, taken. `etag`: of the object as we wrote it last. '' once it is somebody else's.
    `ahead`: S3's clock less this machine's. One thread writes it from here on."""

    aws: Aws
    key: str
    turn: Turn
    lease: Lease
    etag: str
    ahead: datetime

    def __post_init__(self) -> None:
        self.aws = self.aws.hurried(ANSWER)
        self.aws.client("s3")  # made here: the SDK makes clients in one thread at a time
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _now(self) -> datetime:
        return self.ahead + clock()

    def _keep(self) -> None:
        while self.etag and not self._done.wait(RENEW_EVERY):
            with suppress(AwsError):  # not reached: once more, S3 decides whether it is still ours
                self._write(self.lease.renewed(self._now()))
        if self._done.is_set():
            with suppress(AwsError):  # it expires
                self._write(self.lease.given_back(self._now()))
        else:
            say(f"the lock of stage {self.aws.settings.stage} was taken over: this run stops")
            stop()

    def _write(self, changed: Lease) -> None:
        """Over what we wrote last, whether the answer to that came or not."""
        data = changed.written()
        while self.etag:
            if etag := s3_versions.write_object(self.aws, self.key, data, self.etag):
                self.etag, self.lease = etag, changed
                return
            there = s3_versions.read_object(self.aws, self.key)
            found = lease.parse_lease(there.data)
            ours = found and found.token == changed.token and not found.released
            self.etag = there.etag if ours else ""
            if there.data == data:  # an answer was lost, and the SDK had asked again
                self.lease = changed
                return

    def release(self) -> None:
        """Give it back, unless it is somebody else's by now. That takes a moment, or is left to
        the lock's expiry."""
        self._done.set()
        self._thread.join(GIVE_BACK)
        if self.etag and not self.lease.released:
            stage = self.aws.settings.stage
            say(f"the lock of stage {stage} is not given back yet: it ends at {self.lease.end}")
        self.turn.end()


def acquire(aws: Aws) -> Held:
    """Wait for the stage's lock as long as `lock-wait` says. DeployError names who holds it."""
    turn = Turn(aws.settings)
    try:
        return _wait(aws, turn)
    except BaseException:
        turn.end()
        raise


def _wait(aws: Aws, turn: Turn) -> Held:
    told, deadline = "", time.monotonic() + aws.settings.lock_wait
    while True:
        found = s3_versions.read_object(aws, key(aws.settings))
        holder = lease.parse_lease(found.data)
        if turn.mine() and is_free(holder, found.at, turn):
            if held := _write(aws, turn, found):
                return held
            continue  # somebody was quicker
        who = f"{holder}, until {holder.end}" if holder else "another run of this checkout"
        if time.monotonic() >= deadline:
            raise _busy(aws.settings, who)
        if who.partition(",")[0] != told:
            told = who.partition(",")[0]
            said = f"stage {aws.settings.stage} is being changed by {who} or longer"
            say(f"note: {said}; waiting for that, up to {duration(aws.settings.lock_wait)}")
        time.sleep(LOOK_EVERY)


def is_free(holder: Lease | None, now: datetime, turn: Turn) -> bool:
    """Says why, where somebody's lock is taken over. Ask only in this checkout's turn."""
    if holder is None or holder.released:
        return True
    if turn.left_by_the_dead(holder):
        say(f"a run of this checkout ended without giving its lock back ({holder}): taken over")
        return True
    if holder.expired(now):
        say(f"the lock of {holder} expired at {holder.end}: taken over")
        return True
    return False


def _write(aws: Aws, turn: Turn, found: s3_versions.Object) -> Held | None:
    """None when somebody else was quicker."""
    if found.data is None:
        s3.ensure_bucket(aws)
    where, new = key(aws.settings), lease.taken(actor.current_actor(aws.environ), found.at)
    turn.note(new.token)
    etag = s3_versions.write_unique(aws, where, new.written(), found.etag)
    if not etag:
        return None
    return Held(aws=aws, key=where, turn=turn, lease=new, etag=etag, ahead=found.at - clock())


def _busy(settings: Settings, who: str) -> DeployError:
    waited = duration(settings.lock_wait)
    return DeployError(
        f"stage {settings.stage} is still being changed after {waited}: by {who}",
        fix="run the command again later. `./doitw unlock` shows whether that run lives and takes "
        "a dead one's lock. `lock-wait` in pyproject.toml is how long to wait",
    )
