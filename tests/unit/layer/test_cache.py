"""tasks/layer/cache.py: finished work comes back whole or not at all, and does not pile up."""

import hashlib
import os
from pathlib import Path

import pytest

from tasks.layer.cache import Store
from tasks.util import files


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one that holds 10 bytes."""
    return Store(root=tmp_path / "store", limit=10)


def put(store: Store, key: str, content: bytes, *, used: int = 0) -> Path:
    """An entry of the kind `k`, last used so many seconds after the epoch."""
    path = store.put_bytes("k", key, content)
    os.utime(path, (used, used))
    return path


def left(store: Store) -> set[str]:
    """Keys of what is there."""
    return {path.name.rpartition("-")[0] for path in store.root.glob("*/*")}


def test_what_is_put_comes_back(store: Store, tmp_path: Path) -> None:
    """Moved, not copied; named by its key and content; readable for all."""
    source = tmp_path / "made"
    source.write_bytes(b"x")
    source.chmod(0o600)
    path = store.put("k", "a", source)
    assert not source.exists()
    assert store.get("k", "a") == path == store.root / "k" / f"a-{hashlib.sha256(b'x').hexdigest()}"
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_was_never_put_is_none(store: Store) -> None:
    """Nor is another kind's, or a key that only begins alike."""
    assert store.get("k", "a") is None
    store.put_bytes("k", "ab", b"x")
    assert store.get("k", "a") is None
    assert store.get("other", "ab") is None


@pytest.mark.parametrize("content", [b"", b"y", b"xx"], ids=["cut off", "changed", "longer"])
def test_a_damaged_entry_is_none_and_goes(store: Store, content: bytes) -> None:
    """Compared on every use, so that it is made again and not shipped."""
    store.put_bytes("k", "a", b"x").write_bytes(content)
    assert store.get("k", "a") is None
    assert left(store) == set()


def test_all_gives_what_is_there(store: Store) -> None:
    """By the caller's names; the rest is for the caller to make."""
    path = store.put_bytes("k", "1", b"x")
    store.put_bytes("k", "2", b"y").write_bytes(b"damaged")
    assert store.all("k", {"one": "1", "two": "2", "three": "3"}) == {"one": path}


def test_two_puts_of_one_key_do_not_disturb_each_other(store: Store) -> None:
    """Two builds at once: the same bytes are one entry, others are two, and either will do."""
    one = store.put_bytes("k", "a", b"x")
    assert store.put_bytes("k", "a", b"x") == one
    two = store.put_bytes("k", "a", b"y")
    assert store.get("k", "a") in (one, two)
    one.write_bytes(b"damaged")
    assert store.get("k", "a") == two


def test_nothing_half_written_has_a_name(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke off is no entry."""

    def fail(path: Path) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "file_digest", fail)
    with pytest.raises(OSError, match="space"):
        store.put_bytes("k", "a", b"x")
    monkeypatch.undo()
    assert store.get("k", "a") is None


def test_the_least_recently_used_go_first(store: Store) -> None:
    """As many as are over the limit; the bytes that were freed are told."""
    for age, key in enumerate(("old", "middle", "new")):
        put(store, key, key.encode(), used=age)  # 3, 6 and 3 bytes
    assert store.evict(set()) == 3
    assert left(store) == {"middle", "new"}


def test_using_an_entry_makes_it_the_last_to_go(store: Store) -> None:
    """A look at it is a use."""
    for age, key in enumerate(("old", "middle", "new")):
        put(store, key, key.encode(), used=age)
    assert store.get("k", "old")
    assert store.evict(set()) == 6
    assert left(store) == {"old", "new"}


def test_what_is_in_use_is_never_evicted(store: Store) -> None:
    """However old, and however full the store is."""
    for age, key in enumerate(("a", "b", "c")):
        put(store, key, b"x" * 8, used=age)
    assert store.evict({"a", "c"}) == 8
    assert left(store) == {"a", "c"}


def test_within_the_limit_all_stays(store: Store) -> None:
    """Nor does an empty store mind."""
    assert store.evict(set()) == 0
    put(store, "a", b"x" * 10)
    assert store.evict(set()) == 0
    assert left(store) == {"a"}


def test_kinds_share_the_limit(store: Store) -> None:
    """It is one folder's size."""
    for age, kind in enumerate(("one", "two")):
        os.utime(store.put_bytes(kind, kind, b"x" * 6), (age, age))
    assert store.evict(set()) == 6
    assert left(store) == {"two"}
