"""What smoke asks an app for that nobody has chosen anything for (steps/smoke.py), and what is
refused before anything is changed (steps/import_app.py)."""

import pytest

from tasks.chalice_project.app import Route
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.steps import import_app, smoke
from tasks.util.errors import InputError

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


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(smoke_path="none"),
        Settings(smoke_path="POST /hook"),
        Settings(smoke_path="/orders/7?all=1"),
        Settings(smoke=(Request(path="/gone", status=(403,)),)),
    ],
)
def test_what_can_be_asked_is_not_refused(settings: Settings) -> None:
    """A default is replaced, and a refusal may be what is wanted."""
    import_app.check_smoke(settings, [HOOK, ONE])
    import_app.check_smoke(settings, [])


@pytest.mark.parametrize("path", ["/gone", "GET /hook", "/orders"])
def test_a_chosen_path_that_the_app_does_not_have(path: str) -> None:
    """Before the stage is changed, and changed back for it."""
    with pytest.raises(InputError, match=r"app.py has only POST /hook, GET /orders/\{id\}"):
        import_app.check_smoke(Settings(smoke_path=path), [HOOK, ONE])
