"""How a deploy of an image ends: the lines of deploy_summary.py, for a stage without a layer."""

from ..chalice_project import deploy
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import LookupRecord, PushRecord
from ..ui.console import size
from ..util import files
from . import deploy_summary, how_to_call


def lines(settings: Settings) -> list[str]:
    """From the records of this run. No AWS is asked."""
    state = files.read_record(deploy.deployed_file(settings.stage)) or {}
    image = _record(settings, "chalice-deploy").get("image") or {}
    found = {
        "live": _live(settings, image),
        "call": how_to_call.sentence(settings, state),
        "size": _size(settings, image),
        "undo": _undo(settings, image),
    }
    return [f"{name}   {said}" for name, said in found.items() if said]


def _live(settings: Settings, image: files.Record) -> str:
    digest = str(image.get("digest", ""))
    short = digest.removeprefix("sha256:")[:12]
    named = f"image {image.get('number', '?')} ({short})" if digest else "no image"
    return deploy_summary.live(settings, named)


def _size(settings: Settings, image: files.Record) -> str:
    """Of what was pushed for it from here."""
    pushed = records.read(settings, PushRecord)
    if not image or pushed is None or pushed.digest != image.get("digest"):
        return ""
    new = f"{pushed.new} of {pushed.layers} image layers"
    return f"{size(pushed.unpacked)} unpacked; {size(pushed.pushed)} pushed ({new})"


def _undo(settings: Settings, image: files.Record) -> str:
    stage = f"stage={settings.stage}"
    looked_up = records.read(settings, LookupRecord)
    if looked_up and looked_up.pin:
        return f"./doitw unpin {stage}, then ./doitw deploy {stage}"
    if int(image.get("number", 1)) > 1:
        return f"./doitw rollback {stage}, to the image before"
    return ""


def _record(settings: Settings, step: str) -> files.Record:
    return files.read_record(paths.stage_record(settings, step)) or {}
