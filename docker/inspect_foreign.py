"""What a layer tells where nothing of it can run: another machine's, or another Python's.

    inspect_foreign.py OPT REQUEST    a JSON file; what it found is its last line, behind `= `

REQUEST: {"batches": as docker/probe.py's, "target": {"machine": as `uname -m` names the layer's,
"glibc": [2, 34]}}. Found: as probe.py's, in which nothing was imported or loaded, and "foreign"
{path: machine} of libraries that are for another one. Standard library only.
"""

import json
import struct
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import probe

MACHINES = {62: "x86_64", 183: "aarch64"}  # ELF's e_machine


def main(opt: str, request: str) -> None:
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    batches, target = asked["batches"], asked["target"]
    found = {name: read(opt, each, target) for name, each in batches.items()}
    print(f"= {json.dumps(found)}", flush=True)


def read(opt: str, batch: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    """Of one distribution."""
    glibc, folder = tuple(target["glibc"]), batch["folder"]
    made_for = {path: machine(Path(opt, "python", path)) for path in batch["libraries"]}
    return {
        "imports": {},
        "loads": {},
        "glibc": {path: needed for path in made_for if (needed := probe.newer(opt, path, glibc))},
        "compiled": 0,
        "missed": [],
        "metadata": probe.metadata(Path(opt, "python", folder)) if folder else "",
        "foreign": {p: name for p, name in made_for.items() if name not in ("", target["machine"])},
    }


def machine(library: Path) -> str:
    """That it is for; '' of what is no ELF file, as a linker script."""
    with library.open("rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return ""
    (number,) = struct.unpack("<H" if head[5] == 1 else ">H", head[18:])
    return MACHINES.get(number, f"machine {number}")


if __name__ == "__main__":
    main(*sys.argv[1:])
