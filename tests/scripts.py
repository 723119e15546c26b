"""The sandbox's scripts as modules: docker/ is no package (it would hide the SDK)."""

import importlib.util
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[1] / "docker"


def load(name: str) -> ModuleType:
    """docker/<name>.py, by its path."""
    spec = importlib.util.spec_from_file_location(f"{name}_script", FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
