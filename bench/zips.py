"""The size of this project's zip beside `zip -9` of the same tree."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import packers
from bench.checkouts import Checkout
from bench.measure import run
from tasks.util.errors import BuildError, LayerError

SMALLEST = 'compression = "max"'


def compare(full: Checkout) -> dict[str, int]:
    """Bytes: `default`, `zip -9` of what is in it, and `max`. What cannot be made is left out."""
    found: dict[str, int] = {}
    try:
        run(full.doitw("zip"))
        found |= {"default": full.zip().stat().st_size, "zip -9": _by_zip(full.zip())}
        smallest = Checkout("max", full.builder, SMALLEST)
        run(smallest.doitw("zip"))
        found["max"] = smallest.zip().stat().st_size
    except LayerError as error:
        print(f"sizes not compared to the end: {error}", file=sys.stderr)
    return found


def _by_zip(made: Path) -> int:
    missing = [program for program in ("zip", "unzip") if not shutil.which(program)]
    if missing:
        raise BuildError(f"no {' and no '.join(missing)} here", fix="install it (apt-get install)")
    with tempfile.TemporaryDirectory(prefix="doit-lambda-layer-bench-") as folder:
        subprocess.run(["unzip", "-q", made, "-d", folder], check=True)
        return packers.pack(Path(folder), "zip -9").bytes
