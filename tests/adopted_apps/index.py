"""A team's own index, with the package whose version the apps answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.package_index import Index, serving


@contextmanager
def of_a_team(folder: Path) -> Iterator[Index]:
    with serving(folder) as made:
        for version in ("1.16.0", "1.17.0"):
            made.add("six", version, files={"six.py": f'__version__ = "{version}"\n'.encode()})
        made.add("tool", "1.0")
        yield made


def addressed(files: dict[str, str], index: Index) -> dict[str, str]:
    """With the index's address where the app names it."""
    return {name: text.replace("{index}", index.url) for name, text in files.items()}
