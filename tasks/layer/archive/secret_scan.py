"""The zip is searched for credentials before it may leave the machine.

What was found in a distribution is kept by its part, so that only a changed one is read again.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import IO

from ...settings.model import Settings
from ...ui.console import few
from ...util.errors import VerifyError
from ...util.files import canonical, digest
from .. import installed, part
from ..cache import Store
from ..installed import source_of
from ..part import Member
from ..prune.globs import glob_of, matcher
from ..prune.patterns import HELPER
from ..prune.plan import PrunePlan
from . import secret_patterns, zip_writer

BLOCK, OVERLAP = 1 << 20, 1 << 15  # bytes; a private key of 16,384 bits takes 13,000
KIND = "scans"  # of the store's entries
LISTED = 10  # in one message
CODE = (".py", ".pyc")
Found = dict[str, list[str]]  # {path below python/: what it gives away}


def fingerprint(settings: Settings) -> list[object]:
    """What decides the answer, beside the zip."""
    return [secret_patterns.FORMAT, settings.harmless]


def key(part: str) -> str:
    """What the answer about a part is kept under. `part`: its name in the store, which says the
    content."""
    return digest([secret_patterns.FORMAT, part])


def refuse_secrets(
    settings: Settings, layer: Path, plans: Sequence[PrunePlan], parts: Mapping[str, str]
) -> None:
    """VerifyError when the zip at `layer` gives something away. `parts`: {distribution: its part's
    name in the store}."""
    found = scan(installed.store(settings), layer, plans, parts)
    allowed = matcher(settings.harmless)
    wrong = {
        path: f"{zip_writer.PYTHON}{path} ({owner}): {', '.join(what)}"
        for owner, files in found.items()
        for path, what in files.items()
        if not allowed(path)
    }
    if wrong:
        raise VerifyError(
            "the layer would give away what looks like credentials:\n" + _listed(wrong.values()),
            fix=_ways_out(sorted(wrong), {path for each in plans for path in each.shipped}),
        )


def _ways_out(wrong: Sequence[str], layer: Collection[str]) -> str:
    """Lines for all of these files at once. What lies among a package's tests is on the index for
    all to read: it opens nothing. Code cannot be left out where other code imports it."""
    named = ", ".join(f'"{each}"' for each in globs(wrong, layer))
    if all(map(_is_test, wrong)):
        return (
            "these are keys for a package's own tests, which open nothing: "
            f"harmless = [{named}] in [tool.lambda-layer] allows them, drop = [{named}] leaves "
            "them out"
        )
    if all(path.endswith(CODE) and not _is_test(path) for path in wrong):
        return (
            "revoke it where it was issued and take it out of the code; if it opens nothing (it "
            f"came with a package from an index): harmless = [{named}] in [tool.lambda-layer]. "
            f"drop = [{named}] leaves it out, which fails where other code imports it"
        )
    return (
        f"revoke it where it was issued and leave the file out: drop = [{named}] in "
        f"[tool.lambda-layer]; if it opens nothing (a test key of a package): harmless = [{named}]"
    )


def _is_test(path: str) -> bool:
    """By a folder's name, or a module's: a/tests/key.pem, a/test_keys.py. Not `a/test.key`."""
    folder, _, file = path.rpartition("/")
    return bool(HELPER.search(f"{folder}/") or (file.endswith(CODE) and HELPER.search(file)))


def globs(wrong: Collection[str], layer: Collection[str]) -> list[str]:
    """For `drop` and `harmless`: each path, or one for several of a kind in one folder, where the
    layer has no other file that it names."""
    kinds: dict[str, list[str]] = {}
    for path in sorted(wrong):
        kinds.setdefault(_kind(path), []).append(path)
    whole = kinds.keys() - {_kind(path) for path in layer if path not in wrong}
    return [
        each
        for kind, paths in kinds.items()
        for each in ([kind] if len(paths) > 1 and kind in whole else map(glob_of, paths))
    ]


def _kind(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{glob_of(folder)}/*.{glob_of(name.rpartition('.')[2])}"


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(few(sorted(lines), "file", LISTED))


def scan(
    kept: Store, layer: Path, plans: Sequence[PrunePlan], parts: Mapping[str, str]
) -> dict[str, Found]:
    """{distribution: what its files give away}. "no distribution" for what none of them owns."""
    keys = {each.name: key(parts[each.name]) for each in plans}
    known = kept.all(KIND, keys)
    found = {name: json.loads(path.read_bytes()) for name, path in known.items()}
    there = {each.name: each for each in zip_writer.members(layer)}
    with layer.open("rb") as file:

        def read(names: Set[str]) -> Found:
            return _read((name, zip_writer.opened(there[name], file)) for name in sorted(names))

        for each in plans:
            if each.name not in found:
                clean = _without_words(kept, parts[each.name], there)
                found[each.name] = read((there.keys() & each.shipped) - clean)
                kept.put_bytes(KIND, keys[each.name], canonical(found[each.name]))
        owned = {name for each in plans for name in each.shipped}
        found["no distribution"] = read(there.keys() - owned - _compiled(there))
    return found


def _without_words(kept: Store, part_: str, there: Mapping[str, Member]) -> set[str]:
    """Of a part: the files that what packed them found no word of a credential in, and that are
    `there` as they were packed."""
    path = kept.exact(part.KIND, part_)
    members = part.read_part(path).members if path else ()
    return {
        each.name
        for each in members
        if not (each.suspect or secret_patterns.tells_by_name(each.name))
        and (found := there.get(each.name))
        and (found.crc, found.size) == (each.crc, each.size)
    }


def _compiled(there: Collection[str]) -> set[str]:
    """Bytecode that was made here has no text that its source has not: it is not read."""
    made = ((name, source_of(name)) for name in there if "__pycache__/" in name)
    return {name for name, source in made if source != name and source in there}


def _read(files: Iterable[tuple[str, IO[bytes]]]) -> Found:
    found = {}
    for name, file in files:
        with file:
            seen = [each for block in blocks(file) for each in secret_patterns.inside(name, block)]
        if seen:
            found[name] = list(dict.fromkeys(seen))
    return found


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces, so that a large one is never in memory. Each begins with the end of the one
    before, so that what is cut in two stands whole in one of them. At least one."""
    block = file.read(BLOCK)
    while True:
        yield block
        more = file.read(BLOCK)
        if not more:
            return
        block = block[-OVERLAP:] + more
