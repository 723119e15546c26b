"""What a layer tells where nothing of it can run: another machine's, or another Python's.

    inspect_foreign.py OPT REQUEST    a JSON file. What it found is its last line, behind `= `

REQUEST: docker/probe.py's. Found: as probe.py's, in which nothing was imported or loaded. It says
whose files it reads (`~ name`). Standard library only.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import probe

NOTHING = {"imports": {}, "loads": {}, "compiled": 0, "missed": [], "needs": {}, "others": {},
           "seen": {}, "hides": {}, "hidden": {}}  # fmt: skip


def main(opt: str, request: str) -> None:
    batches = json.loads(Path(request).read_text(encoding="utf-8"))["batches"]
    found = {}
    for name, each in batches.items():
        print("~", name, flush=True)
        found[name] = NOTHING | probe.read(opt, each)
    print(f"= {json.dumps(found)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
