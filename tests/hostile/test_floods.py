"""Packages that end for others, never end, or flood: the build goes on, and says which it was."""

import time

import pytest

from tests import reliability_counts as kinds
from tests.functional.test_words import is_harmless
from tests.hostile import ground
from tests.hostile.ground import Ground

pytestmark = pytest.mark.docker
FORGES = """
import json, os
for number in range(3, 64):
    for line in (0, [0, "", 0, []], 1, [1, "", 0, []]):
        try: os.write(number, json.dumps(line).encode() + b"\\n")
        except OSError: pass
"""
FLOODS = {
    "says_much": "import os\nfor _ in range(2000):\n"
    "    os.write(1, b'A' * 9999)\n    os.write(2, b'B\\n')\n",
    "fails_at_length": "raise ImportError('A\\x1b[31m' * 3_000_000)\n",
    "forks": "import os, time\nfor _ in range(64):\n    if os.fork() == 0:\n"
    "        time.sleep(90)\n        os._exit(0)\n",
    "threads": "import threading, time\nfor _ in range(200):\n"
    "    threading.Thread(target=time.sleep, args=[90], daemon=False).start()\n",
    "stops_itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "closes_all": "import os\nos.closerange(0, 256)\n",
    "ends_early": "import os\nos._exit(0)\n",
    "raises_exit": "raise SystemExit(0)\n",
    "takes_memory_up": "import resource\ntry: A = bytearray(1 << 44)\nexcept MemoryError: pass\n",
    "recurses": "import sys\nsys.setrecursionlimit(10 ** 6)\ndef f(): return f()\n"
    "try: f()\nexcept RecursionError: pass\n",
}


def test_floods(grounds: Ground) -> None:
    """All in one build. It ends, in words, and well within what a person would wait."""
    before, started = grounds.seen(), time.monotonic()
    wanted = [grounds.package(name, code) for name, code in FLOODS.items()]
    with ground.held([kinds.FLOODS] * len(wanted)):
        _, run = grounds.build("floods", [*wanted, "victim==1.0"])
        assert run.code == 1
        assert "✗ verify failed" in run.output
        assert is_harmless(run.output)
        assert len(run.output) < 100_000
        assert time.monotonic() - started < 300
        grounds.check(before, run.output)


@pytest.mark.parametrize("end", ["", "os._exit(0)\n"], ids=["goes on", "ends"])
def test_a_package_answers_for_itself_alone(grounds: Ground, end: str) -> None:
    """A broken package beside one that forges fails all the same, and the fault is the broken
    one's."""
    before = grounds.seen()
    forger = grounds.package("a_forger", FORGES + end)
    broken = grounds.package("z_broken", "raise ImportError('as broken as ever')\n")
    with ground.held([kinds.VERDICTS]):
        _, run = grounds.build(f"forged{len(end)}", [forger, broken, "victim==1.0"])
        assert run.code == 1, run.output
        assert "z-broken: ImportError: as broken as ever" in run.output, run.output
        grounds.check(before, run.output)


@pytest.mark.long
def test_what_never_ends(grounds: Ground) -> None:
    """Each waits for as long as it may, and no longer."""
    before, started = grounds.seen(), time.monotonic()
    sleeps = "import time\ntime.sleep(10_000)\n"
    spins = "while True: pass\n"
    ignores = f"import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n{sleeps}"
    codes = {"sleeps": sleeps, "spins": spins, "ignores": ignores}
    wanted = [grounds.package(name, code) for name, code in codes.items()]
    with ground.held([kinds.FLOODS] * len(wanted)):
        _, run = grounds.build("never", [*wanted, "victim==1.0"])
        assert run.code == 1
        assert run.output.count("no end after 60 s") == len(wanted), run.output
        assert time.monotonic() - started < 400
        grounds.check(before, run.output)
