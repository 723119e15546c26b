"""A pin: after a rollback the stage keeps these layers, whatever its requirements say."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields, replace

from ...aws import arn as layer_arns
from ...ui.visible import one_line
from ...util import files, typed_json

LISTS = 10  # that a pin remembers


@dataclass(frozen=True, kw_only=True)
class RollbackPin:
    """`arns`: one version of the pin's layer, or the stage's whole list. `by`, `at`: who set
    it and when. `wishes` (release/wishes.py), `inputs` (input hashes): what it holds against.
    `lifted`: who, when and why, in one sentence. '' while it stands. `lists`: the whole lists that
    this rollback and earlier ones wrote. `replaced`: the stage's own, from before them. `apps`
    (wishes.app): of an undo, the app that failed and the one that ran before. A corrected one goes
    on with its requirements."""

    arns: Sequence[str]
    by: str
    at: str
    reason: str
    inputs: Sequence[str]
    lifted: str = ""
    wishes: Sequence[str] = ()
    lists: Sequence[Sequence[str]] = ()
    replaced: Sequence[str] = ()
    apps: Sequence[str] = ()

    def holds(self, wished: Collection[str], wanted: str, app: str = "") -> bool:
        """Against somebody who has these wishes, of which this is the input hash, and this app?
        What a builder, an image or a version of the tool adds to the hash changes no wish."""
        same = wanted in self.inputs or not {*wished}.isdisjoint(self.wishes)
        return not self.lifted and same and not self.is_corrected(app)

    def is_corrected(self, app: str) -> bool:
        """Is this app another one than those that an undo knows?"""
        return bool(self.apps) and app not in self.apps

    @property
    def decisions(self) -> str:
        """What a person changes to go on."""
        return "requirements, settings or the app" if self.apps else "requirements or settings"

    def lift(self, why: str) -> "RollbackPin":
        return replace(self, lifted=why)

    def __str__(self) -> str:
        """`rolled back to version 1 by anna@laptop on 2026-11-24 03:10:17 UTC: numpy crashes`"""
        numbers = ", ".join(named(arn) for arn in self.arns)
        said = f"rolled back to {numbers} by {self.by} on {self.at}: {self.reason}"
        return one_line(said)


def own(pin: RollbackPin | None, configured: Sequence[str]) -> list[str]:
    """The stage's own list. A list that a rollback wrote is nobody's wish: in its place counts what
    the first of them replaced. One that a person has changed since is that person's."""
    if pin and [*configured] in [[*each] for each in pin.lists]:
        return [*pin.replaced]
    return [*configured]


def is_one_version(pin: RollbackPin, layer: str) -> bool:
    """Does it pin one version of the layer, whatever other layers the stage has?"""
    return len(pin.arns) == 1 and layer_arns.is_of(pin.arns[0], layer)


def lists_with(former: RollbackPin | None, arns: Sequence[str]) -> list[list[str]]:
    """What the next pin remembers: the lists that earlier rollbacks wrote, and this one's."""
    earlier = [[*each] for each in former.lists] if former else []
    return [*(each for each in earlier if each != [*arns]), [*arns]][-LISTS:]


def named(arn: str) -> str:
    match = layer_arns.LAYER_ARN.fullmatch(arn)
    return f"version {match['version']} of {match['name']}" if match else arn


def to_json(pin: RollbackPin) -> bytes:
    return files.canonical(asdict(pin))


def from_json(text: bytes | None) -> RollbackPin | None:
    """None for none, and for what is no pin of ours. What a later version adds is left alone: its
    pin holds here, too."""
    told, known = typed_json.parsed(text), {each.name for each in fields(RollbackPin)}
    return typed_json.made(RollbackPin, {name: told[name] for name in told if name in known})
