"""zip: build/<layer>.zip, put together from finished parts: the same bytes for the same content."""

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from ..context.doit_actions import action
from ..context.settings import current
from ..layer import input_hash
from ..layer.archive import zip_writer
from ..layer.contents import members
from ..layer.part import Member
from ..sandbox import choose
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import OptimizeRecord, ZipRecord
from ..ui.console import duration, progress, say, size
from ..util import files
from ..util.errors import BuildError

FORMAT = 2  # raise when this step makes other bytes of the same parts


def task_zip() -> dict[str, object]:
    """Put the layer together in build/<layer>.zip."""
    settings = current()
    record = paths.record(settings, "zip")
    return {
        "actions": [action(lambda: run(settings))],
        "file_dep": [str(paths.record(settings, "optimize"))],
        "targets": [str(paths.layer_zip(settings)), str(record)],
        "uptodate": [
            records.is_fresh(settings, ZipRecord, lambda: fingerprint(settings)),
            lambda: files.is_whole(paths.layer_zip(settings), record),
        ],
    }


def fingerprint(settings: Settings) -> str:
    optimized = records.read(settings, OptimizeRecord)
    builder = choose.kind(settings)
    made = [optimized.parts, optimized.made] if optimized else [None, None]
    return files.digest([FORMAT, *made, input_hash.input_hash(settings, builder)])


def run(settings: Settings) -> ZipRecord:
    """Write the zip under a temporary name, move it into place. BuildError."""
    started, former = time.monotonic(), records.read(settings, ZipRecord)
    packed = pack(members(settings), paths.layer_zip(settings), large=settings.is_image)
    built = former.built if former and former.sha256 == packed["sha256"] else ""
    made_from = input_hash.parts(settings, choose.kind(settings))
    record = ZipRecord(
        **packed,
        fingerprint=fingerprint(settings),
        built=built or datetime.now(UTC).strftime("%Y%m%d-%H%M%S"),
        inputs=made_from,
        input=files.digest(made_from),
    )
    records.write(settings, record)
    say(
        f"{paths.layer_zip(settings)}: {size(record.bytes)}, {record.files} files, "
        f"{size(record.unzipped)} unzipped, in {duration(time.monotonic() - started)}"
        + (" – the same as before" if built else "")
    )
    return record


def pack(content: list[Member], target: Path, *, large: bool) -> files.Record:
    """{"sha256", "bytes", "unzipped", "files"} of the zip made of `content` at `target`. `large`:
    Lambda does not get it, an image is proven from it."""
    if not content:
        raise BuildError("the layer holds no file", fix="see `drop` in [tool.lambda-layer]")
    if target.is_dir() and not target.is_symlink():
        raise BuildError(f"{target} is a folder", fix="move it away, then run the command again")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        packed = sum(each.packed for each in content)
        with os.fdopen(handle, "wb") as file, progress("writing", packed) as advance:
            zip_writer.write_zip(content, file, advance, large=large)
        temporary.chmod(0o644)
        facts = {"sha256": files.file_digest(temporary), "bytes": temporary.stat().st_size}
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    unzipped = sum(each.size for each in content)
    return facts | {"unzipped": unzipped, "files": len(content)}
