"""`python -m devtools.build_modules`: how many of our modules a build of one pinned line goes
through, and which, room by room. It builds `six==1.17.0` on this machine."""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MARK = "module of ours: "
FILES = {
    "dodo.py": "from tasks import DOIT_CONFIG, commands\n",
    "requirements-all.txt": "six==1.17.0\n",
    "requirements.txt": "",
    "app.py": "from chalice import Chalice\n\napp = Chalice(app_name='one')\n",
    ".chalice/config.json": '{"version": "2.0", "app_name": "one", "stages": {"dev": {}}}\n',
    "pyproject.toml": "[tool.lambda-layer]\nlayer = 'one'\nbuilder = 'host'\n",
}
BUILD = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.argv = ["doit", "build"]
from tasks.__main__ import run
status = run(sys.argv[1:])
for name in sorted(sys.modules):
    if name.split(".")[0] == "tasks":
        print({MARK!r} + name)
sys.exit(status)
"""


def modules(folder: Path) -> list[str]:
    """Imported by the process that builds. RuntimeError where the build fails."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "docker").symlink_to(ROOT / "docker")  # a checkout has the scripts beside dodo.py
    done = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    lines = done.stdout.splitlines()
    return [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = modules(Path(folder))
    rooms = Counter(name.split(".")[1] for name in found if "." in name)
    for room, count in rooms.most_common():
        print(f"{count:4} {room}")
    print(f"{len(found):4} modules")


if __name__ == "__main__":
    main()
