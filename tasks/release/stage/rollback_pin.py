"""A pin: after a rollback the stage keeps these layers, whatever its requirements say."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from ...aws import arn as layer_arns
from ...ui.visible import one_line
from ...util import files, typed_json


@dataclass(frozen=True, kw_only=True)
class RollbackPin:
    """`arns`: one takes its layer's place, several are the stage's whole list. `by`, `at`: who set
    it and when. `inputs`: the input hashes that it holds against. `lifted`: who, when and why, in
    one sentence; '' while it stands."""

    arns: Sequence[str]
    by: str
    at: str
    reason: str
    inputs: Sequence[str]
    lifted: str = ""

    def holds(self, wanted: str) -> bool:
        """Against requirements with this input hash?"""
        return not self.lifted and wanted in self.inputs

    def lift(self, why: str) -> "RollbackPin":
        return replace(self, lifted=why)

    def __str__(self) -> str:
        """`rolled back to version 1 by anna@laptop on 2026-11-24 03:10:17 UTC: numpy crashes`"""
        numbers = ", ".join(named(arn) for arn in self.arns)
        said = f"rolled back to {numbers} by {self.by} on {self.at}: {self.reason}"
        return one_line(said)


def named(arn: str) -> str:
    match = layer_arns.LAYER_ARN.fullmatch(arn)
    return f"version {match['version']} of {match['name']}" if match else arn


def to_json(pin: RollbackPin) -> bytes:
    return files.canonical(asdict(pin))


def from_json(text: bytes | None) -> RollbackPin | None:
    """None for none, and for what is no pin of ours."""
    return typed_json.read_note(RollbackPin, text)
