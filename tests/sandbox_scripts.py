"""The sandbox's scripts as modules: docker/ is no package (it would hide the SDK)."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[1] / "docker"


def load(name: str) -> ModuleType:
    """docker/<name>.py, by its path."""
    if found := sys.modules.get(f"{name}_script"):
        return found
    spec = importlib.util.spec_from_file_location(f"{name}_script", FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its processes send each other values of its types
    spec.loader.exec_module(module)
    return module
