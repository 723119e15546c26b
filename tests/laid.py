"""Small trees made by hand, through the real prune, optimize, zip and verify, on this machine."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tasks.clients import sandboxes
from tasks.core import paths, records
from tasks.core.errors import VerifyError
from tasks.core.settings import Settings
from tasks.steps import install, optimize, prune, verify
from tasks.steps import zip as zip_step

DOCKER = Path(__file__).parents[1] / "docker"


def project(folder: Path, patch: pytest.MonkeyPatch) -> Settings:
    """An empty project whose sandbox is this machine."""
    patch.chdir(folder)
    shutil.copytree(DOCKER, paths.DOCKER)
    Path("requirements-all.txt").write_text("pkg\n", encoding="utf-8")
    return Settings(layer="t", builder="host")


def listen(patch: pytest.MonkeyPatch) -> list[str]:
    """What verify tells a person, from now on."""
    lines: list[str] = []
    patch.setattr(verify, "say", lines.append)
    return lines


def metadata(name: str, version: str = "1.0", more: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"


def lay(settings: Settings, files: dict[str, str | bytes], direct: str = "pkg") -> None:
    """install's tree and record: `files` below python/, each in its distribution's RECORD."""
    python = paths.tree(settings, "install") / "python"
    given = {f"{direct}-1.0.dist-info/METADATA": metadata(direct), **files}
    record_name = f"{direct}-1.0.dist-info/RECORD"
    given.setdefault(record_name, "".join(f"{name},,\n" for name in (*given, record_name)))
    for name, content in given.items():
        path = python / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    record = install.describe(paths.tree(settings, "install"), [direct])
    records.write(paths.record(settings, "install"), record)


def build(settings: Settings) -> Any:
    """verify's record, after everything before it."""
    prune.run(settings)
    optimize.run(settings, lambda: sandboxes.choose(settings))
    zip_step.run(settings)
    return verify.run(settings, lambda: sandboxes.choose(settings))


def refused(settings: Settings) -> VerifyError:
    """The error; nothing counts as proven, nothing is left lying about."""
    with pytest.raises(VerifyError) as caught:
        build(settings)
    assert not paths.record(settings, "verify").exists()
    assert [path.name for path in paths.BUILD.iterdir() if path.name.startswith(".")] == []
    return caught.value
