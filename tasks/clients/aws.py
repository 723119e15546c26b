"""boto3, in one place: sessions for a stage, and AWS's errors in plain words."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from tasks.clients import sessions
from tasks.clients.sessions import Identity
from tasks.core import iam
from tasks.core.errors import AwsError
from tasks.core.settings import Settings

if TYPE_CHECKING:
    from boto3.session import Session

EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}  # fmt: skip
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
TAKEN = {"BucketAlreadyExists", "NotOwner"}
BUSY = {"Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown"}
LOG_IN = "set AWS_PROFILE or AWS_ACCESS_KEY_ID…, or `aws sso login`; then run the same again"
OTHER_BUCKET = "choose another name: bucket=NAME, S3_BUCKET or `bucket` in pyproject.toml"
FIXES = {
    "CodeStorageExceededException": "delete layer versions and functions that nothing uses",
    "RequestTimeTooSkewed": "set this machine's clock right (NTP)",
    "NoSuchBucket": "run `./doitw deploy`, which makes the bucket",
    "ResourceConflictException": "somebody else is changing it; run the same again in a minute",
}


class Aws:
    """One account and region. Clients are made when first asked for."""

    def __init__(self, settings: Settings, environ: dict[str, str]) -> None:
        """`environ`: where the SDK looks for credentials and endpoint, and Chalice too."""
        self.settings = settings
        self.environ = environ
        self._clients: dict[tuple[str, bool], Any] = {}

    def client(self, name: str, *, once: bool = False) -> Any:
        """A boto3 client: the settings' region, standard retries. `once`: without retries, for a
        call that would do its work twice."""
        if (name, once) not in self._clients:
            self._clients[name, once] = self._client(name, 1 if once else 5)
        return self._clients[name, once]

    def _client(self, name: str, attempts: int) -> Any:
        from botocore.config import Config

        # Any: the overloads of boto3-stubs want a literal name
        session: Any = self.session
        return session.client(
            name,
            region_name=self.settings.region,
            endpoint_url=self.environ.get("AWS_ENDPOINT_URL") or None,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": attempts},
                user_agent_extra=sessions.NAME,
                connect_timeout=10,
                read_timeout=120,  # Lambda reads the whole layer before it answers a publish
            ),
        )

    @cached_property
    def session(self) -> "Session":
        with errors(f"assuming {self.settings.role}" if self.settings.role else "logging in"):
            return sessions.session(self.settings, self.environ)

    @cached_property
    def identity(self) -> Identity:
        """Who asks. AwsError when the stage names another account."""
        with errors("asking who you are"):
            found = sessions.identity(self.client("sts"))
        wanted = "" if self.settings.is_local else self.settings.account
        if wanted and found.account != wanted:
            raise AwsError(
                f"stage {self.settings.stage} belongs to account {wanted}, but {found.arn} "
                f"is of account {found.account}: nothing was changed",
                fix="log in to that account, or correct `account` and `role` in pyproject.toml",
            )
        return found

    @property
    def account(self) -> str:
        """The account's number: who we are, and the owner our buckets must have."""
        return self.identity.account

    def exported(self) -> dict[str, str]:
        """`environ` for another program, with the assumed role's credentials as they are now."""
        role = "" if self.settings.is_local else self.settings.role
        return self.environ | sessions.variables(self.session) if role else self.environ


@cache
def connect(settings: Settings) -> Aws:
    """AWS for the settings' stage; for stage=local the embedded one, started when needed."""
    environ = dict(os.environ)
    if not settings.is_local:
        return _aws(settings, environ)
    from tasks.clients import invocation, local_aws

    endpoint = local_aws.ensure(settings, environ)
    invocation.remember(settings)
    return _aws(settings, environ, endpoint)


def look(settings: Settings) -> Aws:
    """The same without side effects. AwsError when stage=local's server does not run."""
    environ = dict(os.environ)
    if not settings.is_local:
        return _aws(settings, environ)
    from tasks.clients import local_aws

    endpoint = environ.get("AWS_ENDPOINT_URL") or local_aws.running()
    if endpoint is None:
        fix = "`./doitw deploy stage=local` starts it"
        raise AwsError("the embedded AWS is not running", fix=fix)
    return _aws(settings, environ, endpoint)


def _aws(settings: Settings, environ: dict[str, str], endpoint: str | None = None) -> Aws:
    if endpoint is not None:
        from tasks.clients import local_aws

        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
            environ.pop(name, None)
        environ |= local_aws.environment(endpoint, settings)
    elif profile := sessions.profile(settings, environ):
        environ["AWS_PROFILE"] = profile
    environ["AWS_DEFAULT_REGION"] = environ["AWS_REGION"] = settings.region
    aws = Aws(settings, environ)
    if settings.account and endpoint is None:
        _ = aws.identity  # the wrong account is refused before anything is asked of it
    return aws


@contextmanager
def errors(doing: str) -> Iterator[None]:
    """Turn the SDK's errors into AwsError: what was being done, what AWS said, what to do."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise refusal(doing, error.response, error.operation_name) from None
    except BotoCoreError as error:
        raise _failure(doing, error) from None


def refusal(doing: str, response: Mapping[str, Any], operation: str) -> AwsError:
    """What AWS answered to `operation`, as an error for a person."""
    said = response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))
    if code in EXPIRED:
        return AwsError(f"{doing}: AWS does not accept the credentials ({code})", fix=LOG_IN)
    if code in DENIED:
        fix = f"allow {iam.action(operation)} to this identity: docs/iam.md has the policy"
        return AwsError(f"{doing}: no permission. {message}", fix=fix)
    if code in TAKEN:
        problem = f"{doing}: the bucket is another account's, or s3:ListBucket is not allowed"
        return AwsError(problem, fix=OTHER_BUCKET)
    if code in BUSY:
        return AwsError(f"{doing}: too many calls at once", fix="run the same again in a minute")
    request = response.get("ResponseMetadata", {}).get("RequestId", "–")
    fix = f"see what AWS says above; its support wants request {request}"
    return AwsError(f"{doing}: {operation}: {message or code}", fix=FIXES.get(code, fix))


def _failure(doing: str, error: Exception) -> AwsError:
    from botocore import exceptions as sdk

    if isinstance(error, sdk.NoCredentialsError | sdk.PartialCredentialsError):
        return AwsError(f"{doing}: there are no AWS credentials", fix=LOG_IN)
    logins = (sdk.ProfileNotFound, sdk.TokenRetrievalError, sdk.CredentialRetrievalError)
    if isinstance(error, (*logins, sdk.SSOError)):
        return AwsError(f"{doing}: {error}", fix=LOG_IN)
    if isinstance(error, sdk.ConnectionError | sdk.HTTPClientError):
        fix = "check the network, the region and proxy variables, then run the same again"
        return AwsError(f"{doing}: AWS cannot be reached: {error}", fix=fix)
    return AwsError(f"{doing}: {error}", fix="correct what it names, then run the same again")


def error_code(error: Any) -> str:
    """The code of a ClientError, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", ""))
