"""import-app: app.py is imported as Chalice will, before anything is built or changed for it.

A setup task of whatever builds, publishes or deploys: where there is nothing to do, nothing is
imported.
"""

from collections.abc import Sequence

from ..aws import secrets_manager
from ..aws.client import Aws
from ..chalice_project import config, deploy
from ..chalice_project.events import source_names
from ..chalice_project.source.declared import Route
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.deployed import api as stage_api
from ..settings import paths
from ..settings.model import Settings
from ..util.errors import InputError


def task_import_app() -> dict[str, object]:
    """Import app.py as a deploy does."""
    settings = current()
    return {
        "basename": "import-app",
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["lookup"],
    }


def run(aws: Aws) -> None:
    """InputError with the app's own traceback."""
    configured = config.variables(paths.CHALICE_CONFIG, aws.settings.stage)
    secret = secrets_manager.read_secret(aws, configured)
    values = secret.values if secret else {}
    routes = deploy.import_app(aws.settings, aws.exported(), values, aws.access)
    check_smoke(aws.settings, routes)
    check_sources(aws.settings, deploy.sources(aws.settings))


def check_sources(settings: Settings, sources: Sequence[Sequence[str]]) -> None:
    """InputError for a bucket, queue, topic or stream that AWS cannot have: known before anything
    is made."""
    region = "" if settings.is_local else settings.region
    if wrong := [*source_names.refusals(sources, region)]:
        fix = "correct the name in the app. Nothing was built or changed"
        raise InputError("\n".join(wrong), fix=fix)


def check_smoke(settings: Settings, routes: Sequence[Route]) -> None:
    """InputError where smoke would ask for what the app does not have: known before the stage is
    changed, and changed back for it. An expected refusal is one of API Gateway's."""
    chosen = settings.smoke or settings.smoke_path != Settings().smoke_path
    asked = [each for each in settings.smoke_requests if not each.status] if chosen else []
    lacking = [str(each) for each in asked if not stage_api.has(each, routes)]
    if routes and lacking:
        there = ", ".join(f"{each.methods[0]} {each.path}" for each in routes[:5])
        problem = f"smoke would ask for {', '.join(lacking)}, and app.py has only {there}"
        raise InputError(problem, fix="set smoke-path to one of these, or to `none`")
