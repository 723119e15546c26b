"""tasks/chalice_project/child/image_calls.py: what AWS is asked in place of what Chalice says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from chalice.cli import factory

from tasks.chalice_project.child import image_calls

URI = "1.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:ab"
ROLE = "arn:aws:iam::123456789012:role/shop"


class Raw:
    """The body of an answer."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield b'{"State": "Active", "LastUpdateStatus": "Successful"}'


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Any]]:
    """A Lambda client as Chalice makes one, and what it sends."""
    monkeypatch.setattr(factory, "create_botocore_session", factory.create_botocore_session)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    image_calls.apply(URI)
    session: Any = factory.create_botocore_session()
    sent: list[Any] = []

    def answer(request: Any, **_: object) -> AWSResponse:
        sent.append(json.loads(request.body))
        return AWSResponse(request.url, 200, {}, Raw())  # type: ignore[arg-type] # what is read of it

    session.register("before-send.lambda", answer)
    return session.create_client("lambda", region_name="eu-west-1"), sent


def test_a_function_is_made_of_the_image(asked: tuple[Any, list[Any]]) -> None:
    client, sent = asked
    told: Any = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "app.jobs", "Role": ROLE}
    told |= {"Code": {"ZipFile": b"zip"}, "Layers": ["arn"], "Timeout": 9}
    before = dict(told)
    client.create_function(**told)
    assert sent == [
        {
            "FunctionName": "f", "Role": ROLE, "Timeout": 9, "PackageType": "Image",
            "Code": {"ImageUri": URI}, "ImageConfig": {"Command": ["app.jobs"]},
        }
    ]  # fmt: skip
    assert told == before  # Chalice looks at it when AWS refuses


def test_its_code_and_settings_are_updated(asked: tuple[Any, list[Any]]) -> None:
    client, sent = asked
    client.update_function_code(FunctionName="f", ZipFile=b"zip", Architectures=["arm64"])
    client.update_function_configuration(
        FunctionName="f", Runtime="python3.12", Layers=["arn"], MemorySize=512
    )
    assert sent == [{"ImageUri": URI, "Architectures": ["arm64"]}, {"MemorySize": 512}]


def test_all_else_is_chalices(asked: tuple[Any, list[Any]]) -> None:
    client, sent = asked
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=3)
    assert sent == [{"ReservedConcurrentExecutions": 3}]
