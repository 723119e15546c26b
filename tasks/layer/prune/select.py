"""Which files of a tree stay: rules, recipes, `drop` and `keep` applied to its list of paths."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..installed import Installed
from .globs import any_of, matcher, unmatched
from .rules import DROP, LICENSES, METADATA, NAMES, Rule, Spare
from .usage import Usage

DESCRIBES = "*.dist-info/METADATA"  # a glob: where it is spared, none is cut down
TRACED = "the trace opened it"
Claims = dict[str, tuple[Rule, str]]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """`removed`: path → name of the rule that takes it. `spared`: rule → {what: why it stays}.
    `kept`: what a `keep` glob saved from a rule. `unmatched`: globs that match no file."""

    stay: tuple[str, ...]
    removed: Mapping[str, str]
    spared: Mapping[str, Mapping[str, str]]
    kept: tuple[str, ...]
    unmatched: tuple[str, ...]


def select(
    tree: Installed, rules: Sequence[Rule], keep: Sequence[str], app: Sequence[str] = (),
    opened: Collection[str] = (),
) -> Selection:  # fmt: skip
    """Decide for every path of the tree. `app`: modules that the app imports. `opened`: files that
    a trace saw (only `drop` takes them)."""
    paths = list(tree.sizes)
    offers, saved = _offers(paths, rules), matcher(tuple(keep))
    _settle_licenses(offers, tree.licenses, rules)
    traced = _spare_opened(offers, opened)
    kept = tuple(path for path in offers if saved(path))
    for path in kept:
        del offers[path]
    usage = Usage(tree, app)
    claims, spared = _settle(offers, usage)
    cuts = any(rule.name == METADATA for rule in rules)
    if cuts and usage.spares(Spare.ASKED, DESCRIBES, DESCRIBES, claims.__contains__):
        spared.setdefault(METADATA, {})[DESCRIBES] = Spare.ASKED.value
    for rule, found in traced.items():
        spared[rule] = {**found, **spared.get(rule, {})}
    own = [glob for rule in rules if rule.name == DROP for glob in rule.globs]
    return Selection(
        stay=tuple(path for path in paths if path not in claims),
        removed={path: rule.name for path, (rule, _) in claims.items()},
        spared=spared,
        kept=kept,
        unmatched=tuple(unmatched([*keep, *own], paths)),
    )


def _offers(paths: Sequence[str], rules: Sequence[Rule]) -> dict[str, list[tuple[Rule, str]]]:
    """For each path the rules that would take it, with the part of the path they name."""
    tests = [(rule, matcher(rule.globs), matcher(rule.exceptions)) for rule in rules]
    named = any_of(rule.globs for rule in rules)
    found: dict[str, list[tuple[Rule, str]]] = {}
    for path in filter(named, paths):
        for rule, match, excepted in tests:
            if (matched := match(path)) and not excepted(path):
                found.setdefault(path, []).append((rule, matched))
    return found


def _settle_licenses(
    offers: dict[str, list[tuple[Rule, str]]], licenses: Collection[str], rules: Sequence[Rule]
) -> None:
    """Of the built-in rules only the one for licences takes them. `drop` and recipes may."""
    own = [rule for rule in rules if rule.name == LICENSES]
    for path in sorted(licenses):
        chosen = [offer for offer in offers.pop(path, []) if offer[0].name not in NAMES]
        if takers := [*chosen, *((rule, path) for rule in own)]:
            offers[path] = takers


def _spare_opened(
    offers: dict[str, list[tuple[Rule, str]]], opened: Collection[str]
) -> dict[str, dict[str, str]]:
    """{rule: {path: why it stays}}. Only `drop` takes what a trace saw."""
    spared: dict[str, dict[str, str]] = {}
    for path in sorted(offers.keys() & {*opened}):
        for rule, _ in offers[path]:
            if rule.name != DROP:
                spared.setdefault(rule.name, {})[path] = TRACED
        offers[path] = [offer for offer in offers[path] if offer[0].name == DROP]
    return spared


def _settle(
    offers: Mapping[str, list[tuple[Rule, str]]], usage: Usage
) -> tuple[Claims, dict[str, dict[str, str]]]:
    """Let the looks spare what is used, until nothing more is: code that was spared uses others."""
    spared: dict[str, dict[str, str]] = {}
    while True:
        claims = _claims(offers, spared)
        found = _spare(claims, usage)
        if not found:
            return claims, spared
        for rule, what, why in found:
            spared.setdefault(rule, {})[what] = why


def _claims(
    offers: Mapping[str, list[tuple[Rule, str]]], spared: Mapping[str, Mapping[str, str]]
) -> Claims:
    claims: Claims = {}
    for path, takers in offers.items():
        for rule, matched in takers:
            done = spared.get(rule.name, {})
            if path not in done and matched not in done:
                claims[path] = (rule, matched)
                break
    return claims


def _spare(claims: Claims, usage: Usage) -> list[tuple[str, str, str]]:
    """(rule, folder or file, why it stays) for each that a look saves this time round."""
    found: dict[tuple[str, str], str] = {}
    asked: set[tuple[str, str]] = set()
    gone: Callable[[str], bool] = claims.__contains__
    for path, (rule, matched) in claims.items():
        of_folder = (rule.name, matched)
        if of_folder not in asked and (why := _why(usage, rule.of_folders, path, matched, gone)):
            found[of_folder] = why
        asked.add(of_folder)
        if of_folder not in found and (why := _why(usage, rule.of_files, path, matched, gone)):
            found[rule.name, path] = why
    return [(rule, what, why) for (rule, what), why in found.items()]


def _why(
    usage: Usage, looks: Sequence[Spare], path: str, matched: str, gone: Callable[[str], bool]
) -> str:
    return next((each.value for each in looks if usage.spares(each, path, matched, gone)), "")
