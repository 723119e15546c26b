"""What the base image lacks for a build: uv, and libdeflate for the layer's Python.

They are this machine's own where these are for the layer's platform, too, else wheels of the same
versions, fetched once for each platform.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from ...requirements.tags import MACHINES, platform_tag
from ...settings import paths
from ...settings.model import Settings
from ...util.errors import BuildError
from .. import temp_dirs

GLIBC = range(17, 27)  # 2.n; Amazon Linux 2, the oldest of Lambda's systems, has 2.26


def uv(settings: Settings) -> Path:
    """The program. BuildError as `fetched`."""
    if _fits("uv", settings):
        from uv import find_uv_bin

        return Path(find_uv_bin())
    return fetched("uv", settings) / "bin" / "uv"


def uv_name(settings: Settings) -> str:
    """Another one for another program."""
    return f"uv-{metadata.version('uv')}-{settings.architecture}"


def libdeflate(settings: Settings) -> dict[str, bytes | Path]:
    """{path: file} of the package, to be laid below {tools}. BuildError as `fetched`."""
    if _fits("deflate", settings):
        return own_libdeflate(settings)
    return _files(fetched("deflate", settings) / "deflate")


def own_libdeflate(settings: Settings) -> dict[str, bytes | Path]:
    """The same for who can do without: nothing where this machine's is for another platform."""
    if not _fits("deflate", settings):
        return {}
    import deflate

    return _files(Path(deflate.__file__).parent)


def _files(folder: Path) -> dict[str, bytes | Path]:
    return {f"tools/deflate/{each.name}": each for each in folder.iterdir() if each.is_file()}


@cache
def _fits(name: str, settings: Settings) -> bool:
    """Is the wheel that is installed here one for the layer's platform?"""
    text = metadata.distribution(name).read_text("WHEEL") or ""
    tags = {line.removeprefix("Tag: ") for line in text.splitlines() if line.startswith("Tag: ")}
    return not tags.isdisjoint(_tags(settings))


def _tags(settings: Settings) -> Iterable[str]:
    from packaging.tags import compatible_tags, cpython_tags

    machine = MACHINES[settings.architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC]
    major, minor = map(int, settings.python.split("."))
    tags = [*cpython_tags((major, minor), platforms=platforms)]
    return {str(tag) for tag in (*tags, *compatible_tags((major, minor), platforms=platforms))}


def fetched(name: str, settings: Settings) -> Path:
    """Where its wheel is unpacked, of the version that is installed here. BuildError in uv's
    words."""
    from uv import find_uv_bin

    version, platform = metadata.version(name), platform_tag(settings)
    target = (paths.TOOLS / f"{name}-{version}-{settings.python}-{platform}").absolute()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    half, held = temp_dirs.hold(target.parent, "fetching-")
    try:
        words = ["pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
        words += ["--target", str(half), "--python", sys.executable]
        words += ["--python-platform", platform, "--python-version", settings.python]
        words.append(f"{name}=={version}")
        done = subprocess.run([find_uv_bin(), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(
                f"{name} {version} for {platform}, which packs the layer, cannot be fetched:\n"
                f"{done.stderr.strip()[-500:]}",
                fix="check the network and UV_DEFAULT_INDEX",
            )
        half.replace(target)
    except OSError:
        if not target.is_dir():  # another run was quicker
            raise
    finally:
        temp_dirs.remove(half)
        os.close(held)
    return target
