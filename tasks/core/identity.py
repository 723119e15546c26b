"""The input hash: what decides the layer's content, known without Docker and without network."""

from pathlib import Path

from tasks.core import paths, recipes, records, requirements
from tasks.core.settings import Settings

FORMAT = 1  # raise when the builder itself changes what it makes of the same inputs
BUILDER_FILES = ("Dockerfile", "optimize.py")  # what runs in the image and shapes the layer


def install_inputs(settings: Settings, builder: str) -> str:
    """sha256 of what `install` works from. `builder`: `docker` or `host`."""
    return records.digest(
        {
            "format": FORMAT,
            "packages": packages(settings),
            "python": settings.python,
            "architecture": settings.architecture,
            "builder": _builder(settings, builder),
        }
    )


def input_hash(settings: Settings, builder: str) -> str:
    """sha256 of everything that decides the layer's content (the seed's requirements hash)."""
    shaping = [recipes.fingerprint(settings), settings.strip, settings.bytecode]
    return records.digest({"install": install_inputs(settings, builder), "shaping": shaping})


def packages(settings: Settings) -> list[str]:
    """The lock's lines, or without a lock the requirements'."""
    lock = Path(settings.lock)
    source = lock if lock.is_file() else Path(settings.requirements)
    return requirements.normalised(requirements.read(source))


def _builder(settings: Settings, builder: str) -> list[str]:
    if builder == "host":
        return ["host"]
    scripts = [(paths.DOCKER / name).read_text(encoding="utf-8") for name in BUILDER_FILES]
    return [settings.base_image, *scripts]
