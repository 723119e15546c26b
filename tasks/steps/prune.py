"""prune: the files that a running function needs, into build/prune/<layer>/opt/python.

build/install/<layer>/opt  (never edited)
          │  rules, recipes, drop, keep
          ▼
build/prune/<layer>/opt    hard links, so neither side may be edited in place
                  removed.json   {rule: [paths]}: what differs from install's tree
                  record.json
"""

import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.core import distributions, paths, recipes, records, trees
from tasks.core.actions import action
from tasks.core.console import say, size
from tasks.core.errors import BuildError, SettingsError
from tasks.core.matching import matcher
from tasks.core.metadata import cut_down
from tasks.core.rules import METADATA
from tasks.core.selection import Selection, select
from tasks.core.settings import Settings, current

FORMAT = 1  # raise when this step makes something else of the same rules and tree


def task_prune() -> dict[str, object]:
    """Leave out of the layer what no running function reads."""
    settings = current()
    record = paths.record(settings, "prune")
    return {
        "actions": [action(lambda: run(settings))],
        "file_dep": [str(paths.record(settings, "install"))],
        "targets": [str(record), str(removed_file(settings)), str(paths.tree(settings, "prune"))],
        "uptodate": [records.is_fresh(record, lambda: fingerprint(settings))],
    }


def removed_file(settings: Settings) -> Path:
    """{rule: [paths relative to python/]}. Putting a path back = taking install's file."""
    return paths.record(settings, "prune").with_name("removed.json")


def fingerprint(settings: Settings) -> str:
    install = records.read(paths.record(settings, "install")) or {}
    return records.digest([FORMAT, install.get("tree"), recipes.fingerprint(settings)])


def run(settings: Settings) -> records.Record:
    """Prune install's tree and write the record. SettingsError, BuildError."""
    if wrong := recipes.problems(settings):
        raise SettingsError("\n".join(wrong), fix="`doit report` lists rules and recipes")
    source, target = (paths.tree(settings, step) / "python" for step in ("install", "prune"))
    if not source.is_dir():
        raise BuildError(f"{source} is not there", fix="run `doit install` first")
    selection = select(source, listing(source), recipes.active(settings), settings.keep)
    for glob in selection.unmatched:
        say(f"warning: {glob!r} in keep or drop matches no file of this layer")
    paths.record(settings, "prune").unlink(missing_ok=True)  # no tree, no record
    whole = settings.keep if METADATA not in settings.rules_off else ("**",)
    cut = copy(source, target, selection.stay, whole=whole)
    record = describe(source, selection, cut)
    removed = _removed(selection, cut)
    records.write_atomic(removed_file(settings), json.dumps(removed, indent=1).encode())
    record = {"fingerprint": fingerprint(settings), **record}
    records.write(paths.record(settings, "prune"), record)
    _show(record)
    return record


def listing(source: Path) -> list[str]:
    """Every file below `source`, and links to folders, which a walk would pass over."""
    folders = (Path(folder, name) for folder, names, _ in os.walk(source) for name in names)
    found = [*trees.walk(source), *(path for path in folders if path.is_symlink())]
    return sorted(path.relative_to(source).as_posix() for path in found)


def copy(
    source: Path, target: Path, stay: Sequence[str], *, whole: tuple[str, ...]
) -> dict[str, int]:
    """Fill `target` with what stays; {path of a file cut down: bytes saved}. What the globs of
    `whole` match is never cut down."""
    shutil.rmtree(target.parent, ignore_errors=True)
    target.mkdir(parents=True)
    there, uncut, saved = set(stay), matcher(whole), {}
    for path in stay:
        _check_link(source, path)
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        content = None if uncut(path) else cut_down(source / path, path, there)
        if content is None:
            trees.link_or_copy((source / path).resolve(), target / path)
        else:
            (target / path).write_bytes(content)
            saved[path] = (source / path).stat().st_size - len(content)
    return saved


def _check_link(source: Path, path: str) -> None:
    """Links become the file they point to; outside of the tree, or at a folder, they cannot."""
    file = source / path
    if file.is_symlink() and not (
        file.is_file() and file.resolve().is_relative_to(source.resolve())
    ):
        raise BuildError(
            f"{path} is a link to {file.readlink()}, which is no file of this layer",
            fix=f'leave it out: drop = ["{path}"] in [tool.lambda-layer]',
        )


def describe(source: Path, selection: Selection, cut: Mapping[str, int]) -> records.Record:
    """The record's facts: files and bytes removed, per rule, and per package and rule."""
    sizes = {
        path: (source / path).lstat().st_size for path in (*selection.stay, *selection.removed)
    }
    owned = distributions.owners(distributions.read(source))
    removals = [(path, rule, sizes[path]) for path, rule in selection.removed.items()]
    removals += [(path, METADATA, saved) for path, saved in cut.items()]
    packages: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    for path, rule, count in removals:
        package = packages[owned.get(path, path.split("/")[0])]
        for counter in (rules[rule], package[rule]):
            counter.update(files=int(path not in cut), cut=int(path in cut), bytes=count)
    before, saved = sum(sizes.values()), sum(count for _, _, count in removals)
    return {
        "before": {"files": len(sizes), "bytes": before},
        "after": {"files": len(selection.stay), "bytes": before - saved},
        "rules": _sorted(rules),
        "packages": {name: _sorted(packages[name]) for name in sorted(packages)},
        "spared": selection.spared,
        "kept_by": list(selection.kept),
        "unmatched": list(selection.unmatched),
    }


def _sorted(counted: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    largest = sorted(counted.items(), key=lambda item: (-item[1]["bytes"], item[0]))
    return {rule: dict(counter) for rule, counter in largest}


def _removed(selection: Selection, cut: Mapping[str, int]) -> dict[str, list[str]]:
    removed: dict[str, list[str]] = defaultdict(list)
    for path, rule in selection.removed.items():
        removed[rule].append(path)
    if cut:
        removed[METADATA] += cut
    return dict(sorted(removed.items()))


def _show(record: records.Record) -> None:
    before, after = record["before"], record["after"]
    for rule, counter in record["rules"].items():
        say(f"{rule:<22}{counter['files']:>7} files {size(counter['bytes']):>12}")
    left, share = size(after["bytes"]), after["bytes"] / max(before["bytes"], 1)
    say(f"{size(before['bytes'])} → {left} ({share:.0%}), {after['files']} files")
