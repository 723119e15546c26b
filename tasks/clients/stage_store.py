"""What S3 keeps about one stage of the app, beside the layers: chalice/<app>/<stage>/…"""

from tasks.core import chalice_config, paths
from tasks.core.settings import Settings


def key(settings: Settings, name: str) -> str:
    """`name`: lock.json, pin-<layer>.json, deployed.json (Chalice's state), record.json."""
    app = chalice_config.load(paths.CHALICE_CONFIG).get("app_name", "app")
    return f"chalice/{app}/{settings.stage}/{name}"
