"""Machines of a team: each with a store of its own, all with one bucket."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.layer.cache import MB, Store
from tasks.layer.team_store.bundle import Name
from tasks.layer.team_store.objects import Objects
from tasks.layer.team_store.patience import Patience
from tasks.layer.team_store.push import Cards, Sender
from tasks.layer.team_store.store import TeamStore
from tasks.util import files

PATIENT = 60.0  # seconds: these tests share their machine with others


def key(name: str) -> str:
    """What an entry is kept under: sha256 of something."""
    return files.digest(name)


INPUTS = key("inputs")


def refuse_bad(path: Path) -> None:
    """A check that a kind may have."""
    if path.read_bytes().startswith(b"bad"):
        raise ValueError("bad")


def machine(
    aws: Aws, root: Path, writer: str = "ci", *trusted: str, seconds: float = PATIENT
) -> TeamStore:
    """`trusted`: whom it reads; nobody named is its own writer."""
    patience = Patience(seconds)
    return TeamStore(
        objects=Objects(aws, patience),
        kept=Store(root=root, limit=100 * MB),
        writer=writer,
        trusted=trusted or (writer,),
        writes=True,
        checks={"parts": refuse_bad, "installed": refuse_bad, "scans": refuse_bad},
        patience=patience,
    )


def fill(store: TeamStore, content: Mapping[Name, bytes]) -> None:
    """As a build leaves it."""
    for (kind, key_), data in content.items():
        store.kept.put_bytes(kind, key_, data)


def give(store: TeamStore, cards: Cards, inputs: str = INPUTS) -> Sender:
    s3.ensure_bucket(store.objects.aws)
    return send(store, cards, inputs)


def send(store: TeamStore, cards: Cards, inputs: str = INPUTS) -> Sender:
    """Where the bucket is there."""
    sender = Sender(store=store, inputs=inputs, cards=cards)
    sender.finish()
    return sender


def held(store: TeamStore, names: Sequence[Name]) -> dict[Name, bytes]:
    return {name: path.read_bytes() for name, path in store.wanted(names).items()}


def put(aws: Aws, key_: str, data: bytes) -> None:
    """As somebody who may write everything."""
    client: Any = aws.client("s3")
    client.put_object(Bucket=aws.settings.bucket, Key=key_, Body=data, IfNoneMatch="*")


def delete(aws: Aws, key_: str) -> None:
    client: Any = aws.client("s3")
    client.delete_object(Bucket=aws.settings.bucket, Key=key_)
