"""Every well-known file. Repo-relative: doit runs in the folder of dodo.py, and the paths are
also the keys of its database, so a CI cache works in any folder.

Each step owns `build/<step>/<layer>/` (build side) or `build/<step>/<layer>/<stage>.json`
(AWS side) and is the only writer there.
"""

from pathlib import Path

from tasks.core.settings import Settings

BUILD = Path("build")
LAYER_ARN = Path(".layer-arn.txt")
CHALICE_CONFIG = Path(".chalice/config.json")
DEPLOYED = Path(".chalice/deployed")
DOCKER = Path("docker")  # Dockerfile and the scripts that run inside the image
LOCAL_AWS = BUILD / "local"


def record(settings: Settings, step: str) -> Path:
    """The record of a build-side step: install, prune, optimize, zip, verify."""
    return BUILD / step / settings.layer / "record.json"


def stage_record(settings: Settings, step: str) -> Path:
    """The record of an AWS-side step: lookup, upload, publish, patch-config, …"""
    return BUILD / step / settings.layer / f"{settings.stage}.json"


def tree(settings: Settings, step: str) -> Path:
    """The folder that will be /opt, as the step left it: holds `python/`."""
    return BUILD / step / settings.layer / "opt"


def layer_zip(settings: Settings) -> Path:
    return BUILD / f"{settings.layer}.zip"


def beside_zip(settings: Settings, suffix: str) -> Path:
    """A file that goes with the zip: `.report.html`, `.cdx.json`."""
    return BUILD / f"{settings.layer}{suffix}"
