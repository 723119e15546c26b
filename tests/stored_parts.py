"""What the steps pass on, made by hand: distributions and parts, with and without a store."""

import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.layer import installed
from tasks.layer import part as parts
from tasks.layer.installed import InstalledDistribution
from tasks.layer.part import Part
from tasks.settings.model import Settings
from tasks.settings.step_records import InstallRecord
from tasks.util import files as file_tools
from tests import made_records, sandbox_scripts

LEVEL = 6  # libdeflate's


def distribution(
    name: str, files: Mapping[str, str | bytes] = {}, **more: Any
) -> InstalledDistribution:
    """One of these files, as docker/inspect_installed.py would have found it; `more`: other
    facts."""
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
    return InstalledDistribution(**(found | more))


def keep(settings: Settings, found: Iterable[InstalledDistribution]) -> None:
    """As install leaves them: in the store, and named by its record."""
    listed = []
    for each in found:
        facts = {name: value for name, value in vars(each).items() if name not in ("key", "pin")}
        installed.store(settings).put_bytes("installed", each.key, file_tools.canonical(facts))
        more = {"key": each.key, "pin": each.pin, "text": f"{each.name}==1.0"}
        listed.append(made_records.distribution(each.name, each.version, **more))
    tree = file_tools.digest([each.key for each in listed])
    made_records.put(settings, InstallRecord, fingerprint="f", tree=tree, distributions=listed)


def part(
    path: Path,
    files: Mapping[str, bytes],
    *,
    made: Collection[str] = (),
    programs: Collection[str] = (),
    **more: Any,
) -> Part:
    """A part at `path`, in docker/optimize.py's format; `more`: of its index."""
    press = sandbox_scripts.load("compress").pressed
    index: list[Any] = []
    content = b""
    for name, data in files.items():
        mode = 0o755 if name in programs else 0o644
        method, packed = press(data, LEVEL)
        member = [name, mode, method, zlib.crc32(data), len(data), len(content), len(packed)]
        index.append([*member, name in made])
        content += packed
    text = file_tools.canonical({"members": index, "strip": None, "skipped": []} | more)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content + text + len(text).to_bytes(8, "little"))
    return parts.read_part(path)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
