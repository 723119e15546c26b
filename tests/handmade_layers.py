"""Small layers made by hand, through the real steps, on this machine."""

import shutil
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import builder
from tasks.layer.installed import Installed, InstalledDistribution
from tasks.sandbox import choose
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.settings.step_records import VerifyRecord, ZipRecord
from tasks.steps import install, optimize, prune, verify
from tasks.steps import zip as zip_step
from tasks.util.errors import VerifyError
from tests import handmade_wheels, sandbox_scripts

DOCKER = Path(__file__).parents[1] / "docker"


def project(folder: Path, patch: pytest.MonkeyPatch) -> Settings:
    """An empty project whose sandbox is this machine."""
    patch.chdir(folder)
    patch.setenv("UV_CACHE_DIR", str(folder / "cache"))
    builder.choose.cache_clear()  # another test's, in another folder
    choose.choose.cache_clear()
    shutil.copytree(DOCKER, paths.DOCKER)
    return Settings(layer="t", builder="host")


def listen(patch: pytest.MonkeyPatch) -> list[str]:
    """What verify tells a person, from now on."""
    lines: list[str] = []
    patch.setattr(verify, "say", lines.append)
    return lines


def metadata(name: str, version: str = "1.0", more: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}"


def tree(root: Path, files: Mapping[str, str]) -> Installed:
    """The files as one distribution `pkg`, written below `root` and read as the sandbox does."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    facts = sandbox_scripts.load("inspect_installed")
    folder = "pkg-1.0.dist-info"
    read = (
        name
        for name, text in files.items()
        if facts.is_code(name) or facts.is_index(name, len(text))
    )
    code = [f"./{name}" for name in sorted(read)]
    found = InstalledDistribution(
        key="k",
        pin="k",
        name="pkg",
        version="1.0",
        folder=folder,
        files={name: ((root / name).stat().st_size, False) for name in files},
        hashes={},
        texts={name: files.get(f"{folder}/{name}", "") for name in ("METADATA", "RECORD")},
        links={},
        inits=dict(facts.inits(str(root), {name: len(text) for name, text in files.items()})),
        targets=facts.targets(files.get(f"{folder}/entry_points.txt", "")),
        licenses={
            name: files[name]
            for name in files
            if sandbox_scripts.load("license_files").is_license(name)
        },
        programs=tuple(
            name for name in files if name.startswith("bin/") and not facts._is_script(root / name)
        ),
        modules={
            name.removeprefix("./"): said
            for name, _, said in facts.read(str(root), code, {"."})
            if said
        },
    )
    return Installed((found,))


def trees(root: Path, packages: Mapping[str, Mapping[str, str]]) -> Installed:
    """Several: {name: files}."""
    found = {name: tree(root / name, files) for name, files in packages.items()}
    return Installed(
        tuple(replace(each.distributions[0], name=name) for name, each in found.items())
    )


def lay(settings: Settings, files: Mapping[str, str | bytes], programs: Sequence[str] = ()) -> None:
    """Install a wheel `pkg` of the files, the project's only requirement."""
    lay_wheels(settings, {"pkg": files}, programs)


def lay_wheels(
    settings: Settings,
    content: Mapping[str, Mapping[str, str | bytes]],
    programs: Sequence[str] = (),
) -> None:
    """Install several: {name: files}; `programs` among these can be executed."""
    folder = Path("wheels").absolute()
    for name, files in content.items():
        made = {
            path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()
        }
        handmade_wheels.wheel(folder, name, made, programs)
    lines = ["--no-index", f"--find-links {folder}", *content]
    Path(settings.requirements).write_text("\n".join(lines), encoding="utf-8")
    install.run(settings, lambda: builder.choose(settings))


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def rewrite(settings: Settings, change: Mapping[str, str], without: str = "") -> None:
    """Change the zip behind everybody's back: members by name, and those left out that have
    `without` in their name."""
    layer = paths.layer_zip(settings)
    with zipfile.ZipFile(layer) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(layer, "w") as archive:
        whole: dict[str, bytes | str] = {**content, **change}
        for name, data in whole.items():
            if not without or without not in name:
                archive.writestr(name, data)


def build(settings: Settings) -> VerifyRecord:
    """verify's record, after everything before it."""
    pack(settings)
    return verify.run(settings, lambda: builder.choose(settings))


def pack(settings: Settings) -> ZipRecord:
    """zip's record, after everything before it but install."""
    prune.run(settings)
    optimize.run(settings, lambda: builder.choose(settings))
    return zip_step.run(settings)


def left_in(folder: Path, expected: Sequence[Path] = ()) -> list[Path]:
    """What lies in it when those who clear up in the background have had time to."""
    deadline = time.monotonic() + 20
    while (found := list(folder.iterdir())) != list(expected) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def refused(settings: Settings) -> VerifyError:
    """The error; nothing counts as proven, nothing is left lying about."""
    with pytest.raises(VerifyError) as caught:
        build(settings)
    assert not paths.record(settings, "verify").exists()
    assert [path.name for path in paths.BUILD.iterdir() if path.name.startswith(".")] == []
    return caught.value
