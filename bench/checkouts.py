"""Scratch checkouts of this project as it stands, in which the real ./doitw runs."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.measure import Command, run
from bench.peers import HERE
from tasks.context.settings import current
from tasks.sandbox import temp_dirs
from tasks.settings import local_access
from tasks.util.errors import BuildError

ROOT = Path(__file__).resolve().parents[1]
# What a build leaves in a checkout, its own store included: a checkout without them is fresh.
# Download caches (uv's folder, the cache volume) lie elsewhere and stay warm.
OWN = ("build", ".doit.sqlite3", ".layer-arn.txt", ".chalice/deployed", ".chalice/deployments")
HEADER = "[tool.lambda-layer]\n"
REQUIREMENTS = ("requirements-all.txt", "requirements-all.lock")
ADDRESS = "build/local/server.json"  # where `local-start` writes it


class Checkout:
    """One copy of the working tree. `builder`: `docker` or `host`."""

    def __init__(self, name: str, builder: str, *settings: str) -> None:
        self.path = (HERE / "work" / f"here-{builder}" / name).absolute()
        self.builder = builder
        self._settings = settings
        self.copy()

    def copy(self) -> None:
        """As a fresh clone, with `settings` (lines of TOML) and the tool's .venv in place."""
        shutil.rmtree(self.path, ignore_errors=True)
        for name in _listed():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        table = self.path / "pyproject.toml"
        text = table.read_text(encoding="utf-8")
        lines = "".join(f"{line}\n" for line in self._settings)
        table.write_text(text.replace(HEADER, HEADER + lines), encoding="utf-8")
        lend_tools(self.path)

    def empty(self) -> None:
        """Forget all that was built here."""
        for name in OWN:
            gone = self.path / name
            temp_dirs.remove(gone) if gone.is_dir() else gone.unlink(missing_ok=True)

    def put(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.path / name).write_text(text, encoding="utf-8")

    def doitw(self, *words: str, **environment: str) -> Command:
        """Its store is its own, unless `environment` says otherwise."""
        named = ("./doitw", *words, f"builder={self.builder}")
        around = {"LAYER_STORE": "build", **environment}
        return Command(words=named, folder=self.path, environment=around)

    def locked(self, requirements: str, **environment: str) -> dict[str, str]:
        """Both files of these requirements: as they are written, and with every package pinned."""
        self.put({REQUIREMENTS[0]: requirements})
        run(self.doitw("lock", **environment))
        return {name: (self.path / name).read_text(encoding="utf-8") for name in REQUIREMENTS}

    def zip(self) -> Path:
        found = sorted((self.path / "build").glob("*.zip"))
        if not found:
            raise BuildError(f"no zip in {self.path / 'build'}", fix="see bench.log beside it")
        return found[0]

    def aws(self) -> dict[str, str]:
        """Start the emulator of this checkout. The variables that make it the AWS of any stage."""
        run(self.doitw("local-start"))
        access = local_access.read(self.path / ADDRESS)
        if access is None:
            raise BuildError(f"no emulator runs in {self.path}", fix="see bench.log in it")
        address = access.url.replace("://", f"://{access.key}:{access.secret}@")
        return {"LAYER_LOCAL_AWS": address, **access.variables(current().region)}

    def stop_aws(self) -> None:
        if (self.path / ADDRESS).is_file():
            run(self.doitw("local-stop"))


def lend_tools(checkout: Path) -> None:
    """The tool's own packages as its .venv, under a stamp that its ./doitw takes for its own."""
    venv = checkout / ".venv"
    venv.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != "stamp":
            (venv / entry.name).symlink_to(entry)
    words = ["cksum", "pyproject.toml", "doitw.lock"]
    done = subprocess.run(words, cwd=checkout, stdout=subprocess.PIPE, text=True, check=True)
    sums = [line.split()[0] for line in done.stdout.splitlines()]
    (venv / "stamp").write_text(" ".join(sums), encoding="utf-8")


def _listed() -> list[str]:
    """What git knows here and would know: the working tree, uncommitted changes included."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    names = done.stdout.decode().split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]
