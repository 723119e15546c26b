"""What a layer is made of, as facts for people: the terminal's tables and the page show these."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..layer.archive.size_limit import Budget
from ..layer.archive.sizes import Kind, Size, Sizes
from ..layer.installed import source_of
from ..layer.prune.globs import any_of, matcher
from ..layer.prune.rules import Rule
from ..settings.step_records import PruneRecord, RecordedDistribution, RuleCount
from ..ui.console import signed

SHOWN = 2  # examples of a reason, the rest is counted
NONE: Mapping[Kind, int] = {}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One package. Bytes. `published`: in the last published version, None when not in it."""

    package: str
    version: str
    direct: bool
    installed: Mapping[Kind, int]
    layer: Mapping[Kind, int]
    zipped: int
    published: int | None

    @property
    def before(self) -> int:
        return sum(self.installed.values())

    @property
    def after(self) -> int:
        return sum(self.layer.values())


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one rule did. `cut`: files that were shortened. `spared`: {what: why it stays}."""

    rule: str
    reason: str
    files: int
    cut: int
    bytes: int
    spared: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A recipe or rule that is not switched on and would take something. Bytes."""

    rule: str
    reason: str
    breaks: str
    files: int
    bytes: int
    zipped: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """One layer and stage. `zipped`: bytes of the zip. `published`: ARN, `published_bytes`
    unzipped, both None before the first. `kept`: files that `keep` saved. `notes`: sentences.
    `imports`: seconds by package, of the import test. Empty before it."""

    layer: str
    stage: str
    target: str
    built: str
    sha256: str
    zipped: int
    budget: Budget
    published: str | None
    published_bytes: int | None
    rows: Sequence[Row]
    work: Sequence[Work]
    kept: Sequence[str]
    notes: Sequence[str]
    offers: Sequence[Offer]
    imports: Mapping[str, float] = field(default_factory=dict)

    @property
    def installed(self) -> int:
        return sum(row.before for row in self.rows)


def slowest_first(imports: Mapping[str, float]) -> list[tuple[str, str]]:
    """(package, seconds for people)."""
    ordered = sorted(imports.items(), key=lambda item: (-item[1], item[0]))
    return [(name, f"{seconds:.2f} s") for name, seconds in ordered]


def package_rows(
    distributions: Iterable[RecordedDistribution],
    installed: Sizes,
    layer: Sizes,
    zipped: Mapping[str, int],
    published: Mapping[str, int],
) -> list[Row]:
    """One per package that is or was there, the heaviest first. `distributions`: install's."""
    known = {each.name: each for each in distributions}
    names = {name for sizes in (installed, layer) for name in sizes if sum(sizes[name].values())}
    found = [
        Row(
            package=name,
            version=known[name].version if name in known else "",
            direct=name in known and known[name].direct,
            installed=installed.get(name, NONE),
            layer=layer.get(name, NONE),
            zipped=zipped.get(name, 0),
            published=published.get(name),
        )
        for name in names | {name for name, count in published.items() if count}
    ]
    return sorted(found, key=lambda row: (-row.after, -row.before, row.package))


def work(pruned: PruneRecord, rules: Iterable[Rule]) -> list[Work]:
    """Every rule that took or spared something, the largest saving first."""
    reasons = {rule.name: rule.reason for rule in rules}
    nothing = RuleCount(files=0, cut=0, bytes=0)
    found = [
        Work(
            rule=name,
            reason=reasons.get(name, ""),
            **vars(pruned.rules.get(name, nothing)),
            spared=pruned.spared.get(name, {}),
        )
        for name in {**pruned.rules, **pruned.spared}
    ]
    return sorted(found, key=lambda each: (-each.bytes, each.rule))


def offers(files: Mapping[str, Size], rules: Iterable[Rule], keep: Sequence[str]) -> list[Offer]:
    """What each of the rules would take from the zip's `files`, bytecode with its source."""
    kept, rules = matcher(tuple(keep)), tuple(rules)
    named = any_of(rule.globs for rule in rules)
    sources = [(source_of(path), each) for path, each in files.items()]
    wanted = [(source, each) for source, each in sources if named(source)]
    found = []
    for rule in rules:
        takes = _takes(rule, kept)
        sizes = [each for source, each in wanted if takes(source)]
        if sizes:
            found.append(
                Offer(
                    rule=rule.name,
                    reason=rule.reason,
                    breaks=rule.breaks,
                    files=len(sizes),
                    bytes=sum(each.unzipped for each in sizes),
                    zipped=sum(each.zipped for each in sizes),
                )
            )
    return sorted(found, key=lambda offer: (-offer.bytes, offer.rule))


def _takes(rule: Rule, kept: Callable[[str], str | None]) -> Callable[[str], bool]:
    match, excepted = matcher(rule.globs), matcher(rule.exceptions)
    return lambda path: bool(match(path)) and not excepted(path) and not kept(path)


def spared_shortly(spared: Mapping[str, str]) -> list[str]:
    """`why: two examples, 3 more`, a line per reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for what, why in spared.items():
        by_reason[why].append(what)
    return [f"{why}: {examples(found)}" for why, found in by_reason.items()]


def examples(found: Sequence[str]) -> str:
    more = [f"{len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return ", ".join([*found[:SHOWN], *more])


def change(report: Report, row: Row) -> str:
    """Against the last published version."""
    if report.published is None:
        return "–"
    if row.published is None:
        return "new"
    return "gone" if not row.after else signed(row.after - row.published)


def total_change(report: Report) -> str:
    if report.published_bytes is None:
        return "–"
    return signed(report.budget.layer - report.published_bytes)
