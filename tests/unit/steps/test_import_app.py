"""What is refused of smoke's requests and of sources before anything is changed
(steps/import_app.py)."""

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


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("bucket", name) for name in (
            "up", "Bad_Bucket", "a" * 64, "-ab", "ab-", "a..b", "192.168.5.4", "xn--abc", "a b c",
            "abc-s3alias", "b\u00fccher",
        )),
        ("queue", "a b"), ("queue", "a" * 81), ("topic", "a.b"), ("stream", "a/b"),
    ],
)  # fmt: skip
def test_a_source_that_aws_cannot_have(kind: str, name: str) -> None:
    """By its name, the function's too."""
    with pytest.raises(InputError) as caught:
        import_app.check_sources(Settings(stage="dev"), [["on_upload", kind, name]])
    assert f"function on_upload: {name!r} is no name of a {kind}. " in caught.value.problem


def test_sources_that_aws_can_have() -> None:
    """A bucket of us-east-1 may be old, and have a name that no new one may have."""
    good = [["f", "bucket", "my.bucket-1"], ["f", "queue", "jobs.fifo"], ["f", "stream", "a.b"]]
    good += [["f", "topic", "arn:aws:sns:eu-west-1:123456789012:t"], ["f", "bucket", "a" * 63]]
    import_app.check_sources(Settings(stage="dev"), good)
    old = [["f", "bucket", "Bad_Bucket"]]
    import_app.check_sources(Settings(stage="dev", region="us-east-1"), old)
    with pytest.raises(InputError, match="Bad_Bucket"):
        import_app.check_sources(Settings(stage="local", region="us-east-1"), old)
