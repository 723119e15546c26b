"""dist-info cut down to what importlib.metadata answers from.

METADATA keeps its headers (name, version, requires, licence, …) and loses the long description,
nine tenths of it. RECORD keeps the files that stay and loses the hashes, which pip alone checks,
which compress badly, and which stripping makes wrong; `files()` and `packages_distributions()`
read it.
"""

import csv
import io
import re
from collections.abc import Container
from pathlib import Path, PurePosixPath

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def cut_down(file: Path, path: str, stay: Container[str]) -> bytes | None:
    """The content of a dist-info file as it goes into the layer; None when it goes as it is.
    `path` is its place below `python/`, `stay` are the paths that will be there."""
    place = PurePosixPath(path)
    if place.parent.suffix != ".dist-info" or place.name not in ("METADATA", "RECORD"):
        return None
    if place.name == "METADATA":
        return _END_OF_HEADERS.split(file.read_bytes(), maxsplit=1)[0].rstrip() + b"\n"
    return _record(file.read_bytes(), place.parent.parent, stay)


def _record(content: bytes, root: PurePosixPath, stay: Container[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in csv.reader(io.StringIO(content.decode(errors="surrogateescape"), newline="")):
        if row and str(root / row[0]) in stay:
            writer.writerow([row[0], "", ""])
    return out.getvalue().encode(errors="surrogateescape")
