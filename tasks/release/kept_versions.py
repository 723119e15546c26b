"""Which layer versions may go: pure, from what is there and what uses it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..aws.s3_versions import Stored

NEWEST = 5  # versions that `gc` always keeps, unless keep=N is typed


@dataclass(frozen=True, kw_only=True)
class VersionEntry:
    """A version and what S3 holds of it. `built`: its zip's folder, '' for one that this tool did
    not publish. `gone`: it was deleted from Lambda, and only its zip is left."""

    number: int
    arn: str
    created: str
    built: str
    gone: bool
    files: tuple["Stored", ...]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """`kept`: why it stays. None means that it goes, with these files."""

    entry: VersionEntry
    kept: tuple[str, ...]
    files: tuple["Stored", ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def decide_fates(
    entries: Sequence[VersionEntry], keep: int, uses: Mapping[str, Sequence[str]]
) -> list[Fate]:
    """What becomes of each entry, newest first, without deleted ones that left nothing to delete.
    `uses`: {ARN: who}. `keep`: how many of the newest versions of this tool stay in any case, and
    whatever is newer than these."""
    newest = sorted(entries, key=lambda entry: -entry.number)
    ours = [entry.number for entry in newest if entry.built and not entry.gone]
    oldest = min(ours[:keep], default=None)
    reasons = [_reasons(entry, oldest, keep, uses.get(entry.arn, ())) for entry in newest]
    # a version may be published again from the zip of a deleted one: then two share it
    needed = {entry.built for entry, kept in zip(newest, reasons, strict=True) if kept}
    fates = [
        Fate(entry=entry, kept=kept, files=() if kept else tuple(_own(entry, needed)))
        for entry, kept in zip(newest, reasons, strict=True)
    ]
    return [fate for fate in fates if fate.kept or fate.files or not fate.entry.gone]


def _own(entry: VersionEntry, needed: Collection[str]) -> Iterator["Stored"]:
    """Its files without those in a folder that another version needs: its notes."""
    for file in entry.files:
        if entry.built not in needed or f"/{entry.built}/" not in file.key:
            yield file


def _reasons(
    entry: VersionEntry, oldest: int | None, keep: int, users: Sequence[str]
) -> tuple[str, ...]:
    if not entry.built:
        return ("not published by this tool", *users)
    if oldest is None or entry.number < oldest:
        return tuple(users)
    among = "younger than the newest" if entry.gone else "one of the newest"
    return (f"{among} {keep}", *users)


def matches(rule: Mapping[str, object], prefix: str) -> bool:
    """Does a bucket's lifecycle rule let S3 remove untagged objects that begin with `prefix`?"""
    expires = {"Expiration", "NoncurrentVersionExpiration"} & rule.keys()
    if rule.get("Status") != "Enabled" or not expires:
        return False
    filter_ = rule.get("Filter") or {}
    both = filter_.get("And", filter_) if isinstance(filter_, dict) else {}
    if "Tag" in both or both.get("Tags"):
        return False
    begin = str(both.get("Prefix") or rule.get("Prefix") or "")
    return prefix.startswith(begin) or begin.startswith(prefix)
