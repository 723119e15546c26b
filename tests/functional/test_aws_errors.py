"""sdk_errors: what AWS and the network answer, as errors that say what to do."""

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from tasks.aws import lambda_functions, s3
from tasks.aws.client import Aws
from tasks.context.connection import connect
from tasks.release import listing, publish
from tasks.util.errors import AwsError
from tests.moto_server import Refusal, Server

Call = Callable[[Aws], object]


def error(aws: Aws, server: Server, refusal: Refusal, call: Call) -> AwsError:
    server.refused = lambda request: refusal
    with pytest.raises(AwsError) as caught:
        call(aws)
    return caught.value


def put(aws: Aws) -> None:
    s3.put_bytes(aws, "layers/a", b"")


CALLS: dict[str, Call] = {
    "s3:GetObject": lambda aws: s3.get_bytes(aws, "a"),
    "s3:PutObject": put,
    "lambda:ListLayerVersions": listing.versions,
    "lambda:GetFunctionConfiguration": lambda aws: lambda_functions.configuration(aws, "f"),
    "lambda:PublishLayerVersion": lambda aws: publish.publish(
        aws, {"S3Bucket": "none", "S3Key": "none"}, "d"
    ),
    "lambda:GetLayerVersion": lambda aws: listing.by_arn(
        aws, "arn:aws:lambda:ap-northeast-2:123456789012:layer:x:1"
    ),
}


@pytest.fixture(autouse=True)
def known(aws: Aws) -> str:
    """Who we are is asked once; these tests are about the call after it."""
    return aws.account


@pytest.mark.parametrize("action", CALLS)
def test_no_permission_names_the_iam_action(aws: Aws, server: Server, action: str) -> None:
    """What AWS says, and the permission as a policy calls it."""
    code = "AccessDenied" if action.startswith("s3") else "AccessDeniedException"
    refusal = Refusal(status=403, code=code, message="User: me is not authorized")
    found = error(aws, server, refusal, CALLS[action])
    assert "no permission. User: me is not authorized" in found.problem
    wanted = f"{action} (and s3:ListBucket)" if action == "s3:GetObject" else action
    way = "./doitw iam-policy for=deploy prints the statement"
    assert found.fix == f"allow {wanted} to this identity: {way}"


def test_a_head_that_is_forbidden_names_its_action(aws: Aws, server: Server) -> None:
    """HEAD answers have no body: the status is all there is."""
    found = error(aws, server, Refusal(status=403, code=""), lambda aws: s3.holds(aws, "k", "00"))
    assert "s3:GetObject" in found.fix


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "ExpiredToken"), (403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch")],
)
def test_expired_credentials_say_how_to_log_in(
    aws: Aws, server: Server, status: int, code: str
) -> None:
    """S3's names for it."""
    found = error(aws, server, Refusal(status=status, code=code), put)
    assert f"AWS does not accept the credentials ({code})" in found.problem
    assert "aws sso login" in found.fix


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_lambdas_names_for_expired_credentials(aws: Aws, server: Server, code: str) -> None:
    """They are others than S3's."""
    found = error(aws, server, Refusal(status=403, code=code), listing.versions)
    assert f"AWS does not accept the credentials ({code})" in found.problem


def test_throttling_says_to_come_back(
    aws: Aws, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the SDK's own retries."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", nothing)
    refusal = Refusal(status=429, code="TooManyRequestsException", message="Rate exceeded")
    server.seen.clear()
    found = error(aws, server, refusal, listing.versions)
    assert "too many calls at once" in found.problem
    assert "in a minute" in found.fix
    assert len(server.seen) == 5


def nothing(self: object, context: object) -> float:
    """No second between two tries."""
    return 0.0


def test_a_quota_that_is_reached_says_what_to_delete(aws: Aws, server: Server) -> None:
    """75 GB of code and layers in a region."""
    refusal = Refusal(status=400, code="CodeStorageExceededException", message="limit exceeded")
    found = error(aws, server, refusal, CALLS["lambda:PublishLayerVersion"])
    assert "PublishLayerVersion: limit exceeded" in found.problem
    assert "delete layer versions" in found.fix


def test_an_unknown_error_shows_what_aws_said(aws: Aws, server: Server) -> None:
    """With the operation and the number that support asks for."""
    refusal = Refusal(status=400, code="InvalidParameterValueException", message="too large")
    found = error(aws, server, refusal, listing.versions)
    assert "listing the versions of layer deps: ListLayerVersions: too large" in found.problem
    assert "request" in found.fix


def test_an_unreachable_endpoint_says_to_check_the_network(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens on this port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", nothing)
        nowhere = connect(replace(aws.settings, layer="elsewhere"))
        with pytest.raises(AwsError, match="AWS cannot be reached") as caught:
            _ = nowhere.account
    assert "check the network" in caught.value.fix


def test_a_publish_that_was_never_heard_is_the_networks_error(aws: Aws, server: Server) -> None:
    """AWS was asked whether the version is there: it is not."""
    server.dropped = lambda method, path: method == "POST"
    with pytest.raises(AwsError, match="AWS cannot be reached"):
        publish.publish(aws, {"S3Bucket": "none", "S3Key": "none"}, "d")
