"""`doit dist`: wheel and source distribution, as they are released."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tasks.context.doit_actions import action
from tasks.ui.console import say, size
from tasks.util import subprocesses
from tasks.util.errors import BuildError
from tasks.util.version import VERSION

DIST = Path("dist")


def task_dist() -> dict[str, object]:
    """Build wheel and source distribution into dist/."""
    return {"actions": [action(lambda: build_distributions(DIST, os.environ))]}


def build_distributions(target: Path, environ: Mapping[str, str]) -> list[Path]:
    """What was built, with the backend that doitw.lock pins (so in no environment of its own). The
    files' times are SOURCE_DATE_EPOCH's (reproducible-builds.org), else the last commit's."""
    from uv import find_uv_bin

    done = subprocess.run(
        [find_uv_bin(), "build", "--no-config", "--no-build-isolation", "--python", sys.executable,
         "--out-dir", str(target)],
        env={"SOURCE_DATE_EPOCH": subprocesses.last_change(), **environ}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BuildError(
            f"uv build failed:\n{done.stdout}",
            fix="look at pyproject.toml, which describes the package",
        )
    built = sorted(target.glob(f"*-{VERSION}[-.]*"))
    for path in built:
        say(f"{path}: {size(path.stat().st_size)}")
    return built
