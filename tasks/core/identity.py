"""The input hash: what decides the layer's content, known without Docker and without network."""

from pathlib import Path

from tasks.core import paths, recipes, records, requirements
from tasks.core.settings import Settings

FORMAT = 1  # raise when the builder itself changes what it makes of the same inputs
BUILDER_FILES = ("Dockerfile", "optimize.py")  # what runs in the image and shapes the layer


def install_parts(settings: Settings, builder: str) -> dict[str, str]:
    """{part: its value, or its sha256} of what `install` works from. `builder`: `docker` or
    `host`."""
    image, scripts = _builder(builder, settings)
    return {
        "format": str(FORMAT),
        "requirements": records.digest(packages(settings)),
        "python": settings.python,
        "architecture": settings.architecture,
        "image": image,
        "scripts": scripts,
    }


def parts(settings: Settings, builder: str) -> dict[str, str]:
    """The same of everything that decides the layer's content: two layers that differ in their
    input hash differ in one of these."""
    return {
        **install_parts(settings, builder),
        "rules": recipes.fingerprint(settings),
        "strip": str(settings.strip),
        "bytecode": settings.bytecode,
    }


def install_inputs(settings: Settings, builder: str) -> str:
    """sha256 of what `install` works from."""
    return records.digest(install_parts(settings, builder))


def input_hash(settings: Settings, builder: str) -> str:
    """sha256 of everything that decides the layer's content (the seed's requirements hash)."""
    return records.digest(parts(settings, builder))


def packages(settings: Settings) -> list[str]:
    """The lock's lines, or without a lock the requirements'."""
    lock = Path(settings.lock)
    source = lock if lock.is_file() else Path(settings.requirements)
    return requirements.normalised(requirements.read(source))


def _builder(builder: str, settings: Settings) -> tuple[str, str]:
    """Which image, and a digest of what runs in it; ('', '') for the host."""
    if builder == "host":
        return "", ""
    scripts = [(paths.DOCKER / name).read_text(encoding="utf-8") for name in BUILDER_FILES]
    return settings.base_image, records.digest(scripts)
