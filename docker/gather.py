"""A zip of files as they were installed, for where the layer's code runs: there is nothing else.

    gather.py APART REQUEST RESULT

APART/<key> is a distribution as installed, REQUEST {path: key} (JSON), RESULT the zip, in which the
files lie below python/. They are not packed: the zip travels once, over a connection of this
machine's.
"""

import json
import sys
import zipfile
from pathlib import Path


def main(apart: str, request: str, result: str) -> None:
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    with zipfile.ZipFile(result, "w") as archive:
        for name, key in asked.items():
            source = Path(apart, key, name)
            if source.is_symlink() or not source.is_file():
                continue
            member = zipfile.ZipInfo(f"python/{name}")
            member.external_attr = (0o755 if source.stat().st_mode & 0o111 else 0o644) << 16
            archive.writestr(member, source.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
