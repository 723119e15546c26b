"""`doit bench`: the figures of README.md and docs/bench.md, measured again beside the peers."""

import sys
from collections.abc import Iterator

PARTS = {
    "speed": "Measure time and memory beside the other builders.",
    "fresh": "Measure fresh clones, machines and CI runners.",
    "scale": "Measure time and memory against the layer's size.",
    "sizes": "Compare sizes, import times and packing.",
    "images": "Measure images beside docker build.",
}
ALONE = {
    "sets": "Build other requirement sets with built-in rules.",
    "readme": "Write the last measurements into README and docs.",
}


def task_bench() -> Iterator[dict[str, object]]:
    """Measure this project beside others (half an hour)."""
    for part, doc in PARTS.items():
        yield {"name": part, "doc": doc, **_run(part)}
    for part, doc in ALONE.items():
        yield {"basename": f"bench-{part}", "doc": doc, **_run(part)}


def _run(part: str) -> dict[str, object]:
    return {"actions": [[sys.executable, "-m", "bench", part]], "verbosity": 2}
