"""tasks/__main__.py: Ctrl-C while the program is only starting."""

import subprocess
import sys

import pytest

from tests.project import ROOT

PRESSED = """
import sys
when = sys.argv[1]
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == when:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from tasks.__main__ import main
sys.argv[1:] = ["help"]
sys.exit(main())
"""


@pytest.mark.parametrize("module", ["tasks.ui.streams", "tasks.cli.program", "doit", "sqlite3"])
def test_it_is_one_line_whenever_it_is_pressed(module: str) -> None:
    """No traceback of ours, and a status that says it."""
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, module],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "stopped\n→ run it again: finished steps are kept\n"
