"""Lays zips over each other in a folder, the later ones covering the earlier, as Lambda does.

    unpack.py TARGET ZIP…

Standard library only; files are unpacked in several processes.
"""

import shutil
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import jobs


def main(target: str, *layers: str) -> None:
    root = Path(target)
    root.mkdir(parents=True, exist_ok=True)
    for entry in root.iterdir():
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for layer in layers:
        with zipfile.ZipFile(layer) as archive:
            unpack(layer, archive, root)


def unpack(layer: str, archive: zipfile.ZipFile, root: Path) -> None:
    members = {each.filename: each for each in archive.infolist() if not each.is_dir()}
    for name in members:
        if name.startswith("/") or ".." in name.split("/"):
            raise SystemExit(f"{name!a} in {layer} leads out of the layer")
    for folder in sorted({Path(root, name).parent for name in members}):
        folder.mkdir(parents=True, exist_ok=True)
    groups = jobs.chunks((name, each.file_size) for name, each in members.items())

    def extract(names: "list[str]") -> None:
        archive.fp = open(layer, "rb")  # noqa: SIM115, PTH123 - a position of its own
        for name in names:
            path = root / name
            path.unlink(missing_ok=True)
            path.write_bytes(archive.read(members[name]))  # checks the CRC
            path.chmod((members[name].external_attr >> 16) & 0o777 or 0o644)

    for _ in jobs.each(groups, extract):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
