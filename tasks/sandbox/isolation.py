"""What keeps a package's code from this machine where no container does: bubblewrap, which makes
namespaces of the kernel's.

It is tried, never inferred: some systems have user namespaces and refuse them (Ubuntu 24.04).
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..util import files

HOME = "/home/sbx_user1051"  # Lambda's: it is not there, and cannot be made
NONE = "not isolated"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
TRY_SECONDS = 20
INSTALL = "install bubblewrap (`bwrap`), or start Docker"


def wrapped(
    words: Sequence[str], *, reads: Iterable[Path], tmp: Path, network: bool,
    covered: Mapping[str, str] = {},
) -> list[str]:  # fmt: skip
    """The command, so that it sees this machine read-only, with empty homes, without its services'
    sockets, other processes and network. `reads`: what may lie in a home and is to be seen; `tmp`:
    where it writes to; `covered`: {file: what is seen in its place}."""
    program = shutil.which("bwrap") or "bwrap"  # ours, whatever PATH the job is to have
    command = [program, "--die-with-parent", "--new-session", "--unshare-all"]
    command += ["--share-net"] * network
    command += ["--cap-drop", "ALL", "--ro-bind", "/", "/", *_devices(), "--proc", "/proc"]
    command += ["--ro-bind", "/proc/sys", "/proc/sys"]  # who is root here may write to some of it
    mounts = {Path(empty): ["--tmpfs"] for empty in (*_homes(), "/run")}
    mounts[Path("/tmp")] = ["--bind", str(tmp)]  # noqa: S108 - what is seen there
    mounts |= {path: ["--ro-bind", str(path)] for path in reads}
    mounts |= {Path(path): ["--ro-bind", empty] for path, empty in covered.items()}
    mounts[tmp] = ["--bind", str(tmp)]
    for place in sorted(mounts, key=lambda path: len(path.parts)):  # one may lie in another
        command += [*mounts[place], str(place)]
    return [*command, "--", *words]


def _devices() -> list[str]:
    """Lambda's few. `--dev` would bring /dev/shm, which Lambda has not."""
    there = [path for name in DEVICES if (path := f"/dev/{name}") and Path(path).exists()]
    return ["--tmpfs", "/dev", *(word for path in there for word in ("--dev-bind", path, path))]


def _homes() -> list[str]:
    found = {files.home()}
    with suppress(KeyError):  # a user without a name
        found.add(Path(pwd.getpwuid(os.getuid()).pw_dir))
    return sorted(str(home) for home in found if home != Path("/") and home.is_dir())


@cache
def lacking(interpreter: str) -> str:
    """'' where it works with this Python, else why it does not."""
    if not shutil.which("bwrap"):
        return f"there is no bubblewrap: {INSTALL}"
    import tempfile

    with tempfile.TemporaryDirectory() as tmp:
        tried = wrapped([interpreter, "-I", "-S", "-c", "pass"], reads=seen_by(interpreter),
                        tmp=Path(tmp), network=False)  # fmt: skip
        try:
            done = subprocess.run(
                tried, capture_output=True, text=True, check=False, timeout=TRY_SECONDS,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap does not work here: {error}"
    said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
    return f"bubblewrap does not work here: {said[0]}" if done.returncode else ""


def seen_by(interpreter: str) -> list[Path]:
    """What a Python needs of itself, and the project."""
    return [Path(interpreter).resolve().parents[1], Path(interpreter).parent, Path.cwd()]
