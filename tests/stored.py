"""What the steps pass on, made by hand: distributions and parts, with and without a store."""

import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.core import distributions, parts, paths, records
from tasks.core.distributions import Distribution
from tasks.core.parts import Part
from tasks.core.settings import Settings
from tests import scripts

LEVEL = 6  # libdeflate's


def distribution(name: str, files: Mapping[str, str | bytes] = {}, **more: Any) -> Distribution:
    """One of these files, as docker/facts.py would have found it; `more`: other facts."""
    folder = f"{name}-1.0.dist-info"
    found: dict[str, Any] = {
        "key": f"key-of-{name}",
        "pin": f"key-of-{name}",
        "name": name,
        "version": "1.0",
        "folder": folder,
        "files": {path: (len(_bytes(text)), False) for path, text in files.items()},
        "hashes": {},
        "texts": {each: files.get(f"{folder}/{each}", "") for each in ("METADATA", "RECORD")},
        "links": {},
        "programs": (),
        "modules": {},
    }
    return Distribution(**(found | more))


def keep(settings: Settings, found: Iterable[Distribution]) -> None:
    """As install leaves them: in the store, and named by its record."""
    listed = []
    for each in found:
        facts = {name: value for name, value in vars(each).items() if name not in ("key", "pin")}
        distributions.store(settings).put_bytes("installed", each.key, records.canonical(facts))
        listed.append({"name": each.name, "version": each.version, "direct": True})
        listed[-1] |= {"key": each.key, "pin": each.pin, "text": f"{each.name}==1.0"}
    keys = [each["key"] for each in listed]
    record = {"fingerprint": "f", "options": [], "tree": records.digest(keys)}
    records.write(paths.record(settings, "install"), record | {"distributions": listed})


def part(
    path: Path,
    files: Mapping[str, bytes],
    *,
    made: Collection[str] = (),
    programs: Collection[str] = (),
    **more: Any,
) -> Part:
    """A part at `path`, in docker/optimize.py's format; `more`: of its index."""
    press = scripts.load("packing").pressed
    index: list[Any] = []
    content = b""
    for name, data in files.items():
        mode = 0o755 if name in programs else 0o644
        method, packed = press(data, LEVEL)
        member = [name, mode, method, zlib.crc32(data), len(data), len(content), len(packed)]
        index.append([*member, name in made])
        content += packed
    text = records.canonical({"members": index, "strip": None, "skipped": []} | more)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content + text + len(text).to_bytes(8, "little"))
    return parts.read(path)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
