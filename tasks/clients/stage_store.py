"""What S3 keeps about one stage of the app, beside the layers: chalice/<app>/<stage>/…"""

from collections.abc import Iterator

from ..core import chalice_config, notes, paths, pins
from ..core.pins import Pin
from ..core.settings import Settings
from . import s3
from .aws import Aws


def app(settings: Settings) -> str:
    """The app's name, which Chalice gives to its REST API."""
    return str(chalice_config.load(paths.CHALICE_CONFIG).get("app_name", "app"))


def function(settings: Settings) -> str:
    """As Chalice calls the function of the app's routes."""
    return f"{app(settings)}-{settings.stage}"


def key(settings: Settings, name: str) -> str:
    """`name`: lock.json, pin-<layer>.json, deployed.json (Chalice's state), record.json."""
    return f"chalice/{app(settings)}/{settings.stage}/{name}"


def pin(aws: Aws) -> Pin | None:
    """The last one of this stage and layer, standing or lifted."""
    return pins.from_json(s3.get_bytes(aws, _pin_key(aws.settings)))


def standing(aws: Aws) -> Iterator[tuple[str, Pin]]:
    """(stage, pin) of every app, stage and layer in the bucket, without those that were lifted."""
    for stage, text in _everybodys(aws, "pin-"):
        found = pins.from_json(text)
        if found and not found.lifted:
            yield stage, found


def deployed(aws: Aws) -> Iterator[tuple[str, str]]:
    """(function, stage) of every app and stage that was deployed with this bucket."""
    for stage, text in _everybodys(aws, "record.json"):
        for name in notes.parsed(text).get("functions") or {}:
            yield name, stage


def _everybodys(aws: Aws, begin: str) -> Iterator[tuple[str, bytes | None]]:
    """(stage, content) of each object whose name begins so."""
    for path in s3.objects(aws, "chalice/"):
        *_, stage, name = path.split("/")
        if name.startswith(begin):
            yield stage, s3.get_bytes(aws, path)


def put_pin(aws: Aws, pinned: Pin) -> None:
    """Only with the stage's lock."""
    s3.put_bytes(aws, _pin_key(aws.settings), pins.to_json(pinned))


def _pin_key(settings: Settings) -> str:
    return key(settings, f"pin-{settings.layer}.json")
