"""How much memory a process has held of its own. What it maps of files is not: the system takes
that back when it must. Standard library only, and nothing of it that a layer could hide.
"""

FIELDS = ("RssAnon:", "RssShmem:", "VmRSS:", "VmHWM:")


def is_in_memory(folder: str) -> bool:
    with open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        return [folder, "tmpfs"] in [line.split()[1:3] for line in file]


# In a container the layer does. What is mapped of it counts as shared memory there, and what
# processes share counts as nothing.
SHARES_LAYER = is_in_memory("/opt")


def held(pid: "int | str" = "self") -> "tuple[int, int, int]":
    """Bytes of its own, of all, and the most of all so far (proc(5)). Zeros of one that is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            found = dict(line.split(None, 2)[:2] for line in file if line.startswith(FIELDS))
    except OSError:
        found = {}
    own, shared, all_, most = (int(found.get(name, 0)) << 10 for name in FIELDS)
    return own if SHARES_LAYER else own + shared, all_, most


class Peak:
    """The most of its own, of looks now and then. The system keeps a peak of all alone: what was
    more than any look has seen was its own, for a moment."""

    def __init__(self) -> None:
        self._own, self._all, self._most = 0, 0, 0

    def look(self, pid: "int | str" = "self") -> int:
        return self.take(*held(pid))

    def take(self, own: int, all_: int, most: int) -> int:
        """Bytes, with what another process saw of it."""
        self._own, self._all = max(self._own, own), max(self._all, all_)
        self._most = max(self._most, most)
        return self._own + max(self._most - self._all, 0)
