"""tasks/layer/team_store: a build gets what a trusted writer made, or loses a second at most."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tasks.aws import bucket, s3
from tasks.aws.client import Aws
from tasks.layer.team_store import bundle as bundles
from tasks.layer.team_store import origins, push, sent
from tasks.layer.team_store.bundle import Entry, Name, object_key
from tasks.layer.team_store.patience import LENT, Patience
from tasks.layer.team_store.store import TeamStore
from tasks.settings import paths
from tasks.util import files
from tests.moto_server import Refusal, Request, Server
from tests.team_stores import INPUTS, delete, fill, give, held, key, machine, put, send

LARGE, SMALL = 100_000, 1000  # bytes of a part
BUSY = 3.0  # seconds: one, and what a machine adds that runs other tests, too
FOLDER = "/deps-bucket/store/v1/"


def content(*names: str, size: int = LARGE, seed: int = 0) -> dict[Name, bytes]:
    """Facts, a part and what was found in it, of each package."""
    found: dict[Name, bytes] = {}
    for name in names:
        found["installed", key(f"pin {name}")] = f"facts of {name}".encode()
        data = random.Random(f"{name} {seed}").randbytes(size)  # noqa: S311 - bytes of a part
        found["parts", key(f"part {name}")] = data
        found["scans", key(f"scan {name}")] = b"{}"
    return found


def cards(*names: str) -> list[tuple[Name, ...]]:
    facts: list[tuple[Name, ...]] = [(("installed", key(f"pin {name}")),) for name in names]
    parts = [(("parts", key(f"part {name}")), ("scans", key(f"scan {name}"))) for name in names]
    return [*facts, *parts]


def bring_all(store: TeamStore, names: Sequence[str], inputs: str = INPUTS) -> None:
    """As the steps ask."""
    store.begin(inputs)
    store.bring("installed", [key(f"pin {name}") for name in names], {})
    rests = {key(f"part {name}"): [("installed", key(f"pin {name}"))] for name in names}
    store.bring("parts", [*rests], rests)


def asked(server: Server, method: str = "GET") -> list[str]:
    """Objects of the store, in order."""
    return [
        each.path.removeprefix(FOLDER)
        for each in server.seen
        if each.method == method and each.path.startswith(FOLDER)
    ]


@pytest.fixture(autouse=True)
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is much in these tests is little elsewhere."""
    monkeypatch.setattr(push, "LOOSE", LARGE + SMALL)


@pytest.fixture
def made(aws: Aws, tmp_path: Path) -> dict[Name, bytes]:
    """What `ci` has built and given: two large packages and a small one."""
    store = machine(aws, tmp_path / "ci")
    found = content("a", "b") | content("c", size=SMALL)
    fill(store, found)
    sender = give(store, cards("a", "b", "c"))
    assert (sender.fault, sender.sent) == ("", 6)
    return found


def test_two_requests_where_a_trusted_writer_had_the_same_lock(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """Its index, its pack; nothing else is asked afterwards."""
    server.seen.clear()
    fresh = machine(aws, tmp_path / "fresh", "someone", "ci")
    bring_all(fresh, ["a", "b", "c"])
    assert held(fresh, list(made)) == made
    index, pack = asked(server)
    assert (index, pack[:9]) == (f"ci/index/{INPUTS}", "ci/packs/")
    read = fresh.objects.read
    assert (fresh.knows_inputs, read.requests, read.entries) == (True, 2, len(made))
    assert read.size > 2 * LARGE


def test_another_lock_takes_what_is_the_same(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """One request for each entry, and of the pack only what is missing here."""
    fresh = machine(aws, tmp_path / "fresh")
    fill(fresh, {name: made[name] for name in made if name[1] == key("part a")})
    server.seen.clear()
    bring_all(fresh, ["a", "b", "new"], key("other inputs"))
    wanted = content("a", "b")
    assert held(fresh, list(wanted)) == {
        name: data for name, data in wanted.items() if name[1] != key("scan a")
    }
    assert fresh.objects.read.size < LARGE + 10_000
    # index, three facts, b's part (a's is here, and there is none of the new one), the pack
    assert len(asked(server)) == 1 + 3 + 1 + 1


def test_a_changed_pin_sends_what_changed(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """The next lock's index rests on the pack that is there, and is again two requests."""
    second = machine(aws, tmp_path / "second")
    bring_all(second, ["a", "b", "d"], key("second"))
    more = content("d", size=SMALL)
    fill(second, more)
    server.seen.clear()
    sender = give(second, cards("a", "b", "d"), key("second"))
    assert (sender.fault, sender.sent) == ("", 2)
    assert second.objects.written.size < 10_000
    assert len(asked(server, "PUT")) == 3
    server.seen.clear()
    third = machine(aws, tmp_path / "third")
    bring_all(third, ["a", "b", "d"], key("second"))
    wanted = content("a", "b") | more
    assert held(third, list(wanted)) == wanted
    assert len(asked(server)) == 2, (asked(server), third.damaged, third.fault, third.own)


def test_a_large_pack_goes_in_parts(aws: Aws, server: Server, tmp_path: Path) -> None:
    """Some at once, each as large as S3 wants it."""
    store = machine(aws, tmp_path / "ci")
    found = content("a", size=push.PART + LARGE)
    fill(store, found)
    assert give(store, cards("a")).fault == ""
    assert sum("/packs/" in each for each in asked(server, "PUT")) == 2
    fresh = machine(aws, tmp_path / "fresh")
    bring_all(fresh, ["a"])
    assert held(fresh, list(found)) == found


def test_cold(aws: Aws, server: Server, tmp_path: Path) -> None:
    """No bucket, or nothing in it: nothing is said."""
    store = machine(aws, tmp_path / "a")
    bring_all(store, ["a"])
    assert (store.fault, store.damaged, store.objects.read.entries) == ("", [], 0)
    assert len(asked(server)) == 2  # nobody has a part of what nobody has installed


def test_an_expired_pack_is_made_again(aws: Aws, made: dict[Name, bytes], tmp_path: Path) -> None:
    """What named it is as good as not there."""
    [pack] = [each for each in keys(aws) if "/packs/" in each]
    delete(aws, pack)
    store = machine(aws, tmp_path / "fresh")
    bring_all(store, ["a", "b", "c"])
    assert set(held(store, list(made))) == {
        name for name in made if name[1] not in (key("part a"), key("part b"))
    }
    assert (store.fault, store.damaged) == ("", [])


def keys(aws: Aws) -> list[str]:
    listed = aws.client("s3").list_objects_v2(Bucket="deps-bucket", Prefix="store/")
    return [each["Key"] for each in listed.get("Contents", [])]


def change(aws: Aws, where: str, how: str) -> None:
    """Every object whose key has this in it: cut off, or other bytes in its middle."""
    for each in keys(aws):
        if where not in each:
            continue
        data = aws.client("s3").get_object(Bucket="deps-bucket", Key=each)["Body"].read()
        half = len(data) // 2
        other = data[:half] if how == "cut" else data[:half] + b"XXXX" + data[half + 4 :]
        delete(aws, each)
        put(aws, each, other)


@pytest.mark.parametrize("how", ["cut", "other bytes"])
@pytest.mark.parametrize("where", ["/packs/", "/index/", "/parts/", "/installed/"])
def test_what_is_damaged_is_not_there(
    aws: Aws, made: dict[Name, bytes], tmp_path: Path, where: str, how: str
) -> None:
    """Each entry that is used has its bytes, and what is damaged is said."""
    change(aws, where, how)
    store = machine(aws, tmp_path / "fresh")
    bring_all(store, ["a", "b", "c"], INPUTS if where != "/parts/" else key("other"))
    found = held(store, list(made))
    assert all(found[name] == made[name] for name in found)
    if where == "/installed/":  # the index has it all
        assert found == made
    else:
        assert store.fault or store.damaged
    assert not list((tmp_path / "fresh").rglob(".new-*"))


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_store_that_refuses_is_asked_a_few_times(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path, status: int
) -> None:
    """Then no more in this run."""
    code = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}[status]
    fresh = machine(aws, tmp_path / "fresh")
    server.refused = lambda request: Refusal(status=status, code=code)
    server.seen.clear()
    for _ in range(3):
        bring_all(fresh, ["a", "b", "c"])
    assert fresh.fault
    assert len(asked(server)) <= 1 + 3
    assert held(fresh, list(made)) == {}


def test_what_is_no_s3_is_said(aws: Aws, server: Server, tmp_path: Path) -> None:
    """A proxy's page, say."""
    store = machine(aws, tmp_path / "fresh")
    server.refused = lambda request: Refusal(status=418, code="<html>")
    bring_all(store, ["a"])
    assert store.fault


def test_a_store_that_does_not_answer_costs_a_second(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """All the steps of a build together."""
    held_back = threading.Event()

    def slowly(request: Request) -> Refusal | None:
        held_back.wait(10)
        return None

    fresh = machine(aws, tmp_path / "fresh", seconds=1.0)
    server.refused = slowly
    started = time.monotonic()
    bring_all(fresh, ["a", "b", "c"])
    took = time.monotonic() - started
    held_back.set()
    assert took < BUSY
    assert fresh.fault
    assert (held(fresh, list(made)), fresh.damaged) == ({}, [])


def test_many_small_answers_pay_as_they_come(aws: Aws, server: Server, tmp_path: Path) -> None:
    """A store that answers slowly, and gives something each time, is not given up: a second passes
    before all are there."""
    names = [f"package {number}" for number in range(16)]
    writer = machine(aws, tmp_path / "ci")
    found = content(*names, size=SMALL)
    fill(writer, found)
    assert give(writer, cards(*names)).fault == ""

    def slowly(request: Request) -> Refusal | None:
        time.sleep(0.3 if request.path.startswith(f"{FOLDER}ci/installed/") else 0)
        return None

    server.refused = slowly
    fresh = machine(aws, tmp_path / "fresh", seconds=1.0)
    fresh.patience.spend(0.2)
    bring_all(fresh, names, key("other"))
    assert (fresh.fault, fresh.damaged) == ("", [])
    assert held(fresh, list(found)) == found


def test_a_store_that_takes_nothing_costs_a_second(
    aws: Aws, server: Server, tmp_path: Path
) -> None:
    """A push goes on beside a deploy, and is waited for at its end."""
    held_back = threading.Event()
    store = machine(aws, tmp_path / "ci", seconds=1.0)
    fill(store, content("a"))
    s3.ensure_bucket(aws)

    def slowly(request: Request) -> Refusal | None:
        held_back.wait(10)
        return None

    server.refused = slowly
    started = time.monotonic()
    sender = push.Sender(store=store, inputs=INPUTS, cards=cards("a"))
    sender.finish()
    took = time.monotonic() - started
    held_back.set()
    assert took < BUSY
    assert sender.fault


@pytest.mark.parametrize("place", ["/packs/", "/parts/"])
def test_a_push_that_is_given_up_leaves_nothing_half(
    aws: Aws, server: Server, tmp_path: Path, place: str
) -> None:
    """No pack that lacks a part, no index of entries that never came, no parts that are paid for
    and in no list. What is there is whole, so the next one can send the rest."""
    store = machine(aws, tmp_path / "ci")
    found = content("a", size=2 * push.PART) | content("b", "c")
    fill(store, found)
    s3.ensure_bucket(aws)
    sender = push.Sender(store=store, inputs=INPUTS, cards=cards("a", "b", "c"))

    def given_up(request: Request) -> Refusal | None:
        if place in request.path and request.method == "PUT":
            sender._patience.is_over.set()
        return None

    server.refused = given_up
    sender.finish()
    server.refused = lambda request: None
    client, named = aws.client("s3"), {"Bucket": "deps-bucket"}
    assert "Uploads" not in client.list_multipart_uploads(**named)
    assert not [each for each in keys(aws) if "/index/" in each]
    assert bool([each for each in keys(aws) if "/packs/" in each]) is (place == "/parts/")
    assert give(machine(aws, tmp_path / "ci"), cards("a", "b", "c")).fault == ""
    fresh = machine(aws, tmp_path / "fresh")
    bring_all(fresh, ["a", "b", "c"])
    assert held(fresh, list(found)) == found


def test_a_lost_answer_to_the_last_request_of_a_pack_is_no_fault(
    aws: Aws, server: Server, tmp_path: Path
) -> None:
    """The SDK asks again, and S3 knows no such upload any more: the pack is there."""
    store = machine(aws, tmp_path / "ci")
    found = content("a", "b")
    fill(store, found)
    s3.ensure_bucket(aws)
    ends: list[str] = []

    def lost(method: str, path: str) -> bool:
        ends.extend([path] if method == "POST" and "/packs/" in path else [])
        return len(ends) == 2 and "/packs/" in path  # the first one began the upload

    server.dropped = lost
    assert give(store, cards("a", "b")).fault == ""
    assert len(ends) > 2
    fresh = machine(aws, tmp_path / "fresh")
    bring_all(fresh, ["a", "b"])
    assert held(fresh, list(found)) == found


def test_a_bundle_of_another_entry_is_none(
    aws: Aws, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """Right bytes of the wrong name."""
    wrong = object_key("ci", "parts", key("part a"))
    right = object_key("ci", "parts", key("part c"))
    data = aws.client("s3").get_object(Bucket="deps-bucket", Key=right)["Body"].read()
    delete(aws, wrong)
    put(aws, wrong, data)
    store = machine(aws, tmp_path / "fresh")
    store.bring("parts", [key("part a")], {})
    assert held(store, list(made)) == {}


def entry(data: bytes, **changed: object) -> Entry:
    whole: dict[str, object] = {
        "kind": "parts", "key": key("part x"), "sha256": files.bytes_digest(data),
        "size": len(data),
    }  # fmt: skip
    return Entry(**{**whole, **changed})  # type: ignore[arg-type] # some are wrong on purpose


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "../../secrets"}, {"kind": "evil"}, {"key": "../../../etc/passwd"},
        {"sha256": "0" * 64}, {"size": 1}, {"size": 10**15}, {"size": -1}, {"size": "x"},
        {"pack": "../other/packs/x"}, {"pack": "20250101-" + "0" * 64},
        {"pack": "20250101-" + "0" * 64, "size": 10**15},
    ],
)  # fmt: skip
def test_a_bundle_of_another_form_is_no_entry(
    aws: Aws, tmp_path: Path, changed: dict[str, object]
) -> None:
    """Whoever wrote it: the store here gets nothing of it, and no other key is asked for."""
    s3.ensure_bucket(aws)
    data = b"something"
    put(aws, object_key("ci", "index", INPUTS), bundles.bundle([(entry(data, **changed), data)]))
    store = machine(aws, tmp_path / "fresh")
    store.begin(INPUTS)
    assert [path for path in (tmp_path / "fresh").rglob("*") if path.is_file()] == []


def test_an_empty_entry_lies_in_no_pack() -> None:
    """No request has a range of no bytes: S3 would send all of the pack."""
    empty = Entry(kind="parts", key=key("a"), sha256=key("b"), size=0, pack=f"20250101-{key('p')}")
    with pytest.raises(bundles.UnreadableError):
        bundles.entry(bundles.row(empty))
    assert bundles.entry(bundles.row(replace(empty, size=1, pack="")))


def test_an_entry_that_is_none_of_its_kind_is_not_kept(aws: Aws, tmp_path: Path) -> None:
    """Its writer may be mistaken, and its SHA-256 right: no step is to fail for that."""
    writer = machine(aws, tmp_path / "ci")
    name = ("parts", key("part x"))
    fill(writer, {name: b"bad part"})
    give(writer, [(name,)])
    store = machine(aws, tmp_path / "fresh")
    store.begin(INPUTS)
    assert held(store, [name]) == {}
    assert "no entry of its kind" in store.damaged[0]


def test_two_pushes_at_once(aws: Aws, server: Server, tmp_path: Path) -> None:
    """Each object is written once; who comes second finds it there, and no more."""
    found = content("a", "b")
    senders = []
    for name in ("one", "two"):
        store = machine(aws, tmp_path / name)
        fill(store, found)
        senders.append(push.Sender(store=store, inputs=INPUTS, cards=cards("a", "b")))
    s3.ensure_bucket(aws)
    server.seen.clear()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.finish()
    assert [sender.fault for sender in senders] == ["", ""]
    assert sum(sender.sent for sender in senders) == 4
    fresh = machine(aws, tmp_path / "fresh")
    bring_all(fresh, ["a", "b"])
    assert held(fresh, list(found)) == found


def test_what_came_from_another_writer_stays_his(
    aws: Aws, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """A push has what was made here: who trusts this writer alone gets nothing of the other."""
    store = machine(aws, tmp_path / "mine", "me", "ci", "me")
    bring_all(store, ["a", "d"], key("mine"))
    fill(store, content("d", size=SMALL))
    give(store, cards("a", "d"), key("mine"))
    mine = [each.removeprefix("store/v1/me/") for each in keys(aws) if "/me/" in each]
    own = [f"installed/{key('pin d')}", f"parts/{key('part d')}"]
    assert sorted(mine) == sorted([*own, f"index/{key('mine')}"])
    for trusted, packages in ((["me"], "d"), (["me", "ci"], "ad"), (["ci", "me"], "ad")):
        fresh = machine(aws, tmp_path / "-".join(trusted), "somebody", *trusted)
        fresh.begin(key("mine"))
        wanted = content("a") | content("d", size=SMALL)
        names = {each for pack in packages for each in content(pack)}
        assert held(fresh, [*wanted]) == {n: wanted[n] for n in wanted if n in names}
        assert fresh.knows_inputs == (len(packages) == 2)
        assert not fresh.damaged


def test_who_is_not_trusted_here_is_not_in_the_store_here(
    aws: Aws, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """Another stage, project or run has the same store. It takes nothing of him, and gives nothing
    of him under its own name."""
    found, root = content("a"), tmp_path / "mine"
    bring_all(machine(aws, root, "me", "ci"), ["a"])
    assert held(machine(aws, root, "me", "ci"), [*found]) == found
    assert held(machine(aws, root, "me", "somebody"), [*found]) == {}
    give(machine(aws, root, "me", "ci", "me"), cards("a"), key("mine"))
    assert not [each for each in keys(aws) if "/me/" in each]


@pytest.mark.parametrize("end", ["gone", "changed"])
def test_a_pack_that_is_gone_is_sent_again_once(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path, end: str
) -> None:
    """S3 removes by age what nobody can replace, and an index lives longer than the pack that it
    rests on: the next runner makes the parts, and all after him have them again."""
    [pack] = [each for each in keys(aws) if "/packs/" in each]
    delete(aws, pack)
    if end != "gone":
        put(aws, pack, bytes(2 * LARGE))
    second = machine(aws, tmp_path / "second")
    bring_all(second, ["a", "b", "c"])
    assert not second.knows_inputs
    fill(second, {name: made[name] for name in made if not held(second, [name])})
    sender = give(second, cards("a", "b", "c"))
    assert (sender.fault, sender.sent) == ("", 2)
    server.seen.clear()
    for number in range(2):
        fresh = machine(aws, tmp_path / f"fresh {number}")
        bring_all(fresh, ["a", "b", "c"])
        assert held(fresh, [*made]) == made
        assert fresh.knows_inputs
        assert give(fresh, cards("a", "b", "c")).sent == 0
    assert asked(server, "PUT") == []
    other = machine(aws, tmp_path / "other")
    bring_all(other, ["a"], key("other"))
    assert held(other, [*content("a")]) == content("a")


def test_what_an_index_lacks_is_added_by_the_next_one(
    aws: Aws, server: Server, made: dict[Name, bytes], tmp_path: Path
) -> None:
    """A test that ran out of time is kept by nobody: who passes it gives it to the others."""
    name = ("scans", key("of the whole"))
    second = machine(aws, tmp_path / "second")
    bring_all(second, ["a", "b", "c"])
    second.bring(name[0], [name[1]], {})
    fill(second, {name: b"proven"})
    server.seen.clear()
    assert give(second, [*cards("a", "b", "c"), (name,)]).sent == 1
    assert asked(server, "PUT") == [f"ci/scans/{name[1]}"]
    third = machine(aws, tmp_path / "third")
    bring_all(third, ["a", "b", "c"])
    third.bring(name[0], [name[1]], {})
    assert held(third, [name]) == {name: b"proven"}


def test_what_was_given_is_not_sent_again(
    aws: Aws, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by who does not read himself, and whose store has all but what has changed."""
    monkeypatch.chdir(tmp_path)
    origin = origins.origin(aws.settings, "me")

    def build(inputs: str, *names: str) -> push.Sender:
        store = machine(aws, tmp_path / "store", "me", "ci")
        store.own = sent.read(aws.settings, origin)
        store.known |= {*store.own}
        fill(store, content(*names))
        noted = partial(sent.write, aws.settings, origin)
        s3.ensure_bucket(aws)
        sender = push.Sender(store=store, inputs=key(inputs), cards=cards(*names), noted=noted)
        bring_all(store, names, key(inputs))
        sender.finish()
        assert sender.fault == ""
        return sender

    assert build("first", "a", "b", "c").sent == 6
    before = len([each for each in keys(aws) if "/packs/" in each])
    assert build("second", "a", "b", "d").sent == 2
    assert len([each for each in keys(aws) if "/packs/" in each]) == before
    server.seen.clear()
    build("third", "a", "b", "c", "d")
    assert len(asked(server, "PUT")) == 1  # the index
    assert len(asked(server, "HEAD")) == 1  # is the pack there on which it rests?
    other = sent.read(aws.settings, origins.origin(aws.settings, "other"))
    assert (other, len(sent.read(aws.settings, origin))) == ({}, 12)


def test_what_was_given_long_ago_counts_no_more(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 removes it some day. What is no record of ours counts as none."""
    monkeypatch.chdir(tmp_path)
    given = entry(b"x")
    sent.write(aws.settings, "me", {given.name: given})
    assert sent.read(aws.settings, "me") == {given.name: given}
    place = paths.stage_record(aws.settings, sent.STEP)
    record = files.read_record(place) or {}
    [today] = record["days"].values()
    # a newer tool's row, and a day that was written while the clock was ahead
    newer, ahead = [*today[0], "", "newer"], {"20380119": today}
    [day] = record["days"]
    for days in ({"20200101": today}, ahead, {day: [["parts"]]}, {day: [newer]}, [1], None):
        files.write_record(place, record | {"days": days})
        assert sent.read(aws.settings, "me") == {}
        sent.write(aws.settings, "me", {given.name: given})
        assert sent.read(aws.settings, "me") == {given.name: given}


def test_no_index_rests_on_a_pack_of_a_day_to_come(aws: Aws, tmp_path: Path) -> None:
    """One build had its clock ahead. S3 counts from the day on which it wrote the pack."""
    store, now = machine(aws, tmp_path / "ci"), datetime.now(UTC)
    fill(store, content("a", "b"))
    found = store.wanted(content("a", "b"))
    given = push.arrange(found, {}, datetime(2038, 1, 19, tzinfo=UTC))
    assert push.arrange(found, given.entries, now).pack.startswith(f"{now:%Y%m%d}-")
    for day in (now, now - timedelta(days=6)):
        assert push.arrange(found, push.arrange(found, {}, day).entries, now).pack == ""


def test_what_nobody_foresaw_ends_no_thread(aws: Aws, tmp_path: Path) -> None:
    """It would stand on the terminal as a traceback of a thread, and nothing would be said."""

    def broken(*_: object) -> None:
        raise KeyError("x")

    store = machine(aws, tmp_path / "ci")
    fill(store, content("a"))
    s3.ensure_bucket(aws)
    sender = push.Sender(store=store, inputs=INPUTS, cards=cards("a"), noted=broken)
    sender.finish()
    assert sender.fault == "KeyError: 'x'"


@pytest.mark.parametrize("gone", ["/store/", "/packs/"])
def test_what_was_deleted_by_hand_is_sent_again(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """The guide allows it. The checkout that gave it still has its record, and all parts."""
    monkeypatch.chdir(tmp_path)
    found, origin = content("a", "b"), origins.origin(aws.settings, "ci")

    def build(names: Sequence[str]) -> None:
        store = machine(aws, tmp_path / "ci")
        store.own = sent.read(aws.settings, origin)
        store.known |= {*store.own}
        fill(store, content(*names))
        bring_all(store, names, key(" ".join(names)))
        noted = partial(sent.write, aws.settings, origin)
        sender = push.Sender(
            store=store, inputs=key(" ".join(names)), cards=cards(*names), noted=noted
        )
        sender.finish()
        assert sender.fault == ""

    s3.ensure_bucket(aws)
    build("ab")
    for each in keys(aws):
        if gone in f"/{each}" and not each.endswith(key("a b")):
            delete(aws, each)
    build("abc")
    fresh = machine(aws, tmp_path / "fresh")
    bring_all(fresh, "abc", key("a b c"))
    assert fresh.knows_inputs
    other = machine(aws, tmp_path / "another lock")
    bring_all(other, "ab", key("another"))
    assert held(fresh, [*found]) == held(other, [*found]) == found


def test_the_parts_of_a_pack_carry_the_checksum_that_it_began_with(
    aws: Aws, server: Server, tmp_path: Path
) -> None:
    """Else S3 answers InvalidRequest, as it did to others (apache/opendal#4533, arrow-rs#6793)."""
    begun = []

    def refused(request: Request) -> Refusal | None:
        said = request.headers.get("x-amz-checksum-algorithm", "null").lower()
        if request.method == "POST" and request.query.startswith("uploads"):
            begun.append(said)
        if "partNumber" in request.query:
            sent_with = request.headers.get("x-amz-trailer", "x-amz-checksum-null")
            sums = [name for name in request.headers if name.startswith("x-amz-checksum-c")]
            if (sums or [sent_with])[0].removeprefix("x-amz-checksum-") != begun[0]:
                return Refusal(status=400, code="InvalidRequest", message="Checksum Type mismatch")
        return None

    store = machine(aws, tmp_path / "ci")
    fill(store, content("a", "b"))
    server.refused = refused
    sender = give(store, cards("a", "b"))
    server.refused = lambda request: None
    assert (sender.fault, begun) == ("", ["crc32"])


def test_what_a_killed_push_leaves_goes_in_any_bucket(aws: Aws, tmp_path: Path) -> None:
    """Parts of an upload that nobody ended are in no list and are paid for. In a bucket of
    others the tool adds one rule: it has to say this, too."""
    s3.ensure_bucket(aws)
    aws.client("s3").delete_bucket_lifecycle(Bucket="deps-bucket")
    store = machine(aws, tmp_path / "ci")
    fill(store, content("a"))
    assert send(store, cards("a")).fault == ""
    [rule] = bucket.rules(aws)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_bytes_that_nobody_has_compared_count_up_to_a_bound() -> None:
    """A store that sends others than it said is given up after these, however fast it is. What was
    wanted makes room for more."""
    patience = Patience(1.0)
    patience.lend(LENT)
    patience.spend(0.5)
    patience.lend(10**9)
    assert patience.left == 0.5
    patience.settle(LENT + 10**9)
    patience.lend(1_000_000)
    assert patience.left > 0.5
    assert patience.left < 1.0


def test_an_honest_store_owes_nothing(aws: Aws, made: dict[Name, bytes], tmp_path: Path) -> None:
    """Else a large one would end in the middle. One that lies goes on owing."""
    fresh = machine(aws, tmp_path / "fresh")
    bring_all(fresh, ["a", "b", "c"])
    assert fresh.patience._lent == 0
    change(aws, "/packs/", "changed")
    lied_to = machine(aws, tmp_path / "lied to")
    bring_all(lied_to, ["a", "b", "c"])
    assert lied_to.patience._lent >= LARGE


def meddle(aws: Aws, rng: random.Random) -> None:
    """What happens to a bucket: an object goes, is damaged, or a trusted writer has lied in it."""
    there = keys(aws)
    for each in rng.sample(there, min(2, len(there))):
        data = aws.client("s3").get_object(Bucket="deps-bucket", Key=each)["Body"].read()
        delete(aws, each)
        name = (each.split("/")[3], each.split("/")[4].removesuffix("-2"))
        lie = b"bad bytes of the right form"
        bundle = bundles.bundle([(entry(lie, kind=name[0], key=name[1]), lie)])
        other = rng.choice([b"", data[: len(data) // 2], data[::-1], bundle])
        if name[0] in ("parts", "scans", "installed") or not other:
            put(aws, each, other) if other else None


LONG = [pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 9)]


@pytest.mark.parametrize("seed", [0, *LONG])
def test_a_random_series(aws: Aws, server: Server, tmp_path: Path, seed: int) -> None:
    """Machines with stores of their own, full and empty, push side by side into one that is damaged
    and lied to. What any of them ends with is what was made, and the last one needs nobody."""
    rng = random.Random(seed)  # noqa: S311 - a series
    s3.ensure_bucket(aws)
    rounds = 6 if seed else 2
    for number in range(rounds):
        names = sorted(rng.sample("abcdef", 3))
        inputs, truth = key(" ".join(names)), content(*names)
        senders = []
        for who in rng.sample(["ci", "me", "qa"], 2):
            store = machine(aws, tmp_path / f"{who}{rng.randrange(2)}", who, who, "ci", "me")
            bring_all(store, names, inputs)
            got = held(store, [*truth])
            assert all(got[name] == truth[name] for name in got)
            fill(store, {name: truth[name] for name in truth if name not in got})
            senders.append(push.Sender(store=store, inputs=inputs, cards=cards(*names)))
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.finish()
            assert sender.fault == ""
        for who in ("ci", "me", "qa"):
            fresh = machine(aws, tmp_path / f"{number} {who}", "somebody", who)
            bring_all(fresh, names, inputs)
            got = held(fresh, [*truth])
            assert all(got[name] == truth[name] for name in got)
        if number < rounds - 1:
            meddle(aws, rng)
