"""dist-info cut down to what importlib.metadata answers from.

METADATA keeps its headers (name, version, requires, licence, …) and loses the long description,
nine tenths of it. RECORD keeps the files that stay and loses the hashes, which pip alone checks,
which compress badly, and which stripping makes wrong. `files()` and `packages_distributions()`
read it.
"""

import csv
import io
import re
from collections.abc import Container

_END_OF_HEADERS = re.compile(r"\r?\n\r?\n")


def cut_down(name: str, content: str, stay: Container[str], only: Container[str] = ()) -> str:
    """METADATA or RECORD as it goes into the layer. `stay` are the paths that will be there, `only`
    those whose bytecode will."""
    if name == "METADATA":
        return _END_OF_HEADERS.split(content, maxsplit=1)[0].rstrip() + "\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    csv.field_size_limit(len(content) + 1)  # a path may be as long as it likes
    for row in csv.reader(io.StringIO(content, newline="")):
        if row and row[0] in stay:
            writer.writerow([f"{row[0]}c" if row[0] in only else row[0], "", ""])
    return out.getvalue()
