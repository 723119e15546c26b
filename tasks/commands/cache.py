"""`doit cache`: the store of finished work, which all checkouts and layers of a person share.

`clean=1` empties it, but for what a run that is at work has used: all of it can be made again.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..context import arguments
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import installed, store_users
from ..layer.cache import Entry
from ..layer.wheels import wheel_memory
from ..settings import store_folder
from ..settings.model import Settings
from ..ui import tables
from ..ui.console import count, say, show_tables, size

if TYPE_CHECKING:
    from rich.table import Table

SPANS = ((86_400, "day"), (3600, "hour"), (60, "minute"))  # seconds
WHAT = {  # kinds of entries
    "installed": "lists of what packages hold",
    "parts": "packages, packed",
    "proofs": "import tests",
    "scans": "searches for credentials",
    "checks": "your own checks that passed",
    "wheels": "wheels built from source",
    "function": "sizes of functions",
    "images": "digests of base images",
    "blobs": "layers of images",
    "blob-facts": "facts of these layers",
}


def task_cache() -> dict[str, object]:
    """Show the store of finished work, or empty it."""
    settings, typed = current(), arguments.current()
    return {"actions": [action(lambda: (empty if typed.clean else show)(settings))]}


def show(settings: Settings) -> None:
    store = installed.store(settings)
    found = list(store.entries())
    taken = size(sum(each.size for each in found))
    entries = count(len(found), "entry", "entries")
    say(f"{store.root}: {entries}, {taken} of {size(store.limit)}")
    if (wanted := store_folder.wanted(settings)) != store.root:
        needs = "a folder of yours that you can write to, on a file system with locks"
        say(f"{wanted} cannot be used: it must be {needs}")
    if found:
        show_tables(table(found))
    use = store_users.use(store.root)
    if asked := use["asked"]:
        say(f"hits: {use['found']} of {count(asked, 'look')} ({use['found'] / asked:.0%})")
    tell_wheels()


def empty(settings: Settings) -> None:
    store = installed.store(settings)
    freed = replace(store, limit=0).evict(())
    store_users.forget_use(store.root)
    say(f"{store.root}: {size(freed)} freed")
    if left := list(store.entries()):
        taken = size(sum(each.size for each in left))
        if reason := store_users.unseen(store.root):
            say(f"{taken} stay: nobody can know which builds use them ({reason})")
            say(f"→ when none is at work, delete {store.root}")
        else:
            say(f"{taken} stay: another build uses them. Run this again when it has ended")
    tell_wheels()


def tell_wheels() -> None:
    """What this never deletes: a wheel that somebody changes in uv's cache is known by it."""
    wheels, taken = wheel_memory.held()
    if wheels:
        what = f"{count(wheels, 'list')} of what a wheel holds, {size(taken)}"
        say(f"{wheel_memory.folder()}: {what}. Each stays until it is unused for 90 days")


def table(found: Iterable[Entry]) -> "Table":
    kinds: defaultdict[str, list[Entry]] = defaultdict(list)
    for each in found:
        kinds[each.path.parent.name].append(each)
    made = tables.table()
    for heading in ("what", "entries", "size", "last used"):
        made.add_column(heading, justify="right" if heading in ("entries", "size") else "left")
    for kind, entries in sorted(kinds.items()):
        taken = size(sum(each.size for each in entries))
        made.add_row(WHAT.get(kind, kind), str(len(entries)), taken, span(entries))
    return made


def span(entries: Iterable[Entry]) -> str:
    """When the newest and the oldest of them were used last."""
    used = sorted(each.used for each in entries)
    first, last = ago(used[-1]), ago(used[0])
    return f"{first} ago" if first == last else f"{first} to {last} ago"


def ago(used: int) -> str:
    """`used`: ns since the epoch."""
    seconds = max(0, time.time() - used / 1e9)
    for length, name in SPANS:
        if seconds >= length:
            return count(int(seconds // length), name)
    return "a moment"
