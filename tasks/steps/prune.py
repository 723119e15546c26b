"""prune: which of the installed files a running function needs.

install's record ──▶ rules, recipes, drop, keep ──▶ plan.json     what each distribution keeps
                                                    removed.json  {rule: [paths]}: what goes
                                                    record.json
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..chalice_project.source import imports as app_imports
from ..context.doit_actions import action
from ..context.settings import current
from ..layer import builder, input_hash, installed, traced_files
from ..layer.archive import size_limit
from ..layer.builder import LayerBuilder
from ..layer.installed import Installed
from ..layer.prune import conflicts, recipes
from ..layer.prune.dist_info import cut_down
from ..layer.prune.globs import glob_of, matcher
from ..layer.prune.plan import PrunePlan, Sourceless
from ..layer.prune.plan import write_plans as write_plans
from ..layer.prune.rules import FOLDERS, METADATA, SUFFIXES, UNSURE
from ..layer.prune.select import DESCRIBES, Selection, select
from ..layer.team_store import origins
from ..proof import trace
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import Count, InstallRecord, PruneRecord, RuleCount
from ..ui.console import say, size
from ..util import files
from ..util.errors import BuildError, SettingsError

GetWorkshop = Callable[[], LayerBuilder]
LISTED = 5  # files, in one message
MENTIONED = 100_000  # bytes that may be kept in vain before that is worth a line
ONLY = "only"  # of the setting `bytecode`
FORMAT = 4  # raise when this step makes something else of the same rules and tree


def task_prune() -> dict[str, object]:
    """Leave out what no running function reads."""
    settings = current()
    record = paths.record(settings, "prune")
    return {
        "actions": [action(lambda: run(settings, lambda: builder.choose(settings)))],
        "file_dep": [str(paths.record(settings, "install"))],
        "targets": [str(record), str(paths.removed(settings)), str(paths.plan(settings))],
        "uptodate": [
            records.is_fresh(settings, PruneRecord, lambda: fingerprint(settings)),
            lambda: origins.are_trusted(settings, "prune"),
        ],
    }


def fingerprint(settings: Settings, tops: Collection[str] | None = None) -> str:
    """`tops`: outermost names of what two packages bring, if the app's imports decide whose it is.
    The record's, where a run does not say them."""
    install = records.read(settings, InstallRecord)
    if tops is None:
        last = records.read(settings, PruneRecord)
        tops = last.tops if last else ()
    used = app_imports.of_app(Path(), tops) if tops else []
    made = [
        FORMAT,
        install and install.tree,
        recipes.fingerprint(settings),
        settings.bytecode == ONLY,
    ]
    traced = traced_files.part(settings, builder.kind(settings)) if settings.trace else {}
    return files.digest([*made, input_hash.named_by_app(settings), traced, used])


def run(settings: Settings, get_workshop: GetWorkshop | None = None) -> PruneRecord:
    """Choose what stays and write the record. SettingsError, BuildError. `get_workshop`: for
    `trace`."""
    if wrong := recipes.problems(settings):
        raise SettingsError("\n".join(wrong), fix="`doit report` lists rules and recipes")
    tree = installed.needed(settings)
    size_limit.measure_function(settings)
    app = app_imports.of_app_and_programs(Path(), FOLDERS, settings.check, SUFFIXES)
    get_workshop = get_workshop or partial(builder.choose, settings)
    traced = trace.run(settings, get_workshop(), tree) if settings.trace else None
    opened = traced.opened if traced else frozenset()
    selection = select(tree, recipes.active(settings), settings.keep, app, opened)
    for glob in selection.unmatched:
        say(f"warning: {glob!r} in keep or drop matches no file of this layer")
    prefer = conflicts.read_preferences(settings.prefer)
    for text in conflicts.unmatched(tree, prefer):
        say(f"warning: {text!r} in prefer names no file of this layer")
    for line in large_licenses(tree, selection):
        say(line)
    check_links(tree, selection)
    check_names(tree, selection)
    used = partial(app_imports.of_app, Path(), conflicts.STRAY)
    winners = conflicts.settle(tree, selection.stay, prefer, used)
    doubts = {*conflicts.in_doubt(winners)} - tree.licenses
    for path in sorted(path for path in doubts if not conflicts.named_for(path, prefer)):
        say(f"warning: {path} of {winners[path]} hides another package's; prefer says whose")
    size_limit.check_pruned(settings, tree, selection.stay)
    records.forget(settings, PruneRecord)  # no plan, no record
    whole = settings.keep if METADATA not in settings.rules_off else ("**",)
    whole = (*whole, *({DESCRIBES} & selection.spared.get(METADATA, {}).keys()))
    read = traced.read if traced else frozenset()
    sourceless = without_source(settings, tree, selection, read)
    plans = plan_pruning(tree, selection, winners, sourceless.only, uncut=matcher(whole))
    cut = saved_by_cuts(tree, plans)
    write_plans(paths.plan(settings), plans)
    removed = json.dumps(_removed(selection, cut), indent=1)
    files.write_atomic(paths.removed(settings), removed.encode())
    tops = sorted({path.split("/")[0].removesuffix(".py") for path in winners} & conflicts.STRAY)
    record = PruneRecord(
        fingerprint=fingerprint(settings, tops),
        tops=tops,
        plan=files.digest([*map(vars, plans)]),
        **describe(tree, selection, cut),
        sources=dict(sourceless.why),
        unused=trace.unused(tree, selection.stay, opened) if traced else {},
        origins=origins.used(),
    )
    records.write(settings, record)
    _show(record)
    return record


def plan_pruning(
    tree: Installed,
    selection: Selection,
    winners: Mapping[str, str],
    only: Collection[str] = (),
    *,
    uncut: Callable[[str], str | None],
) -> list[PrunePlan]:
    """What each distribution keeps. `winners`: {path that several bring: whose it is}. `only`:
    modules that are shipped as bytecode alone. What `uncut` matches is never cut down."""
    stay = set(selection.stay)
    mine = {
        each.name: sorted(
            path for path in stay & each.files.keys() if winners.get(path, each.name) == each.name
        )
        for each in tree.distributions
    }
    return [
        PrunePlan(
            key=each.key,
            pin=each.pin,
            name=each.name,
            stay=mine[each.name],
            cut={
                path: cut_down(name, text, stay, only)
                for name, text in each.texts.items()
                if (path := f"{each.folder}/{name}") in stay and not uncut(path)
            },
            only=[path for path in mine[each.name] if path in only],
        )
        for each in tree.distributions
    ]


def without_source(
    settings: Settings, tree: Installed, selection: Selection, read: Collection[str] = ()
) -> Sourceless:
    """`read`: sources that a trace saw code open."""
    if settings.bytecode != ONLY:
        return Sourceless(only=frozenset(), why={})
    from ..layer.prune import sources  # with what reads metadata

    saved = matcher((*settings.keep, *map(glob_of, read)))
    return sources.choose(tree, selection.stay, saved, settings.python)


def large_licenses(tree: Installed, selection: Selection) -> list[str]:
    """Warnings of those that are no text which anybody bundles."""
    texts = {path: text for each in tree.distributions for path, text in each.licenses.items()}
    return [
        f"warning: {tree.owners[path]}: the licence {path} has {size(tree.sizes[path])}; leave it "
        f'out with drop = ["{glob_of(path)}"] in [tool.lambda-layer]'
        for path in selection.stay
        if texts.get(path, "") is None
    ]


def saved_by_cuts(tree: Installed, plans: list[PrunePlan]) -> dict[str, int]:
    """{path of a file cut down: bytes saved}"""
    return {
        path: tree.sizes[path] - len(text.encode(errors="surrogateescape"))
        for each in plans
        for path, text in each.cut.items()
    }


def check_links(tree: Installed, selection: Selection) -> None:
    """A layer holds files: a link to what is none of its distribution's cannot stay."""
    links = {path: goal for each in tree.distributions for path, goal in each.links.items()}
    for path in selection.stay:
        if path in links:
            raise BuildError(
                f"{path} is a link to {links[path]}, which is no file of this layer",
                fix=f'leave it out: drop = ["{glob_of(path)}"] in [tool.lambda-layer]',
            )


def check_names(tree: Installed, selection: Selection) -> None:
    """BuildError for names that a zip, or a folder on another machine, cannot hold."""
    wrong = {
        path: f"{tree.owners[path]}: {sentence}"
        for path in selection.stay
        for sentence in files.unholdable([path])
    }
    wrong |= {
        second: f"{tree.owners[second]}: {first} and {second} differ in case alone: they cannot "
        "lie side by side on macOS and Windows"
        for first, second in files.alike(selection.stay)
    }
    if wrong:
        globs = ", ".join(f'"{glob_of(path)}"' for path in list(wrong)[:LISTED])
        raise BuildError(
            "\n".join(list(wrong.values())[:LISTED]),
            fix=f"drop it: drop = [{globs}] in [tool.lambda-layer]. Or pin a version without it",
        )


def describe(tree: Installed, selection: Selection, cut: Mapping[str, int]) -> dict[str, Any]:
    """The record's facts: files and bytes removed, per rule, and per package and rule."""
    removals = [(path, rule, tree.sizes[path]) for path, rule in selection.removed.items()]
    removals += [(path, METADATA, saved) for path, saved in cut.items()]
    packages: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    for path, rule, count in removals:
        package = packages[tree.owners[path]]
        for counter in (rules[rule], package[rule]):
            counter.update(files=int(path not in cut), cut=int(path in cut), bytes=count)
    before, saved = sum(tree.sizes.values()), sum(count for _, _, count in removals)
    return {
        "before": Count(files=len(tree.sizes), bytes=before),
        "after": Count(files=len(selection.stay), bytes=before - saved),
        "rules": _sorted(rules),
        "packages": {name: _sorted(packages[name]) for name in sorted(packages)},
        "spared": selection.spared,
        "unsure": unsure(tree, selection),
        "kept_by": list(selection.kept),
        "unmatched": list(selection.unmatched),
    }


def unsure(tree: Installed, selection: Selection) -> dict[str, int]:
    """{folder or file that stays because nobody can know: bytes}, the largest first."""
    doubtful = {each.value for each in UNSURE}
    kept = {
        what
        for spared in selection.spared.values()
        for what, why in spared.items()
        if why in doubtful
    }
    of = matcher(tuple(glob_of(what) for what in sorted(kept)))
    found: Counter[str] = Counter()
    for path in selection.stay:
        if what := of(path):
            found[what] += tree.sizes[path]
    return dict(found.most_common())


def _sorted(counted: Mapping[str, Counter[str]]) -> dict[str, RuleCount]:
    largest = sorted(counted.items(), key=lambda item: (-item[1]["bytes"], item[0]))
    return {rule: RuleCount(**counter) for rule, counter in largest}


def _removed(selection: Selection, cut: Mapping[str, int]) -> dict[str, list[str]]:
    removed: dict[str, list[str]] = defaultdict(list)
    for path, rule in selection.removed.items():
        removed[rule].append(path)
    if cut:
        removed[METADATA] += cut
    return dict(sorted(removed.items()))


def offered(unused: Mapping[str, int]) -> list[str]:
    """What a trace did not import, for people."""
    if not unused:
        return []
    globs = ", ".join(f'"{glob}"' for glob in list(unused)[:LISTED])
    total = size(sum(unused.values()))
    return [f"never imported by trace: {total}; drop = [{globs}] leaves the most of it out"]


def _show(record: PruneRecord) -> None:
    before, after, doubtful = record.before, record.after, record.unsure
    for rule, took in record.rules.items():
        say(f"{rule:<22}{took.files:>7} files {size(took.bytes):>12}")
    if sum(doubtful.values()) >= MENTIONED:
        largest = glob_of(next(iter(doubtful)))
        say(
            f"kept, unsure: {size(sum(doubtful.values()))} in {len(doubtful)} places; where "
            f'nothing reads it: drop = ["{largest}", …] (`./doitw report` has them all)'
        )
    for name, why in record.sources.items():
        say(f"{name} keeps its sources: {why}")
    for line in offered(record.unused):
        say(line)
    left, share = size(after.bytes), after.bytes / max(before.bytes, 1)
    say(f"{size(before.bytes)} → {left} ({share:.0%}), {after.files} files")
