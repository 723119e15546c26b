"""The team's store as one run uses it: what is missing here is brought from writers whom the stage
trusts, before somebody makes it.

    begin ─▶ a trusted writer has these inputs: its index, its pack ─▶ nothing else is asked
    bring ─▶ what a step needs and nobody brought yet, one object each

The writer says which bytes an entry has, so the writer's prefix is what is trusted. The SHA-256
only guards against damage.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ...util.errors import LayerError
from ..cache import Store
from . import origins, receive
from .bundle import INDEX, MOST, Entry, Name, UnreadableError, again, object_key, opened
from .objects import BrokenError, DeniedError, MissingError, Objects
from .patience import Patience, SlowError, in_parallel

Found = list[tuple[Entry, bytes]]
Rests = Mapping[str, Collection[Name]]
Check = Callable[[Path], object]  # raises for what is no entry of its kind


@dataclass(kw_only=True)
class TeamStore:
    """`writer`: whose prefix is this run's. `trusted`: whose entries it takes, in order. `checks`:
    {kind that is shared: its check}. `known`: what one of these has, `own`: what lies below this
    run's prefix. `dead`: objects that say what is no longer there, and stay until they expire: a
    second one stands in for them. `missed`: what nobody had."""

    objects: Objects
    kept: Store
    writer: str
    trusted: Sequence[str]
    writes: bool
    checks: Mapping[str, Check]
    patience: Patience
    known: set[Name] = field(default_factory=set)
    own: dict[Name, Entry] = field(default_factory=dict)
    dead: set[tuple[str, Name]] = field(default_factory=set)
    dead_packs: set[str] = field(default_factory=set)
    damaged: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    knows_inputs: bool = False
    missed: set[Name] = field(default_factory=set)
    fault: str = ""
    is_slow: bool = False
    is_denied: bool = False
    _denied: bool = False

    def __post_init__(self) -> None:
        count = tuple(self.origin(writer) for writer in self.trusted)
        self.kept = replace(self.kept, origins=count)

    def origin(self, writer: str) -> str:
        return origins.origin(self.objects.aws.settings, writer)

    def begin(self, inputs: str) -> None:
        """All that a trusted writer built these inputs from. `inputs`: the input hash."""
        if self.fault:  # nothing more is asked of what is slow, forbidden or broken
            return
        with self._guard():
            for writer in self.trusted:
                for place in (object_key(writer, INDEX, inputs), again(writer, INDEX, inputs)):
                    found = self._bundle(writer, place)
                    if not found and place not in self.unreadable:
                        break
                    if found and self._take(writer, [each for each in found if not each[0].of]):
                        self.knows_inputs = self._take_others([entry for entry, _ in found])
                        break
                    self.dead.add((writer, (INDEX, inputs)))
                if self.knows_inputs:
                    return

    def _take_others(self, listed: Sequence[Entry]) -> bool:
        """What an index names of other writers, from themselves. Is all of it here now?"""
        missing = [each for each in listed if each.of and not self.kept.get(*each.name)]
        for writer in self.trusted:
            mine = [each for each in missing if each.of == writer]
            self._ask(writer, {each.name: object_key(writer, *each.name) for each in mine})
        return all(self.kept.get(*each.name) for each in missing)

    def bring(self, kind: str, keys: Collection[str], rests: Rests) -> None:
        """Those entries into the store here, where they are missing and a trusted writer has them.
        `rests`: {key: entries that it was made of}. Nobody has it if nobody had one of these."""
        if self.fault:
            return
        self._bring(kind, [key for key in keys if not self.missed.intersection(rests.get(key, ()))])
        self.missed |= {(kind, key) for key in keys if not self.kept.get(kind, key)}

    def _bring(self, kind: str, keys: Collection[str]) -> None:
        with self._guard():
            for writer in self.trusted:
                missing = [key for key in keys if not self.kept.get(kind, key)]
                self._ask(writer, {(kind, key): object_key(writer, kind, key) for key in missing})
                gone = [key for key in missing if (writer, (kind, key)) in self.dead]
                self._ask(writer, {(kind, key): again(writer, kind, key) for key in gone})
            if self._denied and not self.objects.read.entries:
                raise DeniedError

    def _ask(self, writer: str, places: Mapping[Name, str]) -> None:
        asks = [partial(self._asked, writer, name, place) for name, place in places.items()]
        self._take(writer, list(in_parallel(asks, self.patience)))

    @property
    def may_take(self) -> bool:
        """What only reads too slowly may still be written to. So may what answers 403: to who may
        not list, S3 says so of a store in which nothing is yet."""
        return not self.fault or self.is_slow or self.is_denied

    def lose(self, pack: str) -> None:
        """It is gone, so all that was given to this writer's prefix may be."""
        for entry in [each for each in self.own.values() if each.pack == pack]:
            self._forget(self.writer, entry)
        self.known -= {*self.own}
        self.own.clear()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """What ends it for this run."""
        try:
            yield
        except SlowError:
            self.fault, self.is_slow = "it is slower than making the parts here", True
        except DeniedError:
            self.fault = "nothing of this is there, or this identity may not read it (403)"
            self.is_denied = True
        except (BrokenError, OSError) as error:  # of this machine's disk, too
            self.fault = str(error)

    def _bundle(self, writer: str, place: str) -> Found:
        """[] where there is none that can be read."""
        return list(in_parallel([partial(self._read, place)], self.patience))

    def _asked(self, writer: str, name: Name, place: str) -> Found:
        """A bundle of another entry is none."""
        found = self._read(place)
        if name in {entry.name for entry, _ in found}:
            return found
        self.dead |= {(writer, name)} if found or place in self.unreadable else set()
        return []

    def _read(self, place: str) -> Found:
        data = bytearray()
        try:
            for block in self.objects.get(place):
                data += block
                if len(data) > MOST:
                    raise UnreadableError("it is too large")
            found = opened(bytes(data))
            self.patience.settle(len(data))
            self.patience.gain(entries=len(found))  # as it comes: others are still on their way
            return found
        except MissingError:
            return []
        except DeniedError:  # to who may not list, S3 says so of what is not there
            self._denied = True
            return []
        except UnreadableError as error:
            self.unreadable.add(place)
            self.damaged.append(f"{place}: {error}")
            self.patience.gain(-len(data))
            return []

    def _take(self, writer: str, found: Found) -> bool:
        """Is all of it here now, or was before?"""
        packs: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry, data in found:
            self._remember(writer, entry)
            if entry.kind not in self.checks or self.kept.get(*entry.name):
                continue
            if entry.pack:
                packs[entry.pack].append(entry)
            else:
                self._keep(writer, entry, receive.received(entry, [data], self.kept.root))
        self._take_packed(writer, [span for each in packs.values() for span in receive.spans(each)])
        return all(self.kept.get(*entry.name) for entry, _ in found if entry.kind in self.checks)

    def _take_packed(self, writer: str, spans: list[list[Entry]]) -> None:
        wanted = [entry for span in spans for entry in span]
        if sum(entry.size for entry in wanted) > self.kept.limit:
            raise BrokenError("it lists more than `store-size` allows")
        root = self.kept.root
        jobs = [partial(receive.from_pack, self.objects, writer, span, root) for span in spans]
        came = set()
        for entry, path in in_parallel(jobs, self.patience):
            came.add(entry.name)
            self._keep(writer, entry, path)
        for entry in wanted:
            if entry.name not in came:  # its pack has expired
                self._forget(writer, entry)

    def _remember(self, writer: str, entry: Entry) -> None:
        self.known.add(entry.name)
        if writer == self.writer:
            self.own[entry.name] = entry

    def _forget(self, writer: str, entry: Entry) -> None:
        self.dead.add((writer, entry.name))
        self.dead_packs |= {entry.pack} - {""}
        self.known.discard(entry.name)
        if writer == self.writer:
            self.own.pop(entry.name, None)

    def _keep(self, writer: str, entry: Entry, path: Path | None) -> None:
        """`path`: a file with the entry's bytes, None if something else came."""
        problem = "other bytes than its writer said" if path is None else self._problem(entry, path)
        if problem or path is None:
            self._forget(writer, entry)
            self.damaged.append(f"{object_key(writer, *entry.name)}: {problem}")
            self.patience.gain(-entry.size, -1)
            return
        self.kept.put(origins.folder(entry.kind, self.origin(writer)), entry.key, path)
        self.objects.read.entries += 1
        if entry.pack:
            self.patience.settle(entry.size)

    def _problem(self, entry: Entry, path: Path) -> str:
        """Its writer may be mistaken: no later step is to fail for that."""
        try:
            self.checks[entry.kind](path)
        except LayerError as error:
            problem = error.problem
        except Exception as error:
            problem = f"no entry of its kind ({type(error).__name__})"
        else:
            return ""
        path.unlink(missing_ok=True)
        return problem

    def writer_of(self, path: Path) -> str:
        """'' for what was made here, or came from this run's prefix."""
        others = {self.origin(each): each for each in self.trusted if each != self.writer}
        return others.get(origins.of(path), "")

    def wanted(self, names: Iterable[Name]) -> dict[Name, Path]:
        """Where they lie here."""
        found = {name: self.kept.get(*name) for name in names}
        return {name: path for name, path in found.items() if path}
