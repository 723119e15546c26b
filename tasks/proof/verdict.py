"""Before and after: what pruning broke, in words. Only differences count."""

import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..settings.step_records import VerifyRecord
from ..ui.console import count, few
from . import causes
from .cache import Proof

_MODULE = re.compile(r"ModuleNotFoundError: No module named '(\w+)")
_LIBRARY = re.compile(r"[\w.+-]+\.so(?:\.\w+)*(?![\w-])")  # by its name alone, without folders
KILLED = "exit status -9"  # as docker/probe.py says it
LISTED = 10  # of one kind, in one message
INIT_SECONDS = 10  # Lambda Developer Guide, "Lambda execution environment lifecycle"


@dataclass(frozen=True, kw_only=True)
class Break:
    """Something that worked as installed and does not in the layer. `kind`: import or load."""

    kind: str
    name: str
    error: str


def unclear(after: Mapping[str, Any], ours: Collection[str]) -> dict[str, list[str]]:
    """What failed and may have worked before pruning, as {"modules", "libraries"}. Where nothing
    that pruning took or changed was even looked for, no import is. What a library looks for only
    its error tells. `ours`: the names of all libraries that were installed."""
    return {
        "modules": [
            name
            for name, error in after["imports"].items()
            if error and (after["missed"] or _names_one(error, ours))
        ],
        "libraries": [path for path, error in after["loads"].items() if error],
    }


def _names_one(error: str, ours: Collection[str]) -> bool:
    """Does an error speak of a library that may have been there?"""
    named = _LIBRARY.findall(error)
    return ".so" in error and (not named or any(name in ours for name in named))


def breaks(proofs: Mapping[str, Proof]) -> list[Break]:
    """Every import and library that the layer lost."""
    return [
        Break(kind=kind, name=name, error=error)
        for proof in proofs.values()
        for kind, errors, before in (
            ("import", proof.after["imports"], proof.imports),
            ("load", proof.after["loads"], proof.loads),
        )
        for name, error in errors.items()
        if error and not before.get(name)
    ]


def killed(proofs: Mapping[str, Proof]) -> dict[str, str]:
    """{module or library: error} of what SIGKILL ended: no module sends itself that, so something
    is not known of a layer that may be good."""
    after = (each.after["imports"] | each.after["loads"] for each in proofs.values())
    return {name: error for each in after for name, error in each.items() if error == KILLED}


def unreached(proofs: Mapping[str, Proof]) -> dict[str, str]:
    """{module: error} of answers that are none: time, memory, a full disk."""
    errors = {name: error for each in proofs.values() for name, error in _every(each)}
    return {name: error for name, error in errors.items() if not causes.is_of_bytes(error)}


def _every(proof: Proof) -> Iterator[tuple[str, str]]:
    for each in (proof.imports, proof.loads, proof.after["imports"], proof.after["loads"]):
        yield from each.items()


def doubts(proofs: Mapping[str, Proof]) -> list[str]:
    """Warnings: libraries that the image has not and the layer does not bring."""
    present = {path.rpartition("/")[2] for each in proofs.values() for path in each.after["loads"]}
    missing = [
        (name, f"{path}: {error}")
        for name, each in proofs.items()
        for path, error in sorted(each.loads.items())
        if error and not present & set(re.split(r"[:\s]+", error))
    ]
    return few_of_each(missing)


def few_of_each(found: Sequence[tuple[str, str]]) -> list[str]:
    """Of (package, path and what is wrong with it) all, or the first of each package and fault."""
    if len(found) <= LISTED:
        return [line for _, line in found]
    groups: dict[tuple[str, str], list[str]] = {}
    for name, line in found:
        groups.setdefault((name, line.partition(" ")[2]), []).append(line)
    said = [
        f"{lines[0]} (also {count(len(lines) - 1, 'more file')} of {name})" * bool(lines[1:])
        or lines[0]
        for (name, _), lines in groups.items()
    ]
    return few(said, "file", LISTED)


def without_needed(proofs: Mapping[str, Proof]) -> list[str]:
    """Warnings: distributions of which modules want a library that is nowhere, or a standard module
    that Python has no longer, though others of them import: nothing else would say it before a
    function does."""
    found = [
        (name, {each: error for each, error in proof.imports.items() if lacks(error)})
        for lacks in (causes.is_library, causes.is_removed)
        for name, proof in proofs.items()
    ]
    said = []
    for name, wants in found:
        if wants:
            first, error = next(iter(wants.items()))
            several = f"{len(wants)} modules" if len(wants) > 1 else "a module"
            said.append(f"{several} of {name} cannot be imported in Lambda: {first}: {error}")
    return few(said, "package")


def from_elsewhere(proofs: Mapping[str, Proof]) -> list[str]:
    """Warnings: imports that loaded libraries which Lambda has not, where nothing could hide
    these."""
    said = [
        f"importing {module} loads {', '.join(path.rpartition('/')[2] for path in files)}, which "
        "Lambda lacks: there it fails, unless the package works without it"
        for each in proofs.values()
        for module, files in each.after["others"].items()
    ]
    return few(said, "module")


def defects(
    proofs: Mapping[str, Proof], twice: Sequence[str], odd: Collection[str] = ()
) -> list[str]:
    """Metadata that is gone or wrong, distributions twice: each a sentence. `odd`: those whose
    metadata was wrong before pruning."""
    wrong = [line for name, line in _metadata(proofs) if name not in odd]
    return wrong + [f"{name} is in the layer twice" for name in twice]


def oddities(proofs: Mapping[str, Proof], odd: Collection[str]) -> list[str]:
    """Warnings: metadata that its package brings so."""
    said = [line for name, line in _metadata(proofs) if name in odd]
    before = "importlib.metadata fails on it, and did before pruning"
    return few([f"{before}: {line}" for line in said], "package")


def _metadata(proofs: Mapping[str, Proof]) -> Iterator[tuple[str, str]]:
    for name, each in proofs.items():
        if error := each.after["metadata"]:
            yield name, f"{name}: {error}"


def works_alone(blamed: Mapping[str, Any]) -> bool:
    """Did `blame` see it work in the layer, by itself?"""
    return blamed["rule"] == "" and not blamed["paths"]


def at_fault(blamed: Mapping[str, Any], removed: Mapping[str, list[str]]) -> str:
    """Which rules took which files. Of many the first."""
    if works_alone(blamed):
        return "by itself it works: what was imported before it is at fault"
    paths = blamed["paths"]
    rules = [blamed["rule"]] if blamed["rule"] else _takers(paths, removed)
    if not rules:
        return "no file that a rule took brings it back"
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    took = " and ".join(repr(rule) for rule in rules)
    return f"rule{'s' * (len(rules) > 1)} {took} took {', '.join(paths[:3])}{more}"


def _takers(paths: list[str], removed: Mapping[str, list[str]]) -> list[str]:
    return [rule for rule, files in removed.items() if not set(files).isdisjoint(paths)]


def fix_for(blamed: Mapping[str, Any]) -> str:
    """The line that puts right what `blame` found."""
    rule, paths = blamed["rule"], blamed["paths"]
    if works_alone(blamed):
        return "run `./doitw` again; where that says the same, leave the module out with `drop`"
    if rule is None:
        return 'no pruned file is missing: set bytecode = "none" in [tool.lambda-layer]'
    if rule == "strip":
        return "set strip = false in [tool.lambda-layer]"
    kept = ", ".join(f'"{path}"' for path in (paths if len(paths) <= 3 else [_common(paths)]))
    return f"add to [tool.lambda-layer]: keep = [{kept}]"


def _common(paths: list[str]) -> str:
    """The folder that holds them all, or everything."""
    return os.path.commonpath(paths) or "**"


def counts(found: Mapping[str, Proof]) -> dict[str, int]:
    """Numbers for the record and for people."""
    after = [each.after for each in found.values()]
    return {
        "modules": sum(not error for each in after for error in each["imports"].values()),
        "modules_that_never_imported": sum(len(each.imports) for each in found.values()),
        "modules_that_want_packages": _want_packages(found),
        "distributions": len(after),
        "libraries": sum(not error for each in after for error in each["loads"].values()),
        "compiled_anew": sum(each["compiled"] for each in after),
    }


def _want_packages(found: Mapping[str, Proof]) -> int:
    """How many of those do not import for want of a package that nobody asked for."""
    there = {name.partition(".")[0] for each in found.values() for name in each.after["imports"]}
    errors = (error for each in found.values() for error in each.imports.values())
    wanted = (match[1] for error in errors if (match := _MODULE.match(error)))
    standard = {*sys.stdlib_module_names, *causes.REMOVED}
    return sum(name not in there and name not in standard for name in wanted)


def import_seconds(
    found: Mapping[str, Proof], outer: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """{distribution: what importing it took in the proof, with all that it imports}, of those that
    were imported. `outer`: the outermost modules of each, which is what people import."""
    return {
        name: round(sum(proof.after.get("seconds", {}).get(each, 0.0) for each in outer[name]), 3)
        for name, proof in found.items()
        if any(not proof.after["imports"].get(each, "-") for each in outer.get(name, ()))
    }


def slow(seconds: Mapping[str, float]) -> list[str]:
    """Warnings. `seconds`: import_seconds's."""
    said = [
        f"importing {name} took {took:.0f} s in its test: Lambda ends a function's initialization "
        f"after {INIT_SECONDS} s and begins it again within the function's own time "
        "(lambda_timeout), so each cold start costs both; import it where it is used, or leave it "
        "out"
        for name, took in sorted(seconds.items(), key=lambda item: -item[1])
        if took > INIT_SECONDS
    ]
    return few(said, "package")


def summary(record: VerifyRecord) -> str:
    """For people."""
    found = count(record.distributions, "package")
    if record.not_proven:
        return f"{found} answered, with libraries for the layer's machine"
    anew, wanting = record.compiled_anew, record.modules_that_want_packages
    others = record.modules_that_never_imported - wanting
    absent = "not imported: packages are missing that nobody asked for"
    lines = [f"{count(wanting, 'module')} {absent}"] * bool(wanting)
    lines += [f"{count(others, 'module')} not imported before pruning either"] * bool(others)
    lines += [f"{count(anew, 'module')} compiled anew"] if anew else []
    libraries = count(record.libraries, "library", "libraries")
    modules = count(record.modules, "module")
    return "\n".join([*lines, f"{modules} imported, {found} answered, {libraries} loaded"])
