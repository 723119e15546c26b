"""What is refused of smoke's requests before anything is changed (steps/import_app.py)."""

import pytest

from tasks.chalice_project.source.declared import Route
from tasks.settings.model import Settings
from tasks.settings.smoke_request import Request
from tasks.steps import import_app
from tasks.util.errors import InputError

HOOK = Route(path="/hook", methods=["POST"])
ONE = Route(path="/orders/{id}", methods=["GET"])


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
