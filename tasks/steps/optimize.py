"""optimize: what only the layer's own platform can do, and packing: finished parts.

prune's plan ──▶ parts that are in the store: taken as they are
             └─▶ others: installed in the sandbox, docker/optimize.py strips their shared objects,
                 compiles bytecode and packs them. Only the packed part travels
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..context import team_store
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import builder, bytecode, exact_image, input_hash, installed, locked_requirement
from ..layer import part as parts
from ..layer.archive import licenses
from ..layer.builder import LayerBuilder
from ..layer.part import KIND, Part
from ..layer.prune import plan
from ..layer.prune.plan import PrunePlan
from ..layer.team_store import origins
from ..layer.team_store import run as team
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import BytecodeReport, InstallRecord, OptimizeRecord, PruneRecord
from ..ui.console import count, duration, say, size
from ..util import files
from ..util.errors import BuildError

GetWorkshop = Callable[[], LayerBuilder]


def task_optimize() -> dict[str, object]:
    """Strip libraries, compile bytecode and pack."""
    settings = current()
    record = paths.record(settings, "optimize")
    return {
        "actions": [action(lambda: run(settings, lambda: builder.choose(settings)))],
        "file_dep": [str(paths.record(settings, "prune"))],
        "targets": [str(record)],
        "uptodate": [
            records.is_fresh(settings, OptimizeRecord, lambda: fingerprint(settings)),
            lambda: origins.are_trusted(settings, "optimize"),
            lambda: is_zipped(settings) or is_kept(settings),
        ],
    }


def fingerprint(settings: Settings) -> str:
    pruned = records.read(settings, PruneRecord)
    made = input_hash.environment(settings, builder.kind(settings))
    asked = [parts.flags(settings), settings.reserve, settings.licenses]
    return files.digest([pruned and pruned.plan, made, *asked])


def is_zipped(settings: Settings) -> bool:
    """Then nobody needs the parts."""
    return files.is_whole(paths.layer_zip(settings), paths.record(settings, "zip"))


def is_kept(settings: Settings) -> bool:
    """Are all parts that the record names there, and whole?"""
    record, kept = records.read(settings, OptimizeRecord), installed.store(settings)
    return all(kept.exact(KIND, name) for name in (record.made.values() if record else ()))


def run(settings: Settings, get_workshop: GetWorkshop) -> OptimizeRecord:
    """Make the parts that the plan wants and the store has not, write the record. BuildError."""
    started = time.monotonic()
    team_store.begin(settings, builder.kind(settings))  # install may have been up to date
    wanted = plan.read_plans(paths.plan(settings))
    kept = installed.store(settings)
    keys = {each.name: parts.key(each, settings) for each in wanted}
    rests = {keys[each.name]: [(installed.KIND, each.key)] for each in wanted}
    team.bring(KIND, [*keys.values()], rests)
    there = {name: parts.read_part(path) for name, path in kept.all(KIND, keys).items()}
    missing = [x for x in wanted if not (x.name in there and parts.is_of(there[x.name], x))]
    made = make_parts(settings, get_workshop(), missing, keys) if missing else {}
    there |= {name: parts.read_part(path) for name, path in made.items()}
    beside = keep_notices(settings, wanted)
    found = {name: there[name] for name in keys}
    found |= {name: parts.read_part(kept.all(KIND, beside)[name]) for name in beside}
    record = OptimizeRecord(
        fingerprint=fingerprint(settings),
        parts=keys,
        beside=beside,
        made={name: each.path.name for name, each in found.items()},
        **describe(settings, found),
        origins=origins.used(),
    )
    records.write(settings, record)
    kept.evict({*keys.values(), *beside.values(), *(each.key for each in wanted)})
    for line in parts.summary(record):
        say(line)
    again = f"{len(wanted) - len(missing)} of {count(len(wanted), 'package')} as before, "
    say(f"{again}{size(record.bytes)} unzipped, in {duration(time.monotonic() - started)}")
    return record


def keep_notices(settings: Settings, wanted: Sequence[PrunePlan]) -> dict[str, str]:
    """{its name: what it is kept under} of the part with all licences in one file, which is no
    distribution's."""
    text = notices(settings, wanted) if settings.licenses != "drop" else ""
    if not text:
        return {}
    key, content = parts.of_text(licenses.NOTICES, text, settings)
    installed.store(settings).put_bytes(KIND, key, content)
    return {licenses.NOTICES: key}


def notices(settings: Settings, wanted: Sequence[PrunePlan]) -> str:
    """One text of all licences that the layer does not have where they were. `keep`: of those that
    another package's file lies in the place of, and which are nowhere else."""
    staying = {each.name: {*each.stay} for each in wanted if each.stay}
    texts = {
        each.name: {path: text for path, text in each.licenses.items() if text}
        for each in installed.needed(settings).distributions
        if each.name in staying
    }
    lost = {
        name: {path: text for path, text in found.items() if path not in staying[name]}
        for name, found in texts.items()
    }
    return licenses.bundle(
        lost if settings.licenses == "bundle" else contested(lost, texts, staying)
    )


Texts = Mapping[str, Mapping[str, str]]  # {package: {path: text}}


def contested(lost: Texts, texts: Texts, staying: Mapping[str, Collection[str]]) -> Texts:
    """Of the lost ones those that only gave way to another's."""
    taken = {path for stay in staying.values() for path in stay}
    there = {
        text
        for name, found in texts.items()
        for path, text in found.items()
        if path in staying[name]
    }
    return {
        name: {path: text for path, text in found.items() if path in taken and text not in there}
        for name, found in lost.items()
    }


def make_parts(
    settings: Settings,
    workshop: LayerBuilder,
    missing: Sequence[PrunePlan],
    keys: Mapping[str, str],
) -> dict[str, Path]:
    """{distribution: its part in the store}. `keys`: what it is kept under."""
    install(settings, workshop, missing)
    request = {
        each.pin: {"as": each.name, "stay": each.stay, "cut": each.cut, "only": each.only}
        for each in missing
    }
    kept, found = installed.store(settings), {}

    def keep(name: str, path: Path) -> None:
        found[name] = kept.put(KIND, keys[name], path)

    say(f"optimizing in {workshop.sandbox.title}")
    workshop.make(request, parts.flags(settings), keep)
    return found


def install(settings: Settings, workshop: LayerBuilder, missing: Sequence[PrunePlan]) -> None:
    """Those whose files the workshop has not: install knew them from before. BuildError when they
    are no longer what install found."""
    record = records.needed(settings, InstallRecord)
    exact_image.refuse_other(settings, record.image, workshop.sandbox.digest)
    wanted = {each.pin for each in missing}
    pins = [pin for pin in locked_requirement.recorded(record) if pin.key in wanted]
    workshop.have(pins, record.options)
    for each in missing:
        if each.key not in (each.pin, workshop.here.get(each.pin)):
            records.forget(settings, InstallRecord)
            raise BuildError(
                f"{each.name} changed during the build: its line does not pin one content",
                fix="run ./doitw lock, which pins it with hashes, then ./doitw",
            )


def describe(settings: Settings, found: Mapping[str, Part]) -> dict[str, Any]:
    """The record's facts. Of the bytecode what fits into Lambda's limit, less `reserve`."""
    whole = parts.together(found.values(), bytecode=True)
    without = unheld(settings, whole)
    kept = parts.together(found.values(), bytecode=True, without=without) if without else whole
    made = [each for each in kept if each.made]
    code = BytecodeReport(
        files=len(made),
        bytes=sum(each.size for each in made),
        skipped=sorted(name for part in found.values() for name in part.skipped),
        left_out=sorted(without),
        seconds=round(bytecode.seconds(whole, without), 1),
    )
    return {
        "strip": parts.stripped(found) if settings.strip else None,
        "bytecode": code if settings.bytecode != "none" else None,
        "bytes": sum(each.size for each in kept),
        "files": len(kept),
    }


def unheld(settings: Settings, whole: Sequence[parts.Member]) -> set[str]:
    """Modules whose bytecode there is no room for."""
    limit = bytecode.room(settings)
    if sum(each.size for each in whole) <= limit:
        return set()
    record = records.needed(settings, InstallRecord)
    direct = [each.name for each in record.distributions if each.direct]
    order = bytecode.in_order(installed.needed(settings), direct)
    return set(bytecode.left_out(whole, limit, order))
