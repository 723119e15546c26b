"""`doit clean`: the local files that a task made go. Nothing in AWS, nothing that a person wrote.

AWS is the memory (docs/architecture.md), so a stage's records here are only a cache of it.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from ..settings import paths, store_folder
from ..settings.model import Settings


def let_clean(
    task: Any, targets: Collection[str], steps: Mapping[str, bool], settings: Settings
) -> None:
    """doit's `clean` of this task, `--dry-run` too, takes the targets and what its `steps` made:
    {name: is all below build/<name>/<layer>/ its own?}. Else the stage's record is."""
    made = [Path(target) for target in targets]
    made += [path for name, whole in steps.items() for path in _of_step(name, whole, settings)]
    task.clean = partial(remove, task.name, made)


def _of_step(name: str, whole: bool, settings: Settings) -> Iterator[Path]:
    folder = paths.record(settings, {"report-page": "report"}.get(name, name)).parent
    if name != "rollback":  # its record is no cache: an unfinished one goes on from it
        yield folder if whole else folder / f"{settings.stage}.json"
    more = {
        "install": paths.STORE,  # this checkout's, if any: the person's is for `doit cache`
        "optimize": paths.TOOLS,
        "lock": paths.BUILD / "lock",
        "iam-policy": paths.iam_policy(settings, "any").parent,
        "fetch": paths.BUILD / "fetch" / settings.layer,
    }
    if name in more:
        yield more[name]
    if name == "install":
        yield paths.STORE.with_name(store_folder.RUNS)


def remove(name: str, made: Collection[Path], outstream: TextIO, dryrun: bool) -> None:
    """Say it in the words of doit's own `clean`."""
    found = {path for each in made for path in (each.rglob("*") if each.is_dir() else [each])}
    for file in sorted(path for path in found if path.is_file() or path.is_symlink()):
        outstream.write(f"{name} - removing file '{file}'\n")
        if not dryrun:
            file.unlink(missing_ok=True)
    if not dryrun:
        near = {*made, *found, paths.WORK}
        _remove_empty({folder for path in near for folder in (path, *path.parents)})


def _remove_empty(folders: Collection[Path]) -> None:
    """Those below build/, and that itself."""
    for folder in sorted(folders, reverse=True):
        if folder.parts[:1] == paths.BUILD.parts:
            with suppress(OSError):  # something else is in it, or it is gone
                folder.rmdir()
