"""What smoke asks an app for that nobody has chosen anything for (steps/smoke.py)."""

import pytest

from tasks.chalice_project.source.declared import Route
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.steps import smoke

GUARDED = Route(path="/me", methods=["GET"], guard=True)
HOOK = Route(path="/hook", methods=["POST"])
ONE = Route(path="/orders/{id}", methods=["GET"])
EVERY = Route(path="/orders", methods=["GET", "POST"])
PING = Route(path="/ping", methods=["GET"])


def asked(settings: Settings, *routes: Route) -> list[str]:
    return [str(each) for each in smoke.fitting(settings, settings.smoke_requests, routes)]


@pytest.mark.parametrize(
    ("routes", "wanted"),
    [
        ([Route(path="/health", methods=["GET"]), PING], ["GET /health"]),
        ([GUARDED, EVERY], ["GET /orders"]),
        ([EVERY, PING], ["GET /ping"]),
        ([GUARDED, ONE, HOOK], []),
        ([], ["GET /health"]),  # of an app whose routes nobody knows
    ],
)
def test_an_open_route_that_the_app_has(routes: list[Route], wanted: list[str]) -> None:
    """None that wants more than a plain GET."""
    assert asked(Settings(), *routes) == wanted


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (Settings(smoke_path="POST /hook"), ["POST /hook"]),
        (Settings(smoke_path="/gone"), ["GET /gone"]),
        (Settings(smoke_path="none"), []),
        (Settings(smoke=(Request(path="/me"),)), ["GET /me"]),
    ],
)
def test_what_somebody_chose_is_asked(settings: Settings, wanted: list[str]) -> None:
    assert asked(settings, GUARDED, PING) == wanted
