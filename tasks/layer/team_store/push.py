"""What a build made, for the team: sent beside the steps that follow.

    a pack, where there is much that is new ─▶ a bundle for each entry ─▶ the index, last

Each writer gives what it made itself, or had from itself before. What came from another writer
stays that writer's, and the index only names it: who trusts one of the two alone gets nothing of
the other.
"""

import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO

from ...aws import bucket
from ...util import files
from ...util.errors import LayerError
from .bundle import INDEX, PACKS, Entry, Name, again, bundle, object_key
from .objects import BrokenError, DeniedError, MissingError
from .patience import WAIT, Patience, SlowError, in_parallel
from .store import TeamStore

LOOSE = 4 << 20  # bytes of large entries that an index may hold itself
LARGE = 1 << 16  # bytes of an entry that is worth a place in a pack
SHARED_FOR = timedelta(days=7)  # a later index rests on a pack no older: S3 removes both by age
PART = 5 << 20  # bytes, the least that S3 takes of all parts but the last
Cards = Sequence[tuple[Name, ...]]  # names the object; what goes with it


@dataclass(frozen=True, kw_only=True)
class Push:
    """`pack`: the new one's name, '' for none. `packed`: what lies there. `entries`: all."""

    pack: str
    packed: Sequence[Entry]
    entries: Mapping[Name, Entry]


def arrange(
    found: Mapping[Name, Path], own: Mapping[Name, Entry], now: datetime, dead: Iterable[str] = ()
) -> Push:
    """Where each entry is to lie. Large ones lie in the pack that already has the most of them, or
    in a new one if that lacks too much. Small ones lie in the bundles themselves.
    `dead`: packs of which none can be the new one."""
    entries = {name: _entry(name, path) for name, path in found.items()}
    large = {name: each for name, each in entries.items() if each.size > LARGE}
    base = _base(large, own, now)
    there = {name: own[name] for name in large if name in own and own[name].pack == base != ""}
    if sum(each.size for name, each in large.items() if name not in there) <= LOOSE:
        return Push(pack="", packed=(), entries=entries | there)
    day, end, packed = now.strftime("%Y%m%d"), 0, []
    pack = f"{day}-{files.digest([*(each.sha256 for each in large.values()), *sorted(dead)])}"
    for each in large.values():
        packed.append(replace(each, pack=pack, offset=end))
        end += each.size
    return Push(pack=pack, packed=packed, entries=entries | {each.name: each for each in packed})


def _entry(name: Name, path: Path) -> Entry:
    kind, key = name
    sha256 = path.name.removeprefix(f"{key}-")
    return Entry(kind=kind, key=key, sha256=sha256, size=path.stat().st_size)


def _base(large: Mapping[Name, Entry], own: Mapping[Name, Entry], now: datetime) -> str:
    oldest, today = ((now - age).strftime("%Y%m%d") for age in (SHARED_FOR, timedelta()))
    sizes: Counter[str] = Counter()
    for name, each in large.items():
        if name not in own or own[name].sha256 != each.sha256:
            continue
        if oldest < own[name].pack and own[name].pack[: len(today)] <= today:
            sizes[own[name].pack] += each.size
    return max(sizes, key=lambda pack: sizes[pack], default="")


@dataclass(kw_only=True)
class Sender:
    """One push, in the background. `fault`: why not all of it is there. `noted` hears of what was
    given, and which packs are gone."""

    store: TeamStore
    inputs: str
    cards: Cards
    fault: str = ""
    sent: int = 0
    _patience: Patience = field(default_factory=lambda: Patience(float("inf")))
    noted: Callable[[Mapping[Name, Entry], Collection[str]], object] = lambda given, lost: None
    _found: Mapping[Name, Path] = field(default_factory=dict)
    _others: list[Entry] = field(default_factory=list)
    _thread: threading.Thread | None = None

    @property
    def is_started(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        if not self._thread:
            there = self.store.wanted(name for card in self.cards for name in card)
            of = {name: self.store.writer_of(path) for name, path in there.items()}
            self._found = {name: path for name, path in there.items() if not of[name]}
            self._others = [
                replace(_entry(name, path), of=of[name]) for name, path in there.items() if of[name]
            ]
            self._thread = threading.Thread(target=self._send, daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Wait for it, as long as that pays."""
        self.start()
        patience = self.store.patience
        while self._thread and self._thread.is_alive():
            started = time.monotonic()
            self._thread.join(WAIT)
            patience.spend(time.monotonic() - started)
            if patience.left <= 0:
                self._patience.is_over.set()
                self.fault = "it takes too long. What has arrived can be used, the rest is left out"
                return

    def _send(self) -> None:
        try:
            self._send_all()
        except SlowError:
            pass  # who waited has said it
        except DeniedError:
            self.fault = "this identity may not write there (403)"
        except MissingError:
            self.fault = "there is no bucket"
        except (BrokenError, OSError) as error:
            self.fault = str(error)
        except Exception as error:  # nobody sees a thread's
            self.fault = f"{type(error).__name__}: {error}"

    def _send_all(self) -> None:
        store, to_list = self.store, not self.store.knows_inputs
        new, found, push = self._arranged()
        if not found:
            return
        for pack in {each.pack for each in push.entries.values()} - {"", push.pack}:
            if not store.objects.is_there(object_key(store.writer, PACKS, pack)):
                store.lose(pack)
                new, found, push = self._arranged()
        self._let_expire()
        if push.pack:
            self._send_pack(push, found)
        jobs = [partial(self._send_card, card, push, found) for card in new]
        self.sent = sum(in_parallel(jobs, self._patience))
        if to_list:
            self._put((INDEX, self.inputs), [*found], push, found, self._others)
        self.noted(push.entries, store.dead_packs)

    def _arranged(self) -> tuple[list[tuple[Name, ...]], Mapping[Name, Path], Push]:
        """Cards that are new, what is to be listed, and where it is to lie."""
        store, found = self.store, self._found
        new = [card for card in self.cards if card[0] in found and card[0] not in store.known]
        if store.knows_inputs:
            found = {name: found[name] for card in new for name in card if name in found}
        return new, found, arrange(found, store.own, datetime.now(UTC), store.dead_packs)

    def _let_expire(self) -> None:
        """All of it can be made again: S3 removes it by age. The rule is there in a bucket that the
        tool made."""
        try:
            self.fault = bucket.add_rule(self.store.objects.aws, bucket.STORE)
        except LayerError as error:
            self.fault = f"does what lies there expire? {error.problem}"

    def _send_card(
        self, card: tuple[Name, ...], push: Push, found: Mapping[Name, Path]
    ) -> Iterator[int]:
        yield self._put(card[0], card, push, found)

    def _put(
        self, name: Name, names: Sequence[Name], push: Push, found: Mapping[Name, Path],
        others: Iterable[Entry] = (),
    ) -> int:  # fmt: skip
        """1 where it is new."""
        entries = [push.entries[each] for each in dict.fromkeys(names) if each in found]
        read = ((e, b"" if e.pack else found[e.name].read_bytes()) for e in entries)
        data = bundle([*read, *((each, b"") for each in others)])
        objects, writer = self.store.objects, self.store.writer
        is_new = objects.put(object_key(writer, *name), data)
        if not is_new and (writer, name) in self.store.dead:
            is_new = objects.put(again(writer, *name), data)
        return int(is_new)

    def _send_pack(self, push: Push, found: Mapping[Name, Path]) -> None:
        objects, key = self.store.objects, object_key(self.store.writer, PACKS, push.pack)
        upload = objects.begin_parts(key)
        try:
            parts = self._send_parts(key, upload, [found[each.name] for each in push.packed])
            objects.end_parts(key, upload, parts)
        except Exception:
            with suppress(BrokenError, DeniedError, MissingError):
                objects.abort_parts(key, upload)
            raise

    def _send_parts(
        self, key: str, upload: str, contents: Sequence[Path]
    ) -> list[dict[str, object]]:
        """All of them, or an error."""
        with tempfile.TemporaryFile() as file:
            for each in contents:
                with each.open("rb") as content:
                    shutil.copyfileobj(content, file)
            lock, size = threading.Lock(), file.tell()

            def send(number: int) -> Iterator[dict[str, object]]:
                piece = _piece(file, lock, number)
                yield self.store.objects.put_part(key, upload, number + 1, piece)

            jobs = [partial(send, number) for number in range(-(-size // PART))]
            return list(in_parallel(jobs, self._patience))


def _piece(file: IO[bytes], lock: threading.Lock, number: int) -> bytes:
    with lock:
        file.seek(number * PART)
        return file.read(PART)
