"""`doit bench`: the figures of README.md and docs/bench.md, measured again beside the peers."""

import sys
from collections.abc import Iterator

PARTS = {
    "speed": "time and memory beside the other builders",
    "scale": "time and memory against the layer's size",
    "sizes": "sizes and import times, packing compared",
}
ALONE = {
    "sets": "Build other requirement sets with the built-in rules alone.",
    "readme": "Put the last measurements into README.md, docs/bench.md and docs/bench/.",
}


def task_bench() -> Iterator[dict[str, object]]:
    """Measure this project beside the other builders (about half an hour)."""
    for part, doc in PARTS.items():
        yield {"name": part, "doc": doc, **_run(part)}
    for part, doc in ALONE.items():
        yield {"basename": f"bench-{part}", "doc": doc, **_run(part)}


def _run(part: str) -> dict[str, object]:
    return {"actions": [[sys.executable, "-m", "bench", part]], "verbosity": 2}
