"""Hides from this process what Lambda has not, where neither a container nor bubblewrap does:
/dev/shm, a home that could be made, a layer that can be written to. For docker/probe.py. Standard
library only.

A mount namespace of its own, if the system allows one (root, or user namespaces): a /dev
of the few devices that Lambda has, and a /home that is empty and read-only. Elsewhere nothing is
hidden, and a layer that needs it fails in Lambda first.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path

NEW_MOUNTS, NEW_USER = 0x20000, 0x10000000  # <sched.h>
READ_ONLY, REMOUNT, BIND, REC, PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000  # <sys/mount.h>
Mount = Callable[[str, str, str, int], bool]  # source, target, kind, flags
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def hide(opt: str) -> bool:
    """Was it possible, all of it?"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_MOUNTS) and not own_namespace(libc):
        return False

    mount = mounting(libc)
    private = mount("", "/", "", REC | PRIVATE)
    return private and all([protect(opt, mount), hide_devices(mount), hide_home(opt, mount)])


def cover(files: Collection[str], empty: str) -> bool:
    """Hide these files behind an empty one. Was it possible, all of it?"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_MOUNTS) and not own_namespace(libc):
        return False
    mount = mounting(libc)
    mount("", "/", "", REC | PRIVATE)
    return all([mount(empty, each, "", BIND) for each in files])  # noqa: C419 - every one is tried


def mounting(libc: ctypes.CDLL) -> Mount:
    def mount(source: str, target: str, kind: str, flags: int) -> bool:
        words = [each.encode() or None for each in (source, target, kind)]
        return bool(libc.mount(*words, flags, b"mode=755" if kind else None) == 0)

    return mount


def own_namespace(libc: ctypes.CDLL) -> bool:
    """For who is not root here: a namespace in which one may mount, as the same user."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_MOUNTS | NEW_USER):
        return False
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return True


def protect(opt: str, mount: Mount) -> bool:
    return mount(opt, opt, "", BIND) and mount("", opt, "", BIND | REMOUNT | READ_ONLY)


def hide_devices(mount: Mount) -> bool:
    """All but DEVICES: those are held open by their mounts while /dev is covered."""
    there = [name for name in DEVICES if Path("/dev", name).exists()]
    opened = {name: os.open(f"/dev/{name}", os.O_PATH) for name in there}
    if not mount("tmpfs", "/dev", "tmpfs", 0):
        return False
    for name, number in opened.items():
        Path("/dev", name).touch()
        mount(f"/proc/self/fd/{number}", f"/dev/{name}", "", BIND)
        os.close(number)
    return True


def hide_home(opt: str, mount: Mount) -> bool:
    """Unless what is needed lies there: the layer, this Python, these scripts."""
    needed = (opt, sys.base_prefix, __file__)
    if not Path("/home").is_dir() or any(path.startswith("/home/") for path in needed):
        return False
    return mount("tmpfs", "/home", "tmpfs", READ_ONLY)
