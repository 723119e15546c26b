"""The container's main process: keeps WORK for as long as the tool is connected, then removes it.

    keeper.py WORK

Standard input is the connection: it ends with the tool, however that ends, and so does the
container. Folders beside WORK that nobody keeps (the engine was killed) go at the start.
"""

import fcntl
import shutil
import sys
from pathlib import Path


def main(work: str) -> None:
    mine = Path(work)
    mine.mkdir(parents=True, exist_ok=True)
    mine.chmod(0o1777)
    with (mine / ".kept").open("w") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        print("ready", flush=True)
        for other in mine.parent.iterdir():
            if other != mine:
                remove_abandoned(other)
        sys.stdin.read()
        shutil.rmtree(mine, ignore_errors=True)


def remove_abandoned(work: Path) -> None:
    try:
        with (work / ".kept").open("a") as kept:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(work, ignore_errors=True)
    except OSError:
        return  # kept by another run, or just removed


if __name__ == "__main__":
    main(sys.argv[1])
