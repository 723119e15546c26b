"""zip: build/<layer>.zip, the same bytes for the same content, on every machine."""

import os
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from tasks.clients import sandboxes
from tasks.core import archive, identity, paths, records, trees
from tasks.core.actions import action
from tasks.core.console import duration, progress, say, size
from tasks.core.errors import BuildError
from tasks.core.settings import Settings, current

FORMAT = 1  # raise when this step makes other bytes of the same tree


def task_zip() -> dict[str, object]:
    """Pack the layer into build/<layer>.zip, the same bytes for the same content."""
    settings = current()
    record = paths.record(settings, "zip")
    return {
        "actions": [action(lambda: run(settings))],
        "file_dep": [str(paths.record(settings, "optimize"))],
        "targets": [str(paths.layer_zip(settings)), str(record)],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
    }


def fingerprint(settings: Settings) -> str:
    optimized = records.read(paths.record(settings, "optimize")) or {}
    builder = sandboxes.kind(settings)
    return records.digest([FORMAT, optimized.get("tree"), identity.input_hash(settings, builder)])


def run(settings: Settings) -> records.Record:
    """Write the zip under a temporary name, read it back, move it into place. BuildError."""
    started, former = time.monotonic(), records.read(paths.record(settings, "zip")) or {}
    record = pack(paths.tree(settings, "optimize"), paths.layer_zip(settings))
    unchanged = former.get("sha256") == record["sha256"] and "built" in former
    parts = identity.parts(settings, sandboxes.kind(settings))
    record |= {
        "fingerprint": fingerprint(settings),
        "built": former["built"] if unchanged else datetime.now(UTC).strftime("%Y%m%d-%H%M%S"),
        "inputs": parts,
        "input": records.digest(parts),
    }
    records.write(paths.record(settings, "zip"), record)
    say(
        f"{paths.layer_zip(settings)}: {size(record['bytes'])}, {record['files']} files, "
        f"{size(record['unzipped'])} unzipped, in {duration(time.monotonic() - started)}"
        + (" – the same as before" if unchanged else "")
    )
    return record


def pack(tree: Path, target: Path) -> records.Record:
    """{"sha256", "bytes", "unzipped", "files"} of the zip made of `tree` at `target`."""
    files = list(trees.walk(tree)) if tree.is_dir() else []
    if not files:
        raise BuildError(f"{tree} holds no file", fix="run `doit` to build it")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        total = sum(path.lstat().st_size for path in files)
        with os.fdopen(handle, "wb") as file, progress("packing", total) as advance:
            unzipped = archive.write_zip(tree, files, file, advance)
        check(temporary, unzipped)
        temporary.chmod(0o644)
        facts = {"sha256": records.file_digest(temporary), "bytes": temporary.stat().st_size}
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return facts | {"unzipped": unzipped, "files": len(files)}


def check(path: Path, unzipped: int) -> None:
    """Read the zip back with another implementation. BuildError when it is not whole."""
    with zipfile.ZipFile(path) as archive_:
        bad = archive_.testzip()
        found = sum(member.file_size for member in archive_.infolist())
    if bad or found != unzipped:
        detail = f"{bad} is damaged" if bad else f"{found} of {unzipped} bytes"
        fix = "check the disk and run the same command again"
        raise BuildError(f"the zip does not read back: {detail}", fix=fix)
