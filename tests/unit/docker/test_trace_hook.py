"""docker/trace_hook.py: what a process opens of the layer, by whichever name it has."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sandbox_scripts


@pytest.mark.parametrize("root", ["real", "link"])
@pytest.mark.parametrize("opened", ["real", "link"])
def test_a_layer_behind_a_link_is_seen(tmp_path: Path, root: str, opened: str) -> None:
    """`build/` may be one, or what it lies in."""
    for name in ("real", "hook", "notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real/x.txt").write_text("x")
    (tmp_path / "real/module.py").write_text("")
    shutil.copy(sandbox_scripts.FOLDER / "trace_hook.py", tmp_path / "hook/sitecustomize.py")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path / 'hook'}:{tmp_path / opened}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAYER_TRACE": str(tmp_path / "notes"),
        "LAYER_TRACE_ROOT": str(tmp_path / root),
    }
    code = f"import module; open({str(tmp_path / opened / 'x.txt')!r}).close()"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    [notes] = (tmp_path / "notes").iterdir()
    lines = {*notes.read_text().splitlines()}
    assert {"opened\tmodule.py", "opened\tx.txt", "read\tx.txt"} <= lines
    assert "read\tmodule.py" not in lines
