"""What keeps a package's code from this machine where no container does: bubblewrap, which makes
namespaces of the kernel's.

It is tried, never inferred: some systems have user namespaces and refuse them (Ubuntu 24.04).
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..util import files
from . import lambda_system

NONE = "not isolated"
TASK, RUNTIME, OPT = "/var/task", "/var/runtime", "/opt"  # as in Lambda's image
# Of this machine's folders those with programs and libraries are seen. All others are empty: homes,
# checkouts, whatever holds a secret, or a socket (Nix's daemon has one for everybody).
SEEN = re.compile(
    r"/(s?bin|lib\w*|sys|(nix|gnu)(/store)?|usr(/(s?bin|lib\w*|share|local(/(s?bin|lib\w*))?))?)"
)
PARTLY = ("/", "/usr", "/usr/local", "/nix", "/gnu")
# What machines have of data, and Lambda's image has not.
OTHERS = ("/usr/share/fonts", "/usr/share/mime", "/usr/share/dict")
BREW = Path("/home/linuxbrew/.linuxbrew")  # where its Pythons have their loader
LOADER = "LD_LIBRARY_PATH"
OWN = ("/proc", "/dev")
EMPTY = ["--tmpfs"]
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
STREAMS = ("in", "out", "err")
TRY_SECONDS = 20
TRIED = "import ctypes, ssl"  # their libraries may lie where nothing is seen
INSTALL = "install bubblewrap (`bwrap`), or start Docker"


def wrapped(
    words: Sequence[str], *, reads: Iterable[Path], tmp: Path, network: bool,
    system: Path, writes: Iterable[Path] = (), places: Mapping[str, Path] = {},
    covered: Mapping[str, str] = {}, hidden: Iterable[Path] = (),
) -> list[str]:  # fmt: skip
    """The command, as Lambda's user. It sees programs and libraries of this machine, read-only. It
    sees no home, checkout, socket of a service, other process or network. /etc and /var are as
    Lambda's. `reads`, `writes`: what is to be seen all the same.
    `tmp`: its /tmp. `system`: sandbox/lambda_system.py's. `places`: {TASK, RUNTIME, OPT: what is
    seen there}. `covered`: {file: what is seen in its place}. `hidden`: folders that are empty."""
    program = shutil.which("bwrap") or "bwrap"  # ours, whatever PATH the job is to have
    command = [program, "--die-with-parent", "--new-session", "--unshare-all"]
    command += ["--unshare-user", "--uid", lambda_system.UID, "--gid", lambda_system.GID]
    command += ["--hostname", lambda_system.HOSTNAME] + ["--share-net"] * network
    command += ["--cap-drop", "ALL", *_devices(), "--proc", "/proc"]
    command += ["--ro-bind", "/proc/sys", "/proc/sys"]  # who is root here may write to some of it
    mounts = _of_this_machine(hidden)
    mounts |= {Path(name): ["--dir"] for name in (TASK, RUNTIME)}
    mounts |= {Path(name): ["--ro-bind", str(seen)] for name, seen in places.items()}
    mounts[Path("/tmp")] = ["--bind", str(tmp)]  # noqa: S108 - what is seen there
    mounts |= {path: ["--ro-bind", str(path)] for path in reads if mounts.get(path) != EMPTY}
    mounts |= {Path(path): ["--ro-bind", other] for path, other in covered.items()}
    mounts |= _of_lambda(system)
    mounts |= {path: ["--bind", str(path)] for path in (tmp, *writes)}
    for place in sorted(mounts, key=lambda path: len(path.parts)):  # one may lie in another
        command += [*mounts[place], str(place)]
    empty = [path for path, how in mounts.items() if how == EMPTY]
    for path in (*empty, Path("/dev"), Path("/")):  # its owner makes nothing there, either
        command += ["--remount-ro", str(path)]
    return [*command, "--", *words]


def _of_this_machine(hidden: Iterable[Path]) -> dict[Path, list[str]]:
    """{place: how it is seen}. What is empty in a folder that is seen comes behind that."""
    mounts: dict[Path, list[str]] = {}
    for path in Path("/").iterdir():
        if path.is_symlink():
            mounts[path] = ["--symlink", str(path.readlink())]
        elif SEEN.fullmatch(str(path)):
            mounts[path] = ["--ro-bind", str(path)]
    there = [path for parent in map(Path, PARTLY) if is_folder(parent) for path in parent.iterdir()]
    unseen = [path for path in there if is_folder(path) and not SEEN.fullmatch(str(path))]
    mounts |= {path: EMPTY for path in unseen if str(path) not in OWN}
    # a library that somebody built may have a folder of its own, /usr/local/ssl/lib
    usr = [path for path in unseen if path.parts[1] == "usr"]
    libraries = [path / name for path in usr for name in ("lib", "lib64")]
    mounts |= {path: ["--ro-bind", str(path)] for path in libraries if is_folder(path)}
    found = [path for path in (*_homes(), Path.cwd(), *map(Path, OTHERS)) if path != Path("/")]
    found += [path for path in hidden if SEEN.fullmatch(str(Path(*path.parts[:2])))]
    return mounts | dict.fromkeys(filter(is_folder, found), EMPTY)


def has_opt(reads: Iterable[Path]) -> bool:
    """Can /opt be the layers'? Not where what is to be seen lies there: Pythons of GitHub do."""
    found = (path.resolve() for path in (*reads, *_homes(), Path.cwd()))
    return not any(Path(OPT) in path.parents for path in found)


def is_folder(path: Path) -> bool:
    """And no link to one, which is seen where it leads."""
    return path.is_dir() and not path.is_symlink()


def _of_lambda(system: Path) -> dict[Path, list[str]]:
    """{place: how it is seen}. Of programs this Python alone stays, wherever it lies."""
    there = {folder: ["--ro-bind", str(system / "bin")] for folder in lambda_system.hidden()}
    there |= {
        folder / each.name: ["--ro-bind", str(folder / each.name)]
        for folder in lambda_system.hidden()
        for each in (system / "bin").iterdir()
        if not each.stat().st_size and (folder / each.name).exists()
    }
    own = {Path("/etc"): system / "etc", Path("/var/lang/bin"): system / "lang"}
    return there | {place: ["--ro-bind", str(seen)] for place, seen in own.items()}


def with_environment(
    command: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[str], int]:
    """The command of `wrapped`, and a descriptor for it to inherit, in which are the variables of
    what runs inside. The program bubblewrap itself runs outside, as you, and gets none of them: the
    loader obeys LD_PRELOAD before there is a sandbox. Not as arguments, which everybody can
    read."""
    pairs = [word for pair in environment.items() for word in ("--setenv", *pair)]
    place = os.memfd_create("environment")
    with os.fdopen(os.dup(place), "wb") as file:
        file.write(b"".join(os.fsencode(word) + b"\0" for word in ("--clearenv", *pairs)))
    os.lseek(place, 0, os.SEEK_SET)
    return [command[0], "--args", str(place), *command[1:]], place


def _devices() -> list[str]:
    """Lambda's few. `--dev` would bring /dev/shm, which Lambda has not."""
    there = [path for name in DEVICES if (path := f"/dev/{name}") and Path(path).exists()]
    binds = [word for path in there for word in ("--dev-bind", path, path)]
    links = [("/proc/self/fd", "/dev/fd")]
    links += [(f"/proc/self/fd/{number}", f"/dev/std{name}") for number, name in enumerate(STREAMS)]
    return ["--tmpfs", "/dev", *binds, *(word for link in links for word in ("--symlink", *link))]


def _homes() -> list[Path]:
    found = [files.home()]
    with suppress(KeyError):  # a user without a name
        found.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    return found


@cache
def lacking(interpreter: str) -> str:
    """'' where it works with this Python, else why it does not."""
    if {Path(TASK), Path(RUNTIME)} & {Path.cwd(), *Path.cwd().parents}:
        return f"this checkout lies at {Path.cwd()}, where a function has its own: move it"
    if not shutil.which("bwrap"):
        return f"there is no bubblewrap: {INSTALL}"
    from .temp_dirs import folder  # the disk of the temporary files may be a small one

    with folder() as tmp:
        system = Path(tmp, "lambda")
        lambda_system.lay_out(system, program(interpreter), "")
        words, reads = [program(interpreter), "-I", "-S", "-c", TRIED], seen_by(interpreter)
        tried = wrapped(words, reads=reads, tmp=Path(tmp), network=False, system=system)
        tried, place = with_environment(tried, loading({}, interpreter))
        try:  # with a job's variables, and no others
            done = subprocess.run(
                tried, capture_output=True, text=True, check=False, timeout=TRY_SECONDS,
                stdin=subprocess.DEVNULL, env={}, pass_fds=[place],
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap does not work here: {error}"
        finally:
            os.close(place)
    said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
    return f"bubblewrap does not work here: {said[0]}" if done.returncode else ""


def loading(environment: Mapping[str, str], interpreter: str) -> dict[str, str]:
    """The same, with the folder of the Python's own library where it does not start without. Those
    of actions/setup-python are such ones on a runner of your own (actions/setup-python#871)."""
    folder = _library_folder(program(interpreter)) if LOADER in os.environ else ""
    there = [*filter(None, [environment.get(LOADER, ""), folder])]
    return {**environment, **({LOADER: ":".join(there)} if folder else {})}


@cache
def _library_folder(program: str) -> str:
    words = [program, "-I", "-S", "-c", ""]
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(words, env={}, capture_output=True, timeout=TRY_SECONDS, check=False)
        return str(Path(program).parents[1] / "lib") if done.returncode else ""
    return ""


def program(interpreter: str) -> str:
    """The Python behind it. Where it lies in a virtual environment, that is a link."""
    return str(Path(interpreter).resolve())


def seen_by(interpreter: str) -> list[Path]:
    """What a Python needs of itself, wherever it was installed to: that may be a home."""
    there = [Path(interpreter).resolve().parents[1] / name for name in ("bin", "lib", "lib64")]
    there += [BREW / name for name in ("lib", "opt", "Cellar")]  # not what its services hold
    return [path for path in there if is_folder(path)]
