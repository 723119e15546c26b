"""Does this run use the team's store? What it takes is imported only then (open_team_store.py)."""

from typing import TYPE_CHECKING

from ..layer.team_store import origins, run
from ..settings.model import OFF, READ_WRITE, Settings
from ..ui.console import count, size
from . import arguments

if TYPE_CHECKING:
    from ..layer.team_store.push import Sender
    from ..layer.team_store.store import TeamStore

_SENDERS: list["Sender"] = []


def mode(settings: Settings) -> str:
    """Where no setting says it, what speaks with AWS anyway uses it. The emulator is no team's:
    a function in it may write everything there."""
    if settings.is_local:
        return OFF
    return settings.team_store or (READ_WRITE if arguments.uploads() else OFF)


def begin(settings: Settings, builder: str) -> None:
    """For the first step that builds: what a trusted writer has of these inputs. `builder`:
    `docker` or `host`."""
    if not run.is_decided() and mode(settings) != OFF:
        from . import open_team_store

        open_team_store.begin(settings, builder)


def offer(settings: Settings, builder: str) -> None:
    """A build has passed, in this run or before: what its records name may be the team's."""
    begin(settings, builder)
    store = run.current()
    if not (store and store.writes and store.may_take) or _SENDERS:
        return
    from . import open_team_store

    _SENDERS[:] = [open_team_store.sender(settings, builder, store)]


def start() -> None:
    """Send it beside the steps that follow: the bucket is there by now."""
    for sender in _SENDERS:
        sender.start()


def finish() -> list[str]:
    """What the store did in this run, for people. [] if it was not used."""
    store, sender = run.current(), next(iter(_SENDERS), None)
    _SENDERS.clear()
    run.close()
    origins.forget()
    if not store:
        return []
    if sender and store.is_slow and not sender.is_started:
        sender = None  # it has cost its second
    if sender:
        sender.finish()
    return [_summary(store, sender), *_warnings(store, sender)]


def _summary(store: "TeamStore", sender: "Sender | None") -> str:
    read, written = store.objects.read, store.objects.written
    entries = count(read.entries, "entry", "entries")
    said = f"team store: {entries} read, {size(read.size)} in {count(read.requests, 'request')}"
    if sender:
        given = count(sender.sent, "entry", "entries")
        requests = count(written.requests, "request")
        said += f"; {given} written, {size(written.size)} in {requests}"
    return said


def _warnings(store: "TeamStore", sender: "Sender | None") -> list[str]:
    lines = []
    if store.fault:
        lines.append(f"note: reading the team's store was given up: {store.fault}")
    if store.damaged:
        more = f" (and {len(store.damaged) - 1} more)" if len(store.damaged) > 1 else ""
        lines.append(f"warning: the team's store is damaged, not used: {store.damaged[0]}{more}")
    if sender and sender.fault:
        lines.append(f"note: writing to the team's store: {sender.fault}")
    return lines
