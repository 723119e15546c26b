"""How a deploy of an image ends: the lines of deploy_summary.py, for a stage without a layer."""

from ..chalice_project import deploy
from ..settings import paths
from ..settings.model import Settings
from ..ui.console import size
from ..util import files
from . import how_to_call


def lines(settings: Settings) -> list[str]:
    """From the records of this run; no AWS is asked."""
    state = files.read_record(deploy.deployed_file(settings.stage)) or {}
    image = _record(settings, "chalice-deploy").get("image") or {}
    found = {
        "live": _live(settings, str(image.get("digest", ""))),
        "call": how_to_call.sentence(settings, state),
        "size": _size(image),
    }
    return [f"{name}   {said}" for name, said in found.items() if said]


def _live(settings: Settings, digest: str) -> str:
    asked = _record(settings, "smoke")
    named = f"image {digest.removeprefix('sha256:')[:12]}" if digest else "no image"
    if "functions" in asked:
        return f"{', '.join(asked['functions'])} with {named}"
    said = f"{asked.get('function', settings.stage)} with {named}"
    return f"{said}, answers {asked.get('status', 'nobody')}"


def _size(image: files.Record) -> str:
    if not image:
        return ""
    new = f"{image['new']} of {image['layers']} image layers"
    return f"{size(image['pushed'])} pushed ({new})"


def _record(settings: Settings, step: str) -> files.Record:
    return files.read_record(paths.stage_record(settings, step)) or {}
