"""The input hash: what decides the layer's content, known without Docker and without network."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from ..chalice_project.source import imports as app_imports
from ..requirements import file, host_python
from ..settings import paths
from ..settings.model import Settings
from ..util import files
from . import traced_files
from .prune import recipes, rules

FORMAT = 2  # raise when the builder itself changes what it makes of the same inputs
# What runs in the sandbox and shapes the layer.
BUILDER_FILES = (
    "elf.py",
    "inspect_installed.py",
    "fork_pool.py",
    "optimize.py",
    "compress.py",
    "byte_search.py",
    "license_files.py",
    "code_text.py",
    "code_words.py",
    "folder_references.py",
    "module_references.py",
    "source_words.py",
    "strip_libraries.py",
)


def environment(settings: Settings, builder: str) -> dict[str, str]:
    """{part: its value, or its sha256} of what any distribution is built with. `builder`: `docker`
    or `host`."""
    image, scripts = _builder(builder, settings)
    return {
        "format": str(FORMAT),
        "packer": version("deflate"),
        "python": settings.python,
        "architecture": settings.architecture,
        "image": image,
        "scripts": scripts,
    }


def workplace(settings: Settings, builder: str, image: str = "") -> dict[str, str]:
    """`environment`, and exactly which tools make it so: what the store's keys rest on. Other
    machines take from it, too. `image`: exactly which one, with its Python."""
    if builder == "docker":
        exact = {"image": exact_image(settings) or image or settings.base_image}
    else:
        exact = {
            "python": host_python.version(settings.python) or platform.python_version(),
            "libc": _libc(),
        }
    return environment(settings, builder) | {"uv": version("uv")} | exact


def _libc() -> str:
    """`glibc 2.36`. Others do not say their version."""
    try:
        return str(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):
        return "musl"


def exact_image(settings: Settings, digest: str = "") -> str:
    """`name@sha256:…` of the base image, as engines write it. '' where neither its name, the lock
    nor `digest` says it."""
    name, _, said = settings.base_image.partition("@")
    digest = said or digest
    tagged = ":" in name.rpartition("/")[2]
    return f"{name.rpartition(':')[0] if tagged else name}@{digest}" if digest else ""


def install_parts(settings: Settings, builder: str) -> dict[str, str]:
    """The same of what `install` works from."""
    return environment(settings, builder) | {"requirements": files.digest(packages(settings))}


def parts(settings: Settings, builder: str) -> dict[str, str]:
    """The same of everything that decides the layer's content: two layers that differ in their
    input hash differ in one of these."""
    return {
        **install_parts(settings, builder),
        "rules": recipes.fingerprint(settings),
        "strip": str(settings.strip),
        "bytecode": settings.bytecode,
        "licenses": settings.licenses,
        "reserve": str(settings.reserve),
        "compression": settings.compression,
        **({"package": settings.package} if settings.is_image else {}),
        **({"splice": "True"} if settings.is_image and settings.splice else {}),
        **named_by_app(settings),
        **traced_files.part(settings, builder),
    }


def named_by_app(settings: Settings) -> dict[str, str]:
    """Modules which the app or its check imports and a prune rule would take by their names,
    programs that they call, and files of packages that they read. An app without any has no such
    part, and the input hash that it always had."""
    found = app_imports.of_app_and_programs(Path(), rules.FOLDERS, settings.check, rules.SUFFIXES)
    return {"app-imports": " ".join(found)} if found else {}


def install_inputs(settings: Settings, builder: str) -> str:
    """sha256 of what `install` works from."""
    return files.digest(install_parts(settings, builder))


def input_hash(settings: Settings, builder: str) -> str:
    """sha256 of everything that decides the layer's content."""
    return files.digest(parts(settings, builder))


def packages(settings: Settings) -> list[str]:
    """The lock's lines, or without a lock the requirements'."""
    lock = Path(settings.lock)
    source = lock if lock.is_file() else Path(settings.requirements)
    return file.normalised(file.read_requirements(source))


def _builder(builder: str, settings: Settings) -> tuple[str, str]:
    """Which image ('' for the host), and a digest of what makes and runs in it."""
    docker = builder == "docker"
    names = ["Dockerfile"] * docker + list(BUILDER_FILES)
    scripts = [(paths.DOCKER / name).read_text(encoding="utf-8") for name in names]
    return settings.base_image if docker else "", files.digest(scripts)
