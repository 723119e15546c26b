"""plan for images: what a deploy would build, push and change. Nothing is packed for it."""

from collections.abc import Sequence

from ...aws.client import Aws
from ...chalice_project import deploy
from ...image import ecr
from ...layer import input_hash
from ...sandbox import choose
from ...settings.model import Settings
from ...ui.console import count, size
from ..stage import chalice_state
from ..stage.deploy_plan import RequirementChange
from . import parts as image_parts
from . import pin


def changes(aws: Aws, deploys: str) -> tuple[list[RequirementChange], list[str]]:
    """(what would be done, notes). `deploys`: why Chalice would run, '' where it would not."""
    if pinned := pin.holding(aws):
        until = f"./doitw unpin stage={aws.settings.stage}, or until app or requirements change"
        return [], [f"the stage was {pinned}; it stays there until {until}"]
    wanted = input_hash.input_hash(aws.settings, choose.expected(aws.settings))
    known = _known(aws, wanted)
    if known and not deploys:
        return [], [f"inputs {wanted[:12]} are in an image already: nothing to build"]
    why = [f"inputs {wanted[:12]} are in no image of {image_parts.repository(aws.settings)}"]
    built = [] if known else [RequirementChange(what="build the packages and test them", why=why)]
    return [*built, _push(known), _deploy(aws, deploys)], []


def from_nothing(settings: Settings) -> list[RequirementChange]:
    """Of an emulator that is not running."""
    why = ["the emulator is not running: it would be started, and is empty then"]
    named = f"push an image to repository {image_parts.repository(settings)}"
    return [RequirementChange(what=each, why=why) for each in (named, "deploy it with Chalice")]


def _known(aws: Aws, wanted: str) -> image_parts.ImageParts | None:
    """As lookup would find it."""
    found = image_parts.read(aws, wanted)
    there = ecr.look_at_repository(aws, image_parts.repository(aws.settings)) if found else None
    is_there = found and there and there.registry.find_manifest(found.image) == found.image
    return found if is_there else None


def _push(known: image_parts.ImageParts | None) -> RequirementChange:
    if known is None:
        why = ["which of its layers the repository lacks is known once they are built"]
        return RequirementChange(what="push the image", why=why)
    whole = len(known.layers) + 1
    there = size(sum(each.size for each in known.layers))
    why = [f"the other {whole - 1} ({there}) are in the repository"]
    return RequirementChange(what=f"push the app (1 of {count(whole, 'image layer')})", why=why)


def _deploy(aws: Aws, why: str) -> RequirementChange:
    names: Sequence[str] = [*deploy.functions_of(chalice_state.read_state(aws))]
    what = f"{count(len(names), 'function')}: new image" if names else "deploy the app"
    return RequirementChange(what=f"{what}, with Chalice", why=[why or "the packages change"])
