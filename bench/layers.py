"""Layers of generated wheels in a package index on this machine, of any size asked for."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.peers import HERE
from tasks.ui.console import MB
from tests.package_index import Index

INDEX = HERE / "index"
MODULES = 5  # every fifth file is a module, the others are data
MODULE_BYTES = 2_000  # at most; the data makes up the rest


@dataclass(frozen=True, kw_only=True)
class Layer:
    """`files` and `bytes`: of all packages together."""

    distributions: int
    files: int
    bytes: int

    @property
    def name(self) -> str:
        return f"{self.distributions}-{self.files}-{self.bytes}"

    def along(self, axis: str) -> float:
        """Its place on an axis of the plots."""
        return {
            "distributions": self.distributions,
            "files": self.files,
            "MB unpacked": self.bytes / MB,
        }[axis]

    def requirements(self, first: str = "1.0") -> str:
        """`first`: the version of the first package, the one that changes."""
        pins = [f"part{number}==1.0" for number in range(1, self.distributions)]
        return "\n".join([f"part0=={first}", *pins, ""])


def write(layer: Layer) -> None:
    """Its wheels, the same bytes every time. Two versions of the first package."""
    index = Index(root=INDEX / layer.name, url="")
    if (index.root / "complete").is_file():
        return
    for number in range(layer.distributions):
        for version in ("1.0", "2.0") if number == 0 else ("1.0",):
            files = dict(_files(layer, number, version))
            index.add(f"part{number}", version, files=files)
    (index.root / "complete").touch()


def _files(layer: Layer, number: int, version: str) -> Iterator[tuple[str, bytes]]:
    """Half of each byte is chance, so that it packs about as well as code does."""
    chance = random.Random(f"{number} {version}")  # noqa: S311 - the same bytes every time
    count = layer.files // layer.distributions
    modules = -(-count // MODULES)
    average = layer.bytes // layer.files
    small = min(average, MODULE_BYTES)
    data = (average * count - small * modules) // max(1, count - modules)
    folder = f"part{number}"
    for each in range(count):
        wanted = data if each % MODULES else small
        text = chance.randbytes(wanted // 2).hex()
        if each % MODULES:
            yield f"{folder}/data_{each}.json", f'"{text}"'.encode()
        else:
            name = "__init__" if each == 0 else f"module_{each}"
            yield f"{folder}/{name}.py", f'VERSION = "{version}"\nDATA = "{text}"\n'.encode()
