"""The team's store is opened: as whom, and whom does this run trust?

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
from ..settings.model import READ, READ_WRITE, WRITER, Settings
from ..settings.step_records import InstallRecord, OptimizeRecord, VerifyRecord
from ..ui.console import say
from ..util import typed_json
from ..util.errors import AwsError, LayerError
from . import arguments, connection
from .team_store import mode


def begin(settings: Settings, builder: str) -> None:
    """Open it, as far as it answers soon, and read what it has of these inputs."""
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


def sender(settings: Settings, builder: str, store: TeamStore) -> push.Sender:
    """Of all that the last build rests on."""
    inputs = input_hash.input_hash(settings, builder)
    noted = partial(sent.write, settings, store.origin(store.writer))
    return push.Sender(store=store, inputs=inputs, cards=finished(settings), noted=noted)


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
