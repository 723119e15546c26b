"""verify: the zip is proven in the image before anything leaves the machine.

build/<layer>.zip ─▶ unpacked at /opt, read-only, no network ─▶ docker/probe.py
                       │ of proof/prove.py's choice: what is proven is not tried again
                       ▼ what fails, and could be pruning's fault
                     the same tree as installed ─▶ docker/probe.py: only differences count
                                                └▶ docker/blame.py: the rule at fault
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..chalice_project import app_file_names
from ..chalice_project import config as chalice_config
from ..chalice_project import package as function_package
from ..chalice_project.source import imports as app_imports
from ..context import team_store
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import builder, part
from ..layer import installed as installed_layer
from ..layer.archive import secret_scan, size_limit, zip_writer
from ..layer.builder import LayerBuilder
from ..layer.installed import Installed
from ..layer.prune import plan
from ..layer.team_store import origins
from ..proof import causes, lambda_libraries, name_clashes, own_check, probe, prove, usable, verdict
from ..proof.cache import Proof
from ..proof.lambda_libraries import Wants
from ..proof.usable import Failing
from ..requirements import function_file, host_python
from ..requirements.file import canonical
from ..sandbox.temp_dirs import folder
from ..settings import paths, records
from ..settings.model import LAMBDA_MEMORY, Settings
from ..settings.step_records import InstallRecord, OptimizeRecord, VerifyRecord, ZipRecord
from ..ui.console import count, duration, few, say
from ..util import files as file_tools
from ..util import modules
from ..util.errors import LayerError, VerifyError

GetWorkshop = Callable[[], LayerBuilder]
UNREACHED = "did not come to an end here, so nothing of it is tested or kept:"
NOT_THERE = "cannot open shared object file"  # the loader's words
_DIST_INFO = re.compile(r"([^/]+)-[^/-]+\.dist-info/METADATA")


def task_verify() -> dict[str, object]:
    """Import, load and measure the layer as Lambda would."""
    settings = current()
    record = paths.record(settings, "verify")
    check = [settings.check] if Path(settings.check).is_file() else []
    return {
        "actions": [action(lambda: run(settings, lambda: builder.choose(settings)))],
        "file_dep": [str(paths.record(settings, "zip")), *check],
        "task_dep": ["report-page"],  # where to look when the layer is too large
        "targets": [str(record)],
        "uptodate": [
            records.is_fresh(settings, VerifyRecord, lambda: fingerprint(settings)),
            lambda: origins.are_trusted(settings, "verify"),
            lambda: not imported_in_vain(settings),
        ],
        "meta": {"last_words": partial(last_words, settings)},  # `doit -n` sends it to processes
    }


def last_words(settings: Settings) -> list[str]:
    """What nobody may overlook, also when nothing was to be done."""
    verified, made = records.read(settings, VerifyRecord), records.read(settings, OptimizeRecord)
    left_out = part.left_out(made.bytecode) if made and made.bytecode else ""
    unproven = verified.not_proven if verified else ""
    lines = [f"warning: not tested: {unproven}"] if unproven else []
    return lines + ([left_out] if left_out else [])


def fingerprint(settings: Settings) -> str:
    packed = records.read(settings, ZipRecord)
    made = (packed.fingerprint, packed.sha256) if packed else (None, None)
    check = Path(settings.check)
    script = file_tools.file_digest(check) if check.is_file() else settings.check
    return file_tools.digest(
        [*made, probe.proof_fingerprint(settings),
         script, settings.check_timeout, settings.max_growth, size_limit.function_size(settings),
         size_limit.other_sizes(settings), secret_scan.fingerprint(settings), not_proven(settings),
         memory_sizes(settings)]
    )  # fmt: skip


def imported_in_vain(settings: Settings) -> set[str]:
    """Modules that the app imports by now, and did not when they failed in the proof."""
    known = records.read(settings, VerifyRecord)
    fail, given = (known.fail, known.attributes) if known else ((), ())
    return app_imports.of_these(Path(), fail, given)


def run(settings: Settings, get_workshop: GetWorkshop) -> VerifyRecord:
    """Prove the zip and write the record. VerifyError: the layer must not be shipped."""
    from concurrent.futures import ThreadPoolExecutor

    started = time.monotonic()
    packed, made = records.needed(settings, ZipRecord), records.needed(settings, OptimizeRecord)
    team_store.begin(settings, builder.kind(settings))  # those before may be fresh
    records.forget(settings, VerifyRecord)  # not proven until proven
    tree = installed_layer.needed(settings)
    size_limit.measure_function(settings)
    sizes = size_limit.measure(settings, tree)
    spent = size_limit.spending(settings, packed.unzipped)
    size_limit.refuse_over_limit(settings, spent, sizes)
    wanted = plan.read_plans(paths.plan(settings))
    stay = plan.staying(wanted)
    with ThreadPoolExecutor(max_workers=1) as beside:  # the sandbox is waited for anyway
        scan = beside.submit(
            secret_scan.refuse_secrets, settings, paths.layer_zip(settings), wanted, made.made
        )
        found, keys = prove.prove(settings, get_workshop, tree, stay, builder.title(settings))
        failing, given = also(scan.result, lambda: judge(settings, get_workshop, tree, stay, found))
    passed = ""
    if not (unproven := not_proven(settings)):
        passed = own_check.ensure(settings, lambda: get_workshop().sandbox, packed.sha256)
    record = VerifyRecord(
        fingerprint=fingerprint(settings),
        sha256=packed.sha256,
        unzipped=packed.unzipped,
        limit=settings.limit,
        packages=sizes,
        not_proven=unproven,
        fail=[each.module for each in failing],
        attributes=sorted(given),
        imports=verdict.import_seconds(found, outer_modules(tree, stay)),
        proofs=keys,
        check=passed,
        proven={name: [each.by, each.at] for name, each in sorted(found.items())},
        **verdict.counts(found),
        origins=origins.used(),
    )
    records.write(settings, record)
    add_imports_to_page(settings)
    team_store.offer(settings, builder.kind(settings))
    say(f"{verdict.summary(record)} ({duration(time.monotonic() - started)})")
    for line in spent.sentences():
        say(line)
    return record


def also[T](scanned: Callable[[], None], judged: Callable[[], T]) -> T:
    """What both complain about, in one error."""
    try:
        scanned()
    except VerifyError as first:
        try:
            judged()
        except VerifyError as error:
            problem = f"{first.problem}\n{error.problem}"
            raise VerifyError(problem, fix=f"{first.fix}\n→ {error.fix}") from None
        raise
    return judged()


def add_imports_to_page(settings: Settings) -> None:
    from ..report import last_build  # with all that a report needs

    last_build.add_imports_to_page(settings)


def not_proven(settings: Settings) -> str:
    """'' when the layer was run, and else what is not known of it."""
    if builder.runs(settings):
        return ""
    asked = f"; check = {settings.check!r} was not run" if settings.check else ""
    why = f"this machine does not run {host_python.target(settings)}"
    return f"no import was tried, no library loaded: {why}{asked}"


def judge(
    settings: Settings, get_workshop: GetWorkshop, tree: Installed, stay: Sequence[str],
    found: dict[str, Proof],
) -> tuple[list[Failing], set[str]]:  # fmt: skip
    """VerifyError for what broke, is unusable, or will be compiled at each cold start. Else all
    that fails and the app does not import, and which names of these are attributes, too. Not what
    the app may set up before it imports it: that is no error whenever the app comes to do so."""
    check_hidden(found)
    wants = lambda_libraries.wants(settings, found, lambda_libraries.pickers(tree))
    direct = direct_modules(settings, tree, stay)
    failing = usable.failing(found, direct)
    every = usable.of_any(found, brought())
    of_app = app_imports.of_these(Path(), [each.module for each in every])
    given = usable.attributes(paths.layer_zip(settings), of_app) if of_app else set()
    of_app = app_imports.of_these(Path(), of_app, given) if given else of_app
    unusable = usable.errors(failing, every, of_app)
    check_usable(settings, found, unusable, lambda_libraries.unimportable(wants, found, direct))
    broken = verdict.breaks(found)
    if broken and (error := blame(settings, get_workshop, tree, broken)):
        raise error
    if wrong := verdict.defects(found, twice(settings), odd(tree)):
        fix = "`./doitw report` shows what each rule took. To switch one off, name it in rules-off"
        raise VerifyError("\n".join(wrong), fix=fix)
    check_libraries(settings, wants)
    needed = usable.memory(found, direct)
    check_memory(settings, needed)
    compiled = sum(each.after["compiled"] for each in found.values())
    optimized = records.needed(settings, OptimizeRecord)
    if optimized.bytecode and optimized.bytecode.files and compiled:
        fix = 'report this. With bytecode = "none" you ship the layer without'
        raise VerifyError(f"Python compiles {count(compiled, 'module')} anew at import", fix=fix)
    tight = usable.without_room(needed, memory_sizes(settings)[0], "a function of the stage has")
    said = usable.warnings(failing, every, of_app)
    for line in [*doubts(tree, stay, found, wants), *said, *tight]:
        say(f"warning: {line}")
    return [each for each in every if not causes.is_unset(each.error)], given


def brought() -> set[str]:
    """Outermost modules that are in the function, and not where imports are tried."""
    found = {each.partition(".")[0] for each in function_package.here().modules}
    with suppress(LayerError):  # chalice-deploy says what is wrong
        found |= {name.replace("-", "_") for name in function_file.asked(function_file.FUNCTION)}
    return found | {*app_file_names.MODULES}


def check_hidden(found: dict[str, Proof]) -> None:
    """VerifyError where a module that hides a standard one breaks something."""
    if broken := name_clashes.broken(found):
        owners = name_clashes.hiding(found)
        lines = [
            f"{name} of {owners.get(name, 'the layer')} hides the standard library's {name}; with "
            f"it these do not import: {', '.join(few(sorted(failed), 'module'))}"
            for name, failed in sorted(broken.items())
        ]
        named = ", ".join(sorted({owners.get(name, name) for name in broken}))
        globs = ", ".join(f'"{name}.py", "{name}/**"' for name in sorted(broken))
        raise VerifyError(
            "\n".join(lines),
            fix=f"leave out {named}, which Python has had since long. Where another package asks "
            f"for it: drop = [{globs}] in [tool.lambda-layer]",
        )


def check_usable(
    settings: Settings, found: dict[str, Proof], unusable: dict[str, Failing],
    unloadable: dict[str, str],
) -> None:  # fmt: skip
    """VerifyError for what no function could import. `unloadable`: {direct requirement: why},
    which names the file, too."""
    wrong = {name: each.error for name, each in unusable.items() if each.owner not in unloadable}
    owners = {each.owner for each in unusable.values()} | unloadable.keys()
    others = {name: each for name, each in found.items() if name not in owners}
    if wrong := wrong | unloadable | verdict.killed(others):
        ended = {name: error for name, error in wrong.items() if causes.is_of_bytes(error)}
        open_ = {name: error for name, error in wrong.items() if name not in ended}
        lines = ["does not import, before any pruning:", *causes.reasons(ended)] * bool(ended)
        lines += [*unreached(open_), f"seen in {builder.title(settings)}"]
        fix = causes.ways_out(ended | open_, configured_variables(settings))
        raise VerifyError("\n".join(lines), fix=fix)


def configured_variables(settings: Settings) -> set[str]:
    """Names of those that the stage's functions get from config.json."""
    with suppress(LayerError):  # preflight says what is wrong, where it matters
        found = chalice_config.variables(paths.CHALICE_CONFIG, settings.stage)
        return {name for variables in found.values() for name in variables}
    return set()


def unreached(errors: dict[str, str]) -> list[str]:
    """Lines, where there are any."""
    return [UNREACHED, *causes.reasons(errors)] if errors else []


def check_libraries(settings: Settings, wants: Wants) -> None:
    """VerifyError for what Lambda's own system cannot load."""
    if wants.errors:
        system = lambda_libraries.system(settings)
        glibc = ".".join(map(str, system.versions["GLIBC"]))
        raise VerifyError(
            "\n".join(verdict.few_of_each(wants.errors)),
            fix=f"pin a version with a wheel for {system.name} (manylinux up to glibc {glibc}, "
            f"{settings.architecture}), or leave the package or these files out with `drop`",
        )


def check_memory(settings: Settings, needed: dict[str, int]) -> None:
    """VerifyError for direct requirements that no function has the memory to import."""
    most = memory_sizes(settings)[-1]
    if wrong := usable.without_room(needed, most, "no function of the stage has more than"):
        raise VerifyError(
            "\n".join([*wrong, f"seen in {builder.title(settings)}"]),
            fix="raise lambda_memory_size in .chalice/config.json, for the stage or in its "
            "lambda_functions. Or leave the package out",
        )


def memory_sizes(settings: Settings) -> list[int]:
    """MB of the stage's functions, the least first. The most that there is where config.json does
    not say it: preflight says what is wrong, where it matters."""
    with suppress(LayerError):
        return chalice_config.memory_sizes(paths.CHALICE_CONFIG, settings.stage)
    return [LAMBDA_MEMORY]


def doubts(
    tree: Installed, stay: Sequence[str], found: dict[str, Proof], wants: Wants
) -> list[str]:
    """What a person should know of a layer that works."""
    said = verdict.doubts(found)
    unreached = verdict.unreached(found)
    absent = [line for line in said if NOT_THERE in line]
    wanted = [
        (name, line)
        for name, line in wants.doubts
        if not any(line.split()[0] in each for each in absent)
    ]
    return [
        *said,
        *verdict.few_of_each(wanted),
        *verdict.without_needed(found),
        *verdict.oddities(found, odd(tree)),
        *verdict.from_elsewhere(found),
        *verdict.slow(verdict.import_seconds(found, outer_modules(tree, stay))),
        *name_clashes.warnings(tree, stay, found),
        *(f"{name} was not tested: {error}" for name, error in unreached.items()),
    ]


def odd(tree: Installed) -> set[str]:
    """Packages that came with metadata that no tool reads: not in UTF-8, without a version."""
    return {
        each.name
        for each in tree.distributions
        if not each.version or re.search("[\udc80-\udcff]", each.texts["METADATA"])
    }


def direct_modules(
    settings: Settings, tree: Installed, stay: Sequence[str]
) -> dict[str, list[str]]:
    """{direct requirement: the outermost modules of it that are in the layer}."""
    record, outer = records.needed(settings, InstallRecord), outer_modules(tree, stay)
    return {each.name: outer.get(each.name, []) for each in record.distributions if each.direct}


def outer_modules(tree: Installed, stay: Sequence[str]) -> dict[str, list[str]]:
    """The same of each distribution."""
    owned = modules.by_distribution(stay, tree.owners)
    return {name: modules.top_level(names) for name, names in owned.items()}


def twice(settings: Settings) -> list[str]:
    """Distributions of which the layer holds the metadata more than once."""
    there = zip_writer.members(paths.layer_zip(settings))
    found = (_DIST_INFO.fullmatch(each.name) for each in there)
    counted = Counter(canonical(match[1]) for match in found if match)
    return [name for name, count in counted.items() if count > 1]


def blame(
    settings: Settings, get_workshop: GetWorkshop, tree: Installed, broken: list[verdict.Break]
) -> VerifyError | None:
    """Find the rule and file at fault for the first break. Name them all. Where time or memory ran
    out nothing is at fault that could be found. None where all that broke are processes that an
    alarm ended, as gevent's tests set one: each works by itself."""
    open_ = {each.name: each.error for each in broken if not causes.is_of_bytes(each.error)}
    ended = [each for each in broken if each.name not in open_]
    if ended:
        say(f"{count(len(broken), 'thing')} broke; looking for the rule at fault")
    while ended:
        found, removed = find_fault(settings, get_workshop, tree, ended[0])
        if not (verdict.works_alone(found) and ended[0].error.startswith("exit status")):
            break
        say(f"warning: {ended[0].name} ended beside others ({ended[0].error}); alone it works")
        ended = ended[1:]
    if not ended:
        words = "\n".join(unreached(open_))
        return VerifyError(words, fix=causes.ways_out(open_)) if open_ else None
    listed = few([f"{each.name}: {each.error}" for each in ended], "failure")
    lines = "\n".join([*listed, verdict.at_fault(found, removed), *unreached(open_)])
    ways = [verdict.fix_for(found), *([causes.ways_out(open_)] if open_ else [])]
    return VerifyError(
        f"pruning broke these (they worked as installed):\n{lines}", fix="\n→ ".join(ways)
    )


def find_fault(
    settings: Settings, get_workshop: GetWorkshop, tree: Installed, broken: verdict.Break
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """(docker/blame.py's answer, {rule: what it took})"""
    workshop = get_workshop()
    removed = json.loads(paths.removed(settings).read_text(encoding="utf-8"))
    removed["strip"] = [path for path in tree.sizes if lambda_libraries.is_library(path)]
    removed["bytecode-only"] = sorted(prove.sourceless(settings))
    pins = prove.install(settings, workshop, set(tree.owners.values()))
    installed = {path: pins[tree.owners[path]] for files in removed.values() for path in files}
    request = {"kind": broken.kind, "name": broken.name, "removed": removed}
    with folder() as here:
        workshop.gather(installed, here / "removed.zip")
        layer, back = paths.layer_zip(settings), here / "removed.zip"
        return probe.blame(settings, workshop.sandbox, layer, request, back), removed
