"""What S3 keeps about one stage of the app, beside the layers: chalice/<app>/<stage>/…"""

from collections.abc import Iterator

from ...aws import s3
from ...aws.client import Aws
from ...chalice_project import config
from ...settings import paths, s3_keys
from ...settings.model import Settings
from ...util import typed_json
from . import rollback_pin
from .rollback_pin import RollbackPin


def app(settings: Settings) -> str:
    """The app's name, which Chalice gives to its REST API."""
    return str(config.load_config(paths.CHALICE_CONFIG).get("app_name", "app"))


def function(settings: Settings) -> str:
    """As Chalice calls the function of the app's routes."""
    return f"{app(settings)}-{settings.stage}"


def key(settings: Settings, name: str) -> str:
    """`name`: LOCK, STATE and the like of settings/s3_keys.py."""
    return f"{s3_keys.stage(app(settings), settings.stage)}{name}"


def pin(aws: Aws) -> RollbackPin | None:
    """The last one of this stage and layer, standing or lifted."""
    return rollback_pin.from_json(s3.get_bytes(aws, _pin_key(aws.settings)))


def standing(aws: Aws) -> Iterator[tuple[str, RollbackPin]]:
    """(stage, pin) of every app, stage and layer in the bucket, without those that were lifted."""
    for stage, text in everybodys(aws, s3_keys.PIN):
        found = rollback_pin.from_json(text)
        if found and not found.lifted:
            yield stage, found


def deployed(aws: Aws) -> Iterator[tuple[str, str]]:
    """(function, stage) of every app and stage that was deployed with this bucket."""
    for stage, text in everybodys(aws, s3_keys.RECORD):
        for name in typed_json.parsed(text).get("functions") or {}:
            yield name, stage


def everybodys(aws: Aws, begin: str) -> Iterator[tuple[str, bytes | None]]:
    """(stage, content) of each object whose name begins so."""
    for path in s3.objects(aws, s3_keys.STAGES):
        *_, stage, name = path.split("/")
        if name.startswith(begin):
            yield stage, s3.get_bytes(aws, path)


def put_pin(aws: Aws, pinned: RollbackPin) -> None:
    """Only with the stage's lock."""
    s3.put_bytes(aws, _pin_key(aws.settings), rollback_pin.to_json(pinned))


def _pin_key(settings: Settings) -> str:
    return key(settings, f"{s3_keys.PIN}{settings.layer}.json")
