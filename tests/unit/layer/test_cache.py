"""tasks/layer/cache.py: finished work comes back whole or not at all, and does not pile up."""

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import store_users
from tasks.layer.cache import NEW, Store
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


def test_what_another_build_puts_in_the_same_tick_is_found(store: Store) -> None:
    """The kernel gives two changes of a folder within some milliseconds the same time."""
    folder = store.put_bytes("k", "a", b"x").parent
    assert store.get("k", "b") is None
    listed = folder.stat()
    (folder / f"b-{hashlib.sha256(b'y').hexdigest()}").write_bytes(b"y")
    os.utime(folder, ns=(listed.st_atime_ns, listed.st_mtime_ns))
    assert store.get("k", "b")


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


# ---- what others may have put there -------------------------------------------------------------


def link(path: Path) -> None:
    target = path.with_name("target")
    path.rename(target)
    path.symlink_to(target)


def let_others_write(path: Path) -> None:
    path.chmod(0o666)


@pytest.mark.parametrize("change", [link, let_others_write])
def test_what_is_no_private_file_is_none(store: Store, change: Callable[[Path], None]) -> None:
    """Whole as it is. It stays, for whoever put it there."""
    path = store.put_bytes("k", "a", b"x")
    change(path)
    assert store.get("k", "a") is None
    assert path.read_bytes() == b"x"
    assert store.get("k", "a") is None


def test_another_users_file_is_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that this run has used before."""
    path = store.put_bytes("k", "a", b"x")
    assert store.get("k", "a") == path
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert store.get("k", "a") is None
    assert path.exists()


def test_only_entries_are_ever_deleted(store: Store) -> None:
    """Whatever folder a setting names."""
    put(store, "a", b"x" * 20)
    mine = [store.root / "k/letter.txt", store.root / "notes/a-b", store.root / "top"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"y" * 20)
        os.utime(path, (0, 0))
    assert store.evict(set()) == 20
    assert all(path.exists() for path in mine)


# ---- several runs -------------------------------------------------------------------------------

OTHER = """
import os, sys
from pathlib import Path
from tasks.layer.cache import Store
store = Store(root=Path(sys.argv[1]), limit=0)
for key in sys.argv[2:]:
    assert store.get("k", key), key
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def other_run(store: Store, *keys: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has used these, and works on until the end."""
    words = [sys.executable, "-c", OTHER, str(store.root), *keys]
    run = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdout
    assert run.stdout.readline() == "ready\n"
    try:
        yield run
    finally:
        run.communicate()


def runs(store: Store) -> int:
    """That have said that they use it."""
    return len(list(store_users.folder(store.root).glob("run-*")))


def test_what_another_run_has_used_stays(store: Store) -> None:
    """However full the store is: it is about to read it. What it has not used goes."""
    for key in ("used", "unused"):
        put(store, key, b"x" * 20)
    with other_run(store, "used"):
        assert store.evict(set()) == 20
        assert left(store) == {"used"}
    assert store.evict(set()) == 20
    assert left(store) == set()


def test_a_run_that_was_killed_holds_nothing(store: Store) -> None:
    """Nor is anything left of it."""
    put(store, "a", b"x" * 20)
    with other_run(store, "a") as run:
        run.kill()
    assert runs(store) == 2
    assert store.evict(set()) == 20
    assert runs(store) == 1  # this one's


def test_nothing_goes_while_an_entry_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look and a deletion never meet; one that waits in vain deletes nothing."""
    monkeypatch.setattr(store_users, "PATIENCE", 0.05)
    put(store, "a", b"x" * 20)
    with store_users.taking(store.root):
        assert store.evict(set()) == 0
    assert left(store) == {"a"}


def test_a_file_of_long_ago_counts_as_new(store: Store, tmp_path: Path) -> None:
    """An archive's is as old as it says, and another run must not take it for unused."""
    source = tmp_path / "made"
    source.write_bytes(b"x")
    os.utime(source, (0, 0))
    assert store.put("k", "a", source).stat().st_mtime > 1e9


def test_what_comes_later_is_seen(store: Store) -> None:
    """Names are read once, and again when something came."""
    assert store.get("k", "a") is None
    store.put_bytes("k", "a", b"x")
    assert store.get("k", "a")
    store.put_bytes("k", "b", b"x")
    assert store.get("k", "b")


# ---- disks --------------------------------------------------------------------------------------


def test_it_may_lie_on_another_disk(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file cannot be moved there; nothing half copied has a name."""
    source = tmp_path / "made"
    source.write_bytes(b"x")
    real = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    assert store.put("k", "a", source) == store.get("k", "a")
    assert not source.exists()
    assert left(store) == {"a"}


def test_what_does_not_fit_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk got full, as it was written."""

    def fail(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="space"):
        store.put_bytes("k", "a", b"x")
    assert list((store.root / "k").iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_rest(store: Store) -> None:
    """It counts, and is as old as it is."""
    store.put_bytes("k", "a", b"x")
    half = store.root / "k" / f"{NEW}abc"
    half.write_bytes(b"x" * 20)
    os.utime(half, (0, 0))
    assert store.evict(set()) == 20
    assert not half.exists()


def test_hits_are_counted_over_all_runs(store: Store) -> None:
    """Each run adds its own as it ends."""
    put(store, "a", b"x")
    for _ in range(2):
        with other_run(store, "a"):
            pass
    assert store_users.use(store.root) == {"found": 2, "asked": 2}
    store_users.forget_use(store.root)
    assert store_users.use(replace(store, limit=1).root) == {"found": 0, "asked": 0}
