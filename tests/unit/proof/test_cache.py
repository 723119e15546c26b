"""tasks/proof/cache.py: a proof holds while nothing that it rests on changes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.layer.cache import Store
from tasks.layer.installed import Installed, InstalledDistribution
from tasks.proof import cache
from tasks.proof.cache import Proof
from tasks.settings.model import Settings
from tests import handmade_layers, stored_parts

SETTINGS = Settings()
KEYS = {"app": "1", "lib": "2", "base": "3", "other": "4"}


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements-all.txt").write_text("app[more]\nother\n-c limits.txt\n", encoding="utf-8")
    Path("limits.txt").write_text("lib[unasked]<9\n", encoding="utf-8")


def requires(name: str, *lines: str, **more: Any) -> InstalledDistribution:
    """A distribution `name` of a package of that name, and what its metadata requires."""
    text = handmade_layers.metadata(
        name, more="".join(f"Requires-Dist: {line}\n" for line in lines)
    )
    files = {
        f"{name}/__init__.py": "",
        f"{name}/deep.py": "",
        f"{name}-1.0.dist-info/METADATA": text,
    }
    return stored_parts.distribution(name, files, **more)


def imports(
    first: list[str], later: Sequence[str] = ()
) -> tuple[list[str], list[str], bool, list[str], list[str]]:
    """What docker/inspect_installed.py says of a module."""
    return ([*first, *later], [], False, [], first)


def tree() -> Installed:
    """app needs lib, lib needs base, other needs nobody."""
    found = [requires("app", "lib"), requires("base"), requires("lib", "base"), requires("other")]
    return Installed(tuple(found))


def holding(store: Store, keys: dict[str, str], now: cache.Look) -> dict[str, Proof]:
    """What the store has and still holds."""
    return {name: each for name, each in cache.stored(store, keys).items() if now.keeps(each)}


def test_a_closure_holds_itself_and_all_it_needs() -> None:
    """Directly or not; circles end."""
    edges = {"a": {"b"}, "b": {"c", "a"}, "d": {"a"}}
    assert cache.closure("a", edges) == {"a", "b", "c"}
    assert cache.closure("c", edges) == {"c"}
    assert cache.closure("d", edges) == {"a", "b", "c", "d"}


def test_what_is_required_is_needed() -> None:
    """As far as it is there, on Lambda, and with the extras that somebody asks for."""
    app = requires(
        "app", "lib>=1", "gone", "other; sys_platform == 'win32'", "base; extra == 'more'"
    )
    lib = requires("lib", "other; extra == 'unasked'")
    found = Installed((app, requires("base"), lib, requires("other")))
    needed = {"app": {"lib", "base"}, "base": set(), "lib": set(), "other": set()}
    assert cache.needs(SETTINGS, found) == needed


def test_what_is_imported_at_once_is_needed() -> None:
    """Though no metadata says so; what a function imports is not."""
    modules = {"app/__init__.py": imports(["lib.deep.name", "json", "app.deep"], ["base"])}
    found = Installed((requires("app", modules=modules), requires("base"), requires("lib")))
    assert cache.needs(SETTINGS, found)["app"] == {"app", "lib"}


def test_a_namespace_has_several_owners() -> None:
    """google.cloud.x is its own distribution's, whoever else lies in `google`."""
    one = stored_parts.distribution("one", {"google/one/__init__.py": ""})
    two = stored_parts.distribution("two", {"google/two/__init__.py": ""})
    modules = {"app/__init__.py": imports(["google.two.part", "google"])}
    found = Installed((requires("app", modules=modules), one, two))
    assert cache.needs(SETTINGS, found)["app"] == {"two"}


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ("app", {"app"}),
        ("lib", {"app", "lib"}),
        ("base", {"app", "lib", "base"}),
        ("other", {"other"}),
    ],
)
def test_a_changed_part_makes_stale_what_rests_on_it(changed: str, stale: set[str]) -> None:
    """And nothing else: that is proven."""
    before = cache.keys(cache.needs(SETTINGS, tree()), KEYS, "here")
    after = cache.keys(cache.needs(SETTINGS, tree()), KEYS | {changed: "new"}, "here")
    assert {name for name in KEYS if before[name] != after[name]} == stale


def test_who_proves_and_where_counts_for_all() -> None:
    """Another image, another probe."""
    before = cache.keys(cache.needs(SETTINGS, tree()), KEYS, ["image", "probe"])
    assert before == cache.keys(cache.needs(SETTINGS, tree()), KEYS, ["image", "probe"])
    after = cache.keys(cache.needs(SETTINGS, tree()), KEYS, ["image", "other"])
    assert not {*before.values()} & {*after.values()}


def test_a_new_need_makes_a_proof_stale() -> None:
    """The same part, in another company."""
    app, *rest = tree().distributions
    modules = {"app/__init__.py": imports(["other"])}
    changed = Installed((replace(app, modules=modules), *rest))
    before = cache.keys(cache.needs(SETTINGS, tree()), KEYS, "here")
    after = cache.keys(cache.needs(SETTINGS, changed), KEYS, "here")
    assert {name for name in KEYS if before[name] != after[name]} == {"app"}


def test_equal_parts_do_not_share_a_proof() -> None:
    """Each is asked for its own metadata and modules."""
    found = cache.keys(cache.needs(SETTINGS, tree()), dict.fromkeys(KEYS, "same"), "here")
    assert len({*found.values()}) == len(KEYS)


def test_proofs_come_back_as_they_were_saved(tmp_path: Path) -> None:
    """Those that are there, and whole."""
    store = Store(root=tmp_path / "store", limit=0)
    proof = Proof(after={"imports": {"a": ""}}, imports={"b": "E: no"}, loads={"l.so": "O: no"})
    for key in ("1", "2"):
        cache.save(store, key, proof)
    damaged = store.get(cache.KIND, "2")
    assert damaged
    damaged.write_text("{}", encoding="utf-8")
    assert holding(store, {"a": "1", "b": "2", "c": "3"}, look()) == {"a": proof}


def look(**parts: str) -> cache.Look:
    """At a layer of `tree`'s distributions, but for parts of these."""
    found = Installed(tuple(each for each in tree().distributions if parts.get(each.name) != ""))
    there = {name: key for name, key in (KEYS | parts).items() if key}
    return cache.Look(found, there, list(found.sizes))


SEEN = {
    "read": ["app", "base"],
    "listed": ["base"],
    "absent": ["new", "other.more"],
    "asked": ["Lib", "nobody"],
}


@pytest.mark.parametrize(
    ("parts", "holds"),
    [
        ({}, True),
        ({"base": "new"}, False),
        ({"lib": "new"}, False),
        ({"other": "new"}, True),
        ({"lib": ""}, False),
    ],
    ids=["the same", "a file that was read", "metadata", "nothing was looked at", "gone"],
)
def test_a_proof_holds_while_what_it_looked_at_is_the_same(
    tmp_path: Path, parts: dict[str, str], holds: bool
) -> None:
    """Beyond the parts that its key names."""
    store = Store(root=tmp_path / "store", limit=0)
    rests = look().rests(SEEN, {"app"})
    cache.save(store, "1", Proof(after={}, rests=rests))
    assert bool(holding(store, {"app": "1"}, look(**parts))) is holds


def test_what_was_not_there_must_stay_away() -> None:
    """A module, a package, a path; a namespace as well."""
    rests = look().rests({"absent": ["new", "app.more"]}, {"app"})
    more = stored_parts.distribution("more", {"new/deep.py": ""})
    found = Installed((*tree().distributions, more))
    later = cache.Look(found, KEYS | {"more": "5"}, list(found.sizes))
    assert {sight: later.at(sight) == digest for sight, digest in rests.items()} == {
        "absent:new": False,
        "absent:app.more": True,
    }


def test_what_only_the_own_parts_hold_needs_no_note() -> None:
    """The key says it."""
    assert look().beyond({"read": ["app"], "listed": ["app"]}, {"app"}) == []
    assert look().beyond({"listed": [""]}, {"app"}) == ["listed:"]
    assert look().beyond({"read": ["base"]}, {"app", "base"}) == []


@pytest.mark.parametrize(
    ("files", "holds"),
    [
        ({"ns/two/__init__.py": ""}, True),
        ({"ns/__init__.py": ""}, False),
        ({"ns/module.py": ""}, False),
        ({"other.py": ""}, False),
    ],
    ids=["a namespace", "a package", "a module in it", "gone"],
)
def test_a_namespace_that_was_found_is_one_still(files: dict[str, str], holds: bool) -> None:
    """Whoever else lies in it by now."""

    def layer(found: dict[str, str], part: str) -> cache.Look:
        one = stored_parts.distribution("one", found)
        return cache.Look(Installed((one,)), {"one": part}, [*one.files])

    rests = layer({"ns/one/__init__.py": ""}, "1").rests({"found": ["ns"]}, {"app"})
    assert layer(files, "2").keeps(Proof(after={}, rests=rests)) is holds


@pytest.mark.parametrize(
    ("path", "met"),
    [
        ("a.pth", True),
        ("lib/python3.12/site-packages/a.pth", True),
        ("secrets.py", True),
        ("typing/__init__.py", True),
        ("pkg/a.pth", False),
        ("pkg/secrets.py", False),
    ],
)
def test_what_every_import_meets_is_in_each_key(path: str, met: bool) -> None:
    """By what it holds: another version of its distribution is nothing to others."""

    def layer(said: str) -> dict[str, str]:
        one = stored_parts.distribution("one", {path: ""}, hashes={path: said})
        return cache.Look(Installed((one,)), {"one": said}, [path]).met

    assert layer("sha256=1") == ({path: "sha256=1"} if met else {})
    assert layer("") == ({path: ""} if met else {})


def test_who_lists_all_rests_on_all() -> None:
    """Entry points, for example: another distribution is another answer, also where there was none
    before."""
    alone = cache.Look(Installed(tree().distributions[:1]), {"app": "1"}, ["app/__init__.py"])
    assert alone.rests({"listed": [""]}, {"app"})["listed:"] != look().at("listed:")
    rests = look().rests({"listed": [""]}, {"app"})
    assert look().at("listed:") == rests["listed:"]
    assert look(other="new").at("listed:") != rests["listed:"]


def has_points(name: str, said: str, version: str = "1.0") -> InstalledDistribution:
    """`said`: what RECORD says of its entry points."""
    files = {f"{name}/__init__.py": "", f"{name}-{version}.dist-info/METADATA": ""}
    path = f"{name}-{version}.dist-info/entry_points.txt"
    return stored_parts.distribution(name, files | {path: "x"}, hashes={path: said})


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        ([has_points("b", "sha256=1", "2.0")], True),
        ([has_points("b", "sha256=2")], False),
        ([has_points("c", "sha256=1")], False),
        ([has_points("b", "sha256=1"), has_points("c", "sha256=1")], False),
        ([has_points("b", "")], False),
        ([stored_parts.distribution("b", {"b-1.0.dist-info/METADATA": ""})], False),
        ([], False),
    ],
    ids=["another version", "other entry points", "another name", "one more", "not recorded",
         "no entry points", "nobody"],
)  # fmt: skip
def test_who_asks_everybody_for_entry_points_rests_on_names_and_these(
    found: list[InstalledDistribution], holds: bool
) -> None:
    """Not on versions, nor on what else a package is: one changed pin is not everybody's matter."""

    def layer(names: list[InstalledDistribution], part: str) -> cache.Look:
        paths = [path for each in names for path in each.files]
        return cache.Look(Installed(tuple(names)), dict.fromkeys("abc", part), paths)

    rests = layer([has_points("b", "sha256=1")], "1").rests({"asked": [""]}, {"a"})
    assert layer(found, "2").keeps(Proof(after={}, rests=rests)) is holds


def test_entry_points_of_no_record_are_as_their_part() -> None:
    """Nothing else says what they are."""
    found = Installed((has_points("b", ""),))
    looks = [cache.Look(found, {"b": part}, [*found.sizes]) for part in "121"]
    assert looks[0].at("asked:") == looks[2].at("asked:") != looks[1].at("asked:")


def test_an_excerpt_has_everybodys_metadata() -> None:
    """Nobody else must be shown for it."""
    sights = ["asked:", "asked:lib", "read:lib-1.0.dist-info", "absent:lib-1.0.dist-info/x"]
    assert look().behind([*sights, "read:base", "absent:new"]) == {"base"}
    assert look().behind(["listed:"]) == {*KEYS}
    assert look().behind(["absent:other.deep"]) == {""}


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ("ImportError: no", True),
        ("exit status -11", False),
        ("no end after 60 s", False),
        ("exit status -9", False),
        ("MemoryError: ", False),
        ("OSError: [Errno 28] No space left on device", False),
        ("RuntimeError: can't start new thread", False),
    ],
)
def test_only_what_follows_from_bytes_is_kept(error: str, kept: bool) -> None:
    """Time, memory and disk are the machine's."""
    after = {"imports": {"a": error, "b": ""}, "loads": {}}
    assert Proof(after=after).is_certain is kept
    empty: dict[str, dict[str, str]] = {"imports": {}, "loads": {}}
    assert Proof(after=empty, loads={"x.so": error}).is_certain is kept
