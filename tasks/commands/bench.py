"""`doit bench`: the figures in README.md, measured again, each side by side with its peer."""

import sys


def task_bench() -> dict[str, object]:
    """Measure sizes, import times and packing beside their peers (several minutes)."""
    return {
        "actions": [[sys.executable, "-m", "bench.sizes"]],
        "task_dep": ["install"],
        "verbosity": 2,
    }
