"""`doit status` of a stage of images: what would be built, what is deployed, what runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..aws.client import Aws
from ..context import connection
from ..layer import input_hash
from ..release.images import conversion
from ..release.images import parts as image_parts
from ..release.images import pin as image_pin
from ..release.images.pin import ImagePin
from ..release.partial import Unknowns
from ..release.stage import chalice_state
from ..release.undo import health
from ..sandbox import choose
from ..settings.model import Settings
from ..steps import chalice_deploy
from ..ui import tables
from ..ui.console import say, show_tables, text
from ..util import files

DECIDING = {"AWS", "inputs", "deployed", "pin", "health", "conversion"}


@dataclass(frozen=True, kw_only=True)
class ImageStatus:
    """`wanted`: input hash. `known`: is it in an image that was pushed?. `deployed`: the record of
    the last deploy. `runs`: {function: digest, '' for one that is gone}. `same`: is the app as it
    is here what was deployed?. `conversion`: what is left to do of one, a sentence each."""

    settings: Settings
    wanted: str
    known: bool
    deployed: files.Record
    runs: Mapping[str, str]
    same: bool
    pin: ImagePin | None
    troubles: list[str]
    conversion: list[str]
    unknown: Unknowns = field(default_factory=Unknowns)

    @property
    def is_complete(self) -> bool:
        return not DECIDING & self.unknown.keys()


def gather(settings: Settings) -> ImageStatus:
    """Every part. One that fails leaves the others."""
    unknown, nothing, nobody = Unknowns(), files.Record(), dict[str, str]()
    no_pin: ImagePin | None = None
    no_lines: list[str] = []
    aws = unknown.ask("AWS", lambda: _reach(settings), None)
    wanted = unknown.ask(
        "inputs", lambda: input_hash.input_hash(settings, choose.expected(settings)), ""
    )
    if aws is None:
        return ImageStatus(
            settings=settings, wanted=wanted, known=False, deployed={}, runs={}, same=False,
            pin=None, troubles=[], conversion=[], unknown=unknown,
        )  # fmt: skip
    deployed = unknown.ask("deployed", lambda: chalice_state.last(aws), nothing)
    return ImageStatus(
        settings=settings,
        wanted=wanted,
        known=unknown.ask("inputs", lambda: image_parts.read(aws, wanted) is not None, False),
        deployed=deployed,
        runs=unknown.ask("deployed", lambda: _runs(aws), nobody),
        same=unknown.ask("inputs", lambda: _is_same(settings, deployed), False),
        pin=unknown.ask("pin", lambda: image_pin.holding(aws), no_pin),
        troubles=unknown.ask("health", lambda: health.troubles(aws), no_lines),
        conversion=unknown.ask("conversion", lambda: conversion.sentences(aws), no_lines),
        unknown=unknown,
    )


def _reach(settings: Settings) -> Aws | None:
    aws = connection.connect_read_only(settings)
    _ = aws.account
    return aws


def _runs(aws: Aws) -> dict[str, str]:
    found = chalice_state.configurations(aws)
    return {name: str(each.get("CodeSha256", "")) for name, each in found.items()}


def _is_same(settings: Settings, deployed: files.Record) -> bool:
    version = (deployed.get("secret") or {}).get("version", "")
    return bool(deployed.get("fingerprint") == chalice_deploy.fingerprint(settings, secret=version))


def drift(status: ImageStatus) -> Iterator[str]:
    """A sentence for everything that differs, with what to type."""
    way = f"./doitw deploy stage={status.settings.stage}"
    yield from status.troubles
    wanted = str((status.deployed.get("image") or {}).get("digest", "")).removeprefix("sha256:")
    for name, runs in status.runs.items():
        if not runs:
            yield f"function {name} was deployed and is gone from AWS: {way}"
        elif runs != wanted:
            yield f"function {name} runs {runs[:12]}; the last deploy was {wanted[:12]}: {way}"
    if status.runs and not status.same and not status.pin:
        yield f"app or packages are not what was deployed: {way}"


def show(status: ImageStatus) -> list[str]:
    """Print it. Why `check=1` is not content, [] where it is."""
    image, stage = status.deployed.get("image") or {}, status.settings.stage
    grid = tables.table(f"stage {stage}: image of {image_parts.repository(status.settings)}")
    place = "in an image that was pushed" if status.known else "in no image yet"
    named = f"image {image.get('number', '?')} {image.get('digest', '')[:19]}" if image else "–"
    rows = {"inputs": f"{status.wanted[:12]}, {place}", "deployed": named}
    rows |= {name: f"runs {runs[:12] or 'nothing: it is gone'}" for name, runs in
             status.runs.items()}  # fmt: skip
    for name, value in rows.items():
        grid.add_row(name, text(value))
    show_tables(grid)
    found = [*drift(status)]
    if status.pin:
        say(f"{status.pin}; forward: ./doitw unpin stage={stage}, then ./doitw deploy")
    agree = "all agree: nothing to do" if status.runs else "nothing is deployed yet"
    judged = found or [agree] * status.is_complete
    for sentence in [*status.unknown.sentences(), *judged, *status.conversion]:
        say(sentence)
    unseen = [] if status.is_complete else [f"not all of stage {stage} could be seen"]
    return [f"stage {stage} has drifted"] * bool(found) + unseen
