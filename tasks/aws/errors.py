"""AWS's errors, and the SDK's own, in plain words."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..settings.local_access import NOT_YET
from ..util.errors import AwsError
from .iam import action_names as iam_actions
from .iam import denial, known_words

EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}  # fmt: skip
SKEWED = {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"}
CLOCK = re.compile("Signature (expired|not yet current)|is now (earlier|later) than")
NTP = "set this machine's clock right (NTP: `timedatectl set-ntp true`), then run the command again"
DENIED = {
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "KMSAccessDeniedException",
    "UnauthorizedOperation", "403",
}  # fmt: skip
TAKEN = {"BucketAlreadyExists", "NotOwner"}
BUSY = {
    "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded",
    "SlowDown", "Throttled",
}  # fmt: skip
LOG_IN = "log in (`aws login`, `aws sso login`) or set AWS_PROFILE, then run the command again"
CONFIGURATION = (
    "look at AWS's variables and files (`aws configure list`), then run the command again"
)
CA_BUNDLE = "set AWS_CA_BUNDLE to a file with the certificates that your network uses"
LATER = "run the command again in a minute: finished steps are kept"
OTHER_BUCKET = "choose another name: bucket=NAME, S3_BUCKET or `bucket` in pyproject.toml"
FIXES = {
    "CodeStorageExceededException": "delete layer versions and functions that nothing uses",
    "NoSuchBucket": "run `./doitw deploy`, which makes the bucket",
    "ResourceConflictException": "somebody else is changing it; run the command again in a minute",
}


@contextmanager
def errors(doing: str) -> Iterator[None]:
    """Turn the SDK's errors into AwsError: what was being done, what AWS said, what to do."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise refusal(doing, error.response, error.operation_name) from None
    except BotoCoreError as error:
        raise _failure(doing, error) from None
    except ResponseParserError:
        fix = "check the network and proxy variables: does something else answer in its place?"
        raise AwsError(f"{doing}: what answered is not AWS", fix=fix) from None


def refusal(doing: str, response: Mapping[str, Any], operation: str) -> AwsError:
    """What AWS answered to `operation`, as an error for a person."""
    code, message = error_code_of(response), str(response.get("Error", {}).get("Message", ""))
    if fix := known_words.remedy(f"{code} {message}"):
        return AwsError(f"{doing}: {message or code}", fix=fix)
    return _refusal(doing, response, operation, message)


def _refusal(doing: str, response: Mapping[str, Any], operation: str, message: str) -> AwsError:
    code = error_code_of(response)
    if code in SKEWED or (code in EXPIRED and CLOCK.search(message)):
        return AwsError(f"{doing}: this machine's clock is not AWS's. {message}", fix=NTP)
    if code in EXPIRED:
        return AwsError(f"{doing}: AWS does not accept the credentials ({code})", fix=LOG_IN)
    if denied := _denied(code, message, operation):
        return AwsError(f"{doing}: no permission. {message}", fix=denied)
    if code in TAKEN:
        problem = f"{doing}: the bucket is another account's, or s3:ListBucket is not allowed"
        return AwsError(problem, fix=OTHER_BUCKET)
    if code == NOT_YET:
        fix = "this is a gap of stage=local: a stage in AWS does it"
        return AwsError(f"{doing}: {message}", fix=fix)
    if is_busy(response):
        return AwsError(f"{doing}: too many calls at once", fix=LATER)
    if broke(response):
        return AwsError(f"{doing}: AWS fails on {operation}: {message or code}", fix=LATER)
    request = response.get("ResponseMetadata", {}).get("RequestId", "–")
    fix = f"see what AWS says above; its support wants request {request}"
    return AwsError(f"{doing}: {operation}: {message or code}", fix=FIXES.get(code, fix))


def _denied(code: str, message: str, operation: str) -> str:
    """What to do about a refusal. '' for what is none. AWS's own words win: what was called may
    need a right that has another name, on another thing."""
    if read := denial.read(message):
        return denial.remedy(read)
    if encoded := denial.ENCODED.search(message):
        return f"aws sts decode-authorization-message --encoded-message {encoded['text']}"
    if code not in DENIED:
        return ""
    action = iam_actions.action(operation)
    names = iam_actions.denied_action(operation)
    return f"allow {names} to this identity: {denial.source(action)}"


def is_busy(response: Mapping[str, Any]) -> bool:
    """Did AWS refuse for the moment, without having done anything?"""
    return error_code_of(response) in BUSY


def broke(response: Mapping[str, Any]) -> bool:
    """Did AWS itself fail (HTTP 5xx)? It may have done what it was asked, or a part."""
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500


@contextmanager
def login_files(doing: str) -> Iterator[None]:
    """Where credentials are looked for, the SDK passes on what a file says to it: a token of
    AWS_WEB_IDENTITY_TOKEN_FILE that is not there, ~/.aws/config that is no text, …"""
    try:
        yield
    except (OSError, ValueError) as error:
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        said = getattr(error, "strerror", None) or error
        raise AwsError(f"{doing}: {said}{where}", fix=CONFIGURATION) from None


def _failure(doing: str, error: Exception) -> AwsError:
    from botocore import exceptions as sdk

    if isinstance(error, sdk.NoCredentialsError | sdk.PartialCredentialsError):
        return AwsError(f"{doing}: there are no AWS credentials", fix=LOG_IN)
    if isinstance(error, sdk.MissingDependencyException):
        fix = f"{sys.executable} -m pip install 'botocore[crt]'"
        return AwsError(f"{doing}: `aws login` sessions need botocore's CRT extra", fix=fix)
    if "login" in type(error).__name__.lower():
        return AwsError(f"{doing}: {error}", fix="run `aws login`, then run the command again")
    logins = (sdk.ProfileNotFound, sdk.TokenRetrievalError, sdk.CredentialRetrievalError)
    if isinstance(error, (*logins, sdk.SSOError)):
        return AwsError(f"{doing}: {error}", fix=LOG_IN)
    reason = error.kwargs.get("error") if isinstance(error, sdk.HTTPClientError) else None
    if isinstance(error, sdk.SSLError) or isinstance(reason, FileNotFoundError):
        return AwsError(f"{doing}: AWS's certificate cannot be checked: {error}", fix=CA_BUNDLE)
    if isinstance(error, sdk.ConnectionError | sdk.HTTPClientError):
        fix = "check the network, the region and proxy variables, then run the command again"
        return AwsError(f"{doing}: AWS cannot be reached: {error}", fix=fix)
    return AwsError(f"{doing}: {error}", fix=CONFIGURATION)


def error_code(error: Any) -> str:
    """The code of a ClientError, such as `NoSuchBucket`."""
    return error_code_of(error.response)


def error_code_of(response: Mapping[str, Any]) -> str:
    return str(response.get("Error", {}).get("Code", ""))
