"""Events that Lambda fetches: from queues and streams, for an event source mapping.

moto hands each message over while it is sent, one by one and with made-up attributes, goes on after
the mapping was deleted, and tries none again. And it knows a mapping by the text that named its
first function. Here a mapping takes batches as Lambda does: a failed
message comes again after the queue's visibility timeout, a failed batch of a stream until the
function handles it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from . import delivery
from .event_records import of_kinesis, of_message, of_table

PLACES = "doit_lambda_layer_places"  # of a mapping: how far it is in its stream, {shard: number}
PAUSE, LONGEST = 1.0, 30.0  # seconds before a stream's batch is tried again, and at most
Convert = Callable[[Any], dict[str, Any]]
_busy: set[str] = set()


def apply() -> None:
    from moto.awslambda.models import LambdaBackend

    create = LambdaBackend.create_event_source_mapping
    setattr(LambdaBackend, "create_event_source_mapping", _own(create))  # noqa: B010 - mypy refuses the plain form
    listed = LambdaBackend.list_event_source_mappings
    setattr(LambdaBackend, "list_event_source_mappings", _by_function(listed))  # noqa: B010 - mypy refuses the plain form


def _by_function(original: Any) -> Any:
    """Of a function by name or ARN: those that lead to it now."""

    def found(self: Any, event_source_arn: str, function_name: str) -> list[Any]:
        named = (function_name or "").rpartition(":")[2]
        every = original(self, event_source_arn, None)
        return [x for x in every if not named or x.function_arn.rpartition(":")[2] == named]

    return found


def _own(original: Any) -> Any:
    def create(self: Any, spec: dict[str, Any]) -> Any:
        made = original(self, spec)
        source = _source(made)
        source.lambda_event_source_mappings.clear()  # moto's way to the function
        newest = made.starting_position == "LATEST"
        made.__dict__[PLACES] = {
            shard: len(there) if newest else 0 for shard, there, _ in _shards(made)
        }
        return made

    return create


def mappings() -> list[Any]:
    from moto.awslambda.models import lambda_backends

    backends = [each for account in list(lambda_backends.values()) for each in [*account.values()]]
    return [each for one in backends for each in [*one._event_source_mappings.values()]]


def poll() -> None:
    """Each mapping that is not at work takes what there is. Returns at once."""
    for mapping in mappings():
        if not mapping.enabled or mapping.uuid in _busy:
            continue
        for take in (_take_messages, _take_records):
            if (work := take(mapping)) and mapping.uuid not in _busy:
                _busy.add(mapping.uuid)
                threading.Thread(target=_do, args=[mapping, work], daemon=True).start()


def _do(mapping: Any, work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        _busy.discard(mapping.uuid)


def _source(mapping: Any) -> Any:
    """moto's queue, table or stream. None for one that is gone."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.kinesis.models import kinesis_backends
    from moto.sqs.models import sqs_backends

    _, _, service, region, account, *rest = mapping.event_source_arn.split(":")
    name = rest[0].split("/")[-1 if service == "kinesis" else 0]
    if service == "dynamodb":
        return dynamodb_backends[account][region].tables.get(rest[0].split("/")[1])
    backends: Any = sqs_backends if service == "sqs" else kinesis_backends
    there = backends[account][region]
    return (there.queues if service == "sqs" else there.streams).get(name)


# ---- a queue ----


def _take_messages(mapping: Any) -> Callable[[], None] | None:
    from moto.sqs.models import sqs_backends

    queue = _source(mapping)
    if queue is None or not hasattr(queue, "visibility_timeout"):
        return None
    backend = sqs_backends[queue.account_id][queue.region]
    hidden = int(queue.visibility_timeout)
    taken = backend.receive_message(queue.name, mapping.batch_size, 0, hidden, ["All"])
    records = [of_message(each, queue) for each in taken]

    def work() -> None:
        if delivery.invoke(mapping.function_arn, {"Records": records}):
            for each in taken:
                backend.delete_message(queue.name, str(each.receipt_handle))

    return work if records else None


# ---- a stream ----


def _shards(mapping: Any) -> Iterator[tuple[str, list[Any], Convert]]:
    """(shard, all that moto has in it, what makes a record of one). Of a queue none."""
    source = _source(mapping)
    for name, shard in getattr(source, "shards", {}).items():  # Kinesis
        yield name, [*shard.records.values()], partial(of_kinesis, shard=name, stream=source)
    if shard := getattr(source, "stream_shard", None):  # a table
        yield shard.id, [*shard.items], partial(of_table, stream_arn=mapping.event_source_arn)


def _take_records(mapping: Any) -> Callable[[], None] | None:
    places = mapping.__dict__.setdefault(PLACES, {})
    for shard, there, convert in _shards(mapping):
        start = places.get(shard, 0)
        if taken := there[start : start + mapping.batch_size]:
            return partial(_hand_on, mapping, shard, [convert(each) for each in taken])
    return None


def _hand_on(mapping: Any, shard: str, records: list[dict[str, Any]]) -> None:
    if _insist(mapping, records):
        places = mapping.__dict__[PLACES]
        places[shard] = places.get(shard, 0) + len(records)


def _insist(mapping: Any, batch: list[dict[str, Any]]) -> bool:
    """To the function until it handles them. False where the mapping ends before."""
    pause = PAUSE
    while mapping.enabled and mapping in mappings():
        if delivery.invoke(mapping.function_arn, {"Records": batch}):
            return True
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)
    return False
