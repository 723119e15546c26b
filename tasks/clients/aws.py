"""boto3, in one place: sessions for a stage, and AWS's errors in plain words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from tasks.core.errors import AwsError
from tasks.core.settings import Settings

if TYPE_CHECKING:
    from boto3.session import Session

EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
    "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId",
}  # fmt: skip
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
LOG_IN = "set AWS_PROFILE or AWS_ACCESS_KEY_ID…, or `aws sso login`; then run the same again"


class Aws:
    """One account and region. Clients are made when first asked for."""

    def __init__(self, settings: Settings, environ: dict[str, str]) -> None:
        """`environ`: where the SDK looks for credentials and endpoint, and Chalice too."""
        self.settings = settings
        self.environ = environ
        self._clients: dict[str, Any] = {}

    def client(self, name: str) -> Any:
        """A boto3 client: the settings' region, standard retries."""
        if name not in self._clients:
            from botocore.config import Config

            retries = Config(
                retries={"mode": "standard", "max_attempts": 5},
                user_agent_extra="doit-lambda-layer",
                connect_timeout=10,
            )
            endpoint = self.environ.get("AWS_ENDPOINT_URL") or None
            self._clients[name] = self._session().client(
                name, region_name=self.settings.region, endpoint_url=endpoint, config=retries
            )
        return self._clients[name]

    def _session(self) -> "Session":
        from boto3.session import Session

        if self.settings.is_local:
            keys = (self.environ["AWS_ACCESS_KEY_ID"], self.environ["AWS_SECRET_ACCESS_KEY"])
            return Session(*keys)
        return Session()

    @property
    def account(self) -> str:
        """The account's number: who we are, and the owner our buckets must have."""
        return _account(self)


@cache
def _account(aws: Aws) -> str:
    with errors("asking who you are"):
        return str(aws.client("sts").get_caller_identity()["Account"])


@cache
def connect(settings: Settings) -> Aws:
    """AWS for the settings' stage; for stage=local the embedded one, started when needed."""
    environ = dict(os.environ)
    if settings.is_local:
        from tasks.clients import invocation, local_aws

        endpoint = local_aws.ensure(settings, environ)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
            environ.pop(name, None)
        environ |= local_aws.environment(endpoint, settings)
        invocation.remember(settings)
    environ["AWS_DEFAULT_REGION"] = environ["AWS_REGION"] = settings.region
    return Aws(settings, environ)


@contextmanager
def errors(doing: str) -> Iterator[None]:
    """Turn the SDK's errors into AwsError: what was being done, what AWS said, what to do."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refusal(doing, error.response, error.operation_name) from None
    except BotoCoreError as error:
        raise _failure(doing, error) from None


def _refusal(doing: str, response: Any, operation: str) -> AwsError:
    said = response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))
    if code in EXPIRED:
        return AwsError(f"{doing}: AWS does not accept the credentials ({code})", fix=LOG_IN)
    if code in DENIED:
        fix = f"allow the action of {operation} to this identity: docs/iam.md has the policy"
        return AwsError(f"{doing}: no permission. {message}", fix=fix)
    if code in ("BucketAlreadyExists", "NotOwner"):
        fix = "choose another name: bucket=NAME, S3_BUCKET or pyproject.toml"
        return AwsError(f"{doing}: the bucket is another account's, or closed to you", fix=fix)
    request = response.get("ResponseMetadata", {}).get("RequestId", "–")
    return AwsError(
        f"{doing}: {operation} failed: {message or code}",
        fix=f"see what AWS says above; its support wants request {request}",
    )


def _failure(doing: str, error: Exception) -> AwsError:
    from botocore import exceptions

    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return AwsError(f"{doing}: there are no AWS credentials", fix=LOG_IN)
    if isinstance(error, exceptions.ProfileNotFound | exceptions.TokenRetrievalError):
        return AwsError(f"{doing}: {error}", fix=LOG_IN)
    if isinstance(error, exceptions.CredentialRetrievalError | exceptions.SSOError):
        return AwsError(f"{doing}: {error}", fix=LOG_IN)
    fix = "check the network, the region and proxy variables, then run the same again"
    return AwsError(f"{doing}: AWS cannot be reached: {error}", fix=fix)


def error_code(error: Any) -> str:
    """The code of a ClientError, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", ""))
