"""What an app's dodo.py imports, as `init` writes it now and as it wrote it before."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BEFORE = "import tasks.commands.plan  # the room is loaded\n"


@pytest.mark.parametrize(
    "dodo",
    [
        "from tasks import DOIT_CONFIG, commands\n",
        "from tasks.contents import DOIT_CONFIG, commands\n",
        f"{BEFORE}from tasks import DOIT_CONFIG, commands\n",
    ],
    ids=["now", "of the release before", "with the room loaded"],
)
def test_doit_finds_every_command(tmp_path: Path, dodo: str) -> None:
    """Plain doit, which knows nothing of us; once each."""
    (tmp_path / "dodo.py").write_text(f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{dodo}")
    listed = subprocess.run(
        [sys.executable, "-m", "doit", "list", "--quiet"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert listed[:3] == ["deploy", "plan", "build"]
    assert len(listed) == len({*listed})
