"""A zip of files as they were installed, for where the layer's code runs: there is nothing else.

    gather.py files APART RESULT REQUEST
    gather.py all FOLDER RESULT

APART/<key> is a distribution as installed, REQUEST {path: key} (JSON), RESULT the zip, in which the
files lie below python/. With `all` a folder's files as they lie there. They are not packed: the zip
travels once, over a connection of this machine's.
"""

import json
import sys
import zipfile
from pathlib import Path


def main(what: str, folder: str, result: str, *request: str) -> None:
    root = Path(folder)
    if what == "all":
        named = {str(path.relative_to(root)): path for path in root.rglob("*")}
    else:
        asked = json.loads(Path(request[0]).read_text(encoding="utf-8"))
        named = {f"python/{name}": root / key / name for name, key in asked.items()}
    with zipfile.ZipFile(result, "w") as archive:
        for name, source in named.items():
            if source.is_symlink() or not source.is_file():
                continue
            member = zipfile.ZipInfo(name)
            member.external_attr = (0o755 if source.stat().st_mode & 0o111 else 0o644) << 16
            archive.writestr(member, source.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
