"""Does this run use the team's store, as whom, and whom does it trust?

A writer is a role of IAM, and may write below its own prefix only (`iam-policy`, `StoreWrite`). So
whose prefix is read decides whose code gets into the layer, and `store-trust` says whose.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from ..aws import credentials
from ..aws.client import Aws
from ..aws.iam.resources import is_of_aws
from ..layer import input_hash, installed, part
from ..layer.archive import secret_scan
from ..layer.team_store import origins, push, run, sent
from ..layer.team_store.bundle import Name
from ..layer.team_store.objects import Objects
from ..layer.team_store.patience import Patience, SlowError, in_parallel
from ..layer.team_store.store import Check, TeamStore
from ..proof import cache as proofs
from ..proof import own_check
from ..settings import records
from ..settings.model import OFF, READ, READ_WRITE, WRITER, Settings
from ..settings.step_records import InstallRecord, OptimizeRecord, VerifyRecord
from ..ui.console import count, say, size
from ..util import typed_json
from ..util.errors import AwsError, LayerError
from . import arguments, connection

_SENDERS: list[push.Sender] = []


def mode(settings: Settings) -> str:
    """Where no setting says it, what speaks with AWS anyway uses it. The emulator is no team's:
    a function in it may write everything there."""
    if settings.is_local:
        return OFF
    return settings.team_store or (READ_WRITE if arguments.uploads() else OFF)


def begin(settings: Settings, builder: str) -> None:
    """For the first step that builds: what a trusted writer has of these inputs. `builder`:
    `docker` or `host`."""
    if run.is_decided() or mode(settings) == OFF:
        return
    import boto3  # noqa: F401 - before the clock starts: how long that takes is not the store's

    patience = Patience()
    run.use(None)
    try:
        [store] = in_parallel([lambda: [_open(settings, patience)]], patience)
    except LayerError as error:
        say(f"note: without the team's store: {error.problem}")
    except SlowError:
        say("note: without the team's store: AWS does not answer within a second")
    else:
        run.use(store)
        store.begin(input_hash.input_hash(settings, builder))


def _open(settings: Settings, patience: Patience) -> TeamStore:
    with credentials.asking_nobody():
        return _opened(settings, patience)


def _opened(settings: Settings, patience: Patience) -> TeamStore:
    # as whoever is here: a reader need not be let into the role. Who uploads is in it anyway
    reads = mode(settings) == READ and not arguments.uploads()
    aws = connection.connect_read_only(replace(settings, role="") if reads else settings)
    objects = Objects(aws, patience)
    refuse_nameless(objects.address)
    writer = origins.named_writer(settings) or writer_of(aws)
    origins.remember(settings, writer)
    own = sent.read(settings, origins.origin(settings, writer))
    return TeamStore(
        own=own,
        known={*own},
        objects=objects,
        kept=installed.store(settings),
        writer=writer,
        trusted=settings.store_trust or tuple(filter(None, [writer])),
        writes=mode(settings) == READ_WRITE and bool(writer),
        checks=CHECKS,
        patience=patience,
    )


def refuse_nameless(address: str) -> None:
    """AwsError where a file of the SDK's, or a variable for S3 alone, names what stands in for AWS.
    Later runs read neither, and would take its entries for AWS's (team_store/origins.py)."""
    named, host = origins.endpoint(), urlsplit(address).hostname or ""
    if named.rstrip("/") != address.rstrip("/") if named else not is_of_aws(host):
        what = f"AWS_ENDPOINT_URL is {named}" if named else "AWS has no such address"
        problem = f"S3 is asked at {host}, and {what}"
        raise AwsError(problem, fix="name it in AWS_ENDPOINT_URL, and it has a store of its own")


def writer_of(aws: Aws) -> str:
    """Whose prefix is this run's: as it is set, or called as the role, or as the user."""
    if named := origins.named_writer(aws.settings):
        return named
    kind, _, name = aws.identity.arn.rpartition(":")[2].partition("/")
    found = name.partition("/")[0] if kind == "assumed-role" else name.rpartition("/")[2] or kind
    return found if re.fullmatch(WRITER, found, re.ASCII) else ""


def _check_scan(path: Path) -> None:
    if not typed_json.fits(json.loads(path.read_bytes()), secret_scan.Found):
        raise ValueError


CHECKS: Mapping[str, Check] = {
    installed.KIND: installed.check_facts,
    part.KIND: part.check_part,
    secret_scan.KIND: _check_scan,
    proofs.KIND: proofs.check_proof,
    own_check.KIND: own_check.check_entry,
}


def offer(settings: Settings, builder: str) -> None:
    """A build has passed, in this run or before: what its records name may be the team's."""
    begin(settings, builder)
    store = run.current()
    if not (store and store.writes and store.may_take) or _SENDERS:
        return
    inputs = input_hash.input_hash(settings, builder)
    noted = partial(sent.write, settings, store.origin(store.writer))
    cards = finished(settings)
    _SENDERS[:] = [push.Sender(store=store, inputs=inputs, cards=cards, noted=noted)]


def finished(settings: Settings) -> list[tuple[Name, ...]]:
    """All that the last build rests on. What the scan found goes with its part."""
    install = records.needed(settings, InstallRecord)
    optimize = records.needed(settings, OptimizeRecord)
    verify = records.needed(settings, VerifyRecord)
    facts, parts = (each.key for each in install.distributions), optimize.made.values()
    scanned = [
        ((part.KIND, name.rpartition("-")[0]), (secret_scan.KIND, secret_scan.key(name)))
        for name in parts
    ]
    alone = [(installed.KIND, each) for each in facts]
    alone += [(proofs.KIND, each) for each in verify.proofs]
    alone += [(own_check.KIND, verify.check)] if verify.check else []
    return [*((name,) for name in dict.fromkeys(alone)), *scanned]


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


def _summary(store: TeamStore, sender: push.Sender | None) -> str:
    read, written = store.objects.read, store.objects.written
    entries = count(read.entries, "entry", "entries")
    said = f"team store: {entries} read, {size(read.size)} in {count(read.requests, 'request')}"
    if sender:
        given = count(sender.sent, "entry", "entries")
        requests = count(written.requests, "request")
        said += f"; {given} written, {size(written.size)} in {requests}"
    return said


def _warnings(store: TeamStore, sender: push.Sender | None) -> list[str]:
    lines = []
    if store.fault:
        lines.append(f"note: reading the team's store was given up: {store.fault}")
    if store.damaged:
        more = f" (and {len(store.damaged) - 1} more)" if len(store.damaged) > 1 else ""
        lines.append(f"warning: the team's store is damaged, not used: {store.damaged[0]}{more}")
    if sender and sender.fault:
        lines.append(f"note: writing to the team's store: {sender.fault}")
    return lines
