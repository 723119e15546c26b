"""Puts back into a layer what pruning took: then it is as it was installed, bytecode apart.

    restore.py OPT APART REQUEST

OPT/python is the layer, APART/<key> its distributions as installed, REQUEST {path: key} (JSON).
"""

import json
import os
import sys
from pathlib import Path


def main(opt: str, apart: str, request: str) -> None:
    for name, key in json.loads(Path(request).read_text(encoding="utf-8")).items():
        source, target = Path(apart, key, name), Path(opt, "python", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:  # another file system
            target.symlink_to(source)


if __name__ == "__main__":
    main(*sys.argv[1:])
