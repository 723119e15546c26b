"""docker/probe.py's list of what Lambda's runtime client has imported, against that client."""

import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tasks.requirements import host_python
from tests import sandbox_scripts

CLIENT = "awslambdaric>=4,<5"
# Lambda's bootstrap.py imports these, then the client; only then is a layer on sys.path.
ASK = """
import sys
if len(sys.argv) > 1:
    sys.path.insert(0, sys.argv[1])
    import os, site, time, traceback, warnings
    import awslambdaric.__main__
else:
    PRELOAD
names = {name.partition(".")[0] for name in sys.modules} & sys.stdlib_module_names
print(*sorted(name for name in sys.modules if name.partition(".")[0] in names), sep="\\n")
"""


def preload() -> str:
    """The statements of the script, as one."""
    text = (sandbox_scripts.FOLDER / "probe.py").read_text(encoding="utf-8")
    begin, end = text.index("import importlib\nimport sys"), text.index("RUNTIME = ")
    return text[begin:end].replace("\n", "\n    ")


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_the_same_modules_are_imported(tmp_path: Path, python: str) -> None:
    """Under every Python that is here; at least the tool's own is."""
    interpreter = host_python.interpreter(python)
    if not host_python.version(python):
        assert python != f"{sys.version_info[0]}.{sys.version_info[1]}"
        return
    install = [find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--python", interpreter]
    subprocess.run([*install, "--target", tmp_path / "client", CLIENT], check=True)
    script = tmp_path / "ask.py"
    script.write_text(ASK.replace("PRELOAD", preload()), encoding="utf-8")

    def modules(*arguments: object) -> set[str]:
        command = list(map(str, [interpreter, "-I", "-S", script, *arguments]))
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    client, ours = modules(tmp_path / "client"), modules()
    assert ours == client
