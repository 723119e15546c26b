"""What the emulator holds, kept on the disk from its end to its next start.

moto's models go to a file as they are, all of them at once, so that what refers to something of
another service still does. The file is a pickle: a person that may write it may run code as you. So
it is yours alone, and one that others could have written is not read.
"""

import io
import os
import pickle
import stat
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..settings import paths
from ..ui.console import say, size
from ..util import files
from ..util.version import VERSION

STATE = paths.LOCAL_AWS / "kept.pickle"
NOTE = paths.LOCAL_AWS / "kept.json"  # {"made_by", "left": {service: why}, "bytes"}
TRIES = 3  # while requests that are still answered change what is read
Held = dict[str, dict[str, dict[str, Any]]]  # {service: {account: {region: moto's backend}}}


def made_by() -> str:
    """Only the same versions read each other's models."""
    import moto

    return f"{VERSION}, moto {moto.__version__}, Python {sys.version_info[0]}.{sys.version_info[1]}"


def save() -> None:
    """Everything that can be kept. Of the rest, which services and why."""
    from moto.backends import get_backend

    held, left = _held(), dict[str, str]()
    for service, accounts in list(held.items()):
        try:
            get_backend(service)  # type: ignore[call-overload] # one name of many
            pickle.loads(_pickled({service: accounts}))  # noqa: S301 - of this moment
        except Exception as error:  # of any model of moto's
            left[service] = f"{type(error).__name__}: {error}"
            del held[service]
    data = _pickled(held)
    files.write_atomic(STATE, data, mode=0o600)
    note = {"made_by": made_by(), "left": left, "bytes": len(data)}
    files.write_atomic(NOTE, files.canonical(note), mode=0o600)


def load() -> None:
    """What was kept, once: from then on it lasts as long as this server."""
    note = files.read_record(NOTE)
    if note is None or note.get("made_by") != made_by() or not _is_ours(STATE):
        return
    try:
        _put_back(pickle.loads(STATE.read_bytes()))  # noqa: S301 - see above
    except Exception as error:  # a file that somebody else has written to
        say(f"{STATE} is not loaded: {type(error).__name__}: {error}")
        return
    forget()


def forget() -> None:
    for path in (NOTE, STATE):
        path.unlink(missing_ok=True)


def sentences() -> list[str]:
    """What a person is told of what lies there. [] for nothing."""
    note = files.read_record(NOTE)
    if note is None:
        return []
    left = [f"warning: {name} is not kept: {why}" for name, why in note.get("left", {}).items()]
    return [f"{size(note.get('bytes', 0))} kept for the next start: {STATE}", *left]


def refusal() -> str:
    """Why what lies there was not loaded by a server that has started. '' where it was."""
    note = files.read_record(NOTE)
    if note is None:
        return ""
    others = note.get("made_by") != made_by()
    why = f"{note.get('made_by')} wrote it" if others else "its log says why"
    return f"what was kept in {STATE} is not loaded: {why}; ./doitw local-stop deletes it"


def _held() -> Held:
    from moto.core.base_backend import BackendDict

    used: Any = BackendDict  # to mypy its list is of one kind of backend
    return {
        one.service_name: {account: dict(regions) for account, regions in list(one.items())}
        for one in list(used._instances)
    }


def _put_back(held: Held) -> None:
    from moto.backends import get_backend

    for service, accounts in held.items():
        there: Any = get_backend(service)  # type: ignore[call-overload] # one name of many
        for account, regions in accounts.items():
            for region, backend in regions.items():
                there[account][region] = backend


def _pickled(held: Held) -> bytes:
    for tried in range(1, TRIES + 1):
        try:
            return _once(held)
        except RuntimeError:  # changed while it was read
            if tried == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


def _once(held: Held) -> bytes:
    from cloudpickle import Pickler

    class Models(Pickler):  # type: ignore[misc] # it has no types
        """What pickle refuses: locks, weak references, keys of a library in another language."""

        def reducer_override(self, value: Any) -> Any:
            return _reduced(value) or super().reducer_override(value)

    out = io.BytesIO()
    Models(out, protocol=5).dump(held)
    return out.getvalue()


def _reduced(value: Any) -> tuple[Any, ...] | None:
    """(what makes it again, its arguments, …). None for what pickle does itself."""
    kind = type(value)
    if kind in _LOCKS:
        return _LOCKS[kind], ()
    if kind is weakref.WeakValueDictionary:
        return _made_weak, (dict(value),)
    if isinstance(value, defaultdict) and kind is not defaultdict:  # its own __init__ wants more
        return _made_default, (kind, value.default_factory), vars(value), None, iter(value.items())
    if hasattr(value, "private_bytes"):
        return _made_key, (_written_key(value),)
    return None


def _written_key(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    plain = form.NoEncryption()
    data: bytes = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, plain)
    return data


def _made_key(data: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(data, None)


def _made_weak(values: dict[Any, Any]) -> Any:
    return weakref.WeakValueDictionary(values)


def _made_default(kind: Any, factory: Any) -> Any:
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


_LOCKS: dict[type, Callable[[], Any]] = {
    type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock,
}  # fmt: skip


def _is_ours(path: Path) -> bool:
    """This user's, and nobody else may write it."""
    try:
        how = path.lstat()
    except OSError:
        return False
    others = how.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(how.st_mode) and how.st_uid == os.getuid() and not others
