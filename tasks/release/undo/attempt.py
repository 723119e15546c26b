"""One change of what a stage runs, as S3 keeps it: what ran before it, and how far it came."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ...util import files, typed_json
from ..stage import rollback_pin

DEPLOYING = "deploying"  # Chalice is at work, or was cut short
DEPLOYED = "deployed"  # and nobody has asked the app yet
ANSWERED = "answered"
FAILED = "failed"  # the app did not answer, and was left as it is
UNDOING = "undoing"
UNDONE = "undone"
REFUSED = "refused"  # before anything was changed
WELL = (ANSWERED, UNDONE, REFUSED)
OPEN = (DEPLOYING, DEPLOYED, UNDOING)  # the next deploy has to finish it
SAID = 200  # characters of a reason


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a stage ran. `functions`: {name: settings as GetFunctionConfiguration says them}, of the
    variables those that come from no secret. `package`: the S3 object of Chalice's package, ''
    where none is kept. `record`: chalice-deploy's, with the secret's version. `layers`: the
    stage's. `api`: {"id", "stage", "deployment"}, {} for none. `resources`: {name: type} by
    Chalice's state."""

    functions: Mapping[str, Mapping[str, Any]]
    package: str
    record: Mapping[str, Any]
    layers: Sequence[str]
    api: Mapping[str, str]
    resources: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Of its package, as Lambda says it. '' where its functions have several."""
        found = {str(each.get("CodeSha256")) for each in self.functions.values()}
        return found.pop() if len(found) == 1 else ""

    @property
    def image(self) -> str:
        """What its functions are made of, by digest. '' for zips, and for an image of others."""
        found = self.record.get("image") or {}
        same = self.sha256 == str(found.get("digest", "")).removeprefix("sha256:")
        return str(found["uri"]) if found and same else ""

    @property
    def is_kept(self) -> bool:
        """Can it be brought back?"""
        return bool(self.package or self.image)

    @property
    def named(self) -> str:
        """`version 1 of deps`, `image 96b07b0daa88`"""
        if self.image:
            return image_named(self.image)
        return ", ".join(rollback_pin.named(arn) for arn in self.layers) or "no layer"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """`arns`: the stage's layers by it. `image`: what functions are made of by it, '' for zips.
    `blocked`: why a failed smoke does not undo it, '' where it does. `why`: how it ended, in one
    sentence. `app`: wishes.app of what it deployed."""

    by: str
    at: str
    state: str
    arns: Sequence[str]
    before: Ran | None
    blocked: str = ""
    why: str = ""
    app: str = ""
    image: str = ""

    @property
    def has_other_layers(self) -> bool:
        """Than what ran before it."""
        return bool(self.before and [*self.before.layers] != [*self.arns])

    @property
    def apps(self) -> set[str]:
        """Its own and the one that ran before it, for the pin of an undo that nobody typed."""
        known = {self.app, str(self.before.record.get("app", "")) if self.before else ""}
        return known - {""} if self.app and self.state == UNDOING else set()

    @property
    def ended_well(self) -> bool:
        return self.state in WELL

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def now(self, state: str, why: str = "") -> "Attempt":
        return replace(self, state=state, why=short(why) or self.why)

    def __str__(self) -> str:
        """`the deploy of version 2 of deps by anna@laptop on 2026-11-24 03:10:17 UTC`"""
        layers = ", ".join(rollback_pin.named(arn) for arn in self.arns) or "no layer"
        what = image_named(self.image) if self.image else layers
        return f"the deploy of {what} by {self.by} on {self.at}"


def image_named(uri: str) -> str:
    """…/shop@sha256:96b07b0daa88… → image 96b07b0daa88"""
    return f"image {uri.rpartition(':')[2][:12]}"


def short(why: str) -> str:
    """Its first line, not all of a page that a function answered."""
    line = why.partition("\n")[0]
    return line if len(line) <= SAID else f"{line[:SAID]}…"


def to_json(attempt: Attempt) -> bytes:
    return files.canonical(asdict(attempt))


def from_json(text: bytes | None) -> Attempt | None:
    """None for none, and for what is none of ours. What a later version adds is left alone."""
    told, known = typed_json.parsed(text), {each.name for each in fields(Attempt)}
    return typed_json.made(Attempt, {name: told[name] for name in told if name in known})
