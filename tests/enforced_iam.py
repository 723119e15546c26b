"""moto's IAM, asked for every request with the action's real name and the resource's real ARN.

moto keeps the identities and their policies, and judges them; what it does not do itself
(moto.iam.access_control says so) is to name resources, and to know the names of API Gateway's
actions. Permissions that AWS wants beside a call's own are asked for, too.
"""

import fnmatch
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import unescape

import pytest
from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse
from moto.iam.access_control import (
    AssumedRoleAccessKey,
    IAMPolicy,
    IAMPolicyStatement,
    IAMUserAccessKey,
    PermissionResult,
)
from moto.s3.models import s3_backends

from tests.api_operations import operation
from tests.moto_server import ACCOUNT, REGION, Refusal, Request

Grant = tuple[str, str]  # action, resource
KEY = re.compile(r"Credential=([^/]+)/")
# Where the action is not called as the operation (Service Authorization Reference).
NAMES = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "Invoke": "InvokeFunction",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
CONTEXT = {"iam:PassedToService": "lambda.amazonaws.com"}
# Have no resource type; the third names its mapping by a number that nobody knows before.
UNLISTABLE = {
    "ListFunctions", "ListLayerVersions", "ListEventSourceMappings", "UpdateEventSourceMapping",
}  # fmt: skip


@dataclass(kw_only=True)
class Enforcement:
    """`refused` for a Server: what a user or an assumed role of moto's IAM is not allowed. Keys
    that are nobody's are the test's own, and may do anything. `asked`: in order."""

    asked: list[Grant] = field(default_factory=list)
    key: str = ""  # S3 asks KMS for each object, as whoever asks S3 (SSE-KMS)

    def __call__(self, request: Request) -> Refusal | None:
        user = _who(request)
        if user is None:
            return None
        policies = [IAMPolicy(each) for each in user.collect_policies()]
        for action, resource in [*needed(request), *self._of_kms(request)]:
            self.asked.append((action, resource))
            allowed = [
                each.is_action_permitted(action, resource, incoming_condition_values=CONTEXT)
                for each in policies
            ]
            if PermissionResult.PERMITTED not in allowed:
                return _denied(user.arn, action, resource, request)
        return None

    def _of_kms(self, request: Request) -> Iterator[Grant]:
        wanted = {
            "GetObject": "Decrypt", "PutObject": "GenerateDataKey",
            "CreateMultipartUpload": "GenerateDataKey", "UploadPart": "Decrypt",
        }  # fmt: skip
        if request.path.startswith("/v2/"):
            return
        service, name = operation(request)
        if self.key and service == "s3" and name in wanted:
            yield f"kms:{wanted[name]}", self.key


def _who(request: Request) -> IAMUserAccessKey | AssumedRoleAccessKey | None:
    """None for the test's own keys."""
    said = request.headers.get("authorization", "")
    found = KEY.search(said)
    key = found[1] if found else _of_password(said)
    if key.startswith("ASIA"):
        token = request.headers["x-amz-security-token"]
        return AssumedRoleAccessKey(ACCOUNT, "aws", key, {"X-Amz-Security-Token": token})
    return IAMUserAccessKey(ACCOUNT, "aws", key, {}) if key.startswith("AKIA") else None


def _of_password(said: str) -> str:
    """A registry's: the key of whoever asked for it (`adjust_registry`)."""
    kind, _, pair = said.partition(" ")
    return b64decode(pair).decode().partition(":")[2] if kind == "Basic" else ""


def adjust_registry(patch: pytest.MonkeyPatch, url: str) -> None:
    """ECR's password says whose it is, as AWS's does."""

    def get_authorization_token(self: Any) -> Any:
        pair = b64encode(f"AWS:{self.access_key}".encode()).decode()
        told = {"authorizationToken": pair, "proxyEndpoint": url}
        return ActionResult({"authorizationData": [told]})

    patch.setattr(ECRResponse, "get_authorization_token", get_authorization_token)


def adjust(patch: pytest.MonkeyPatch) -> None:
    """moto reads a policy's `*` only; AWS `?`, too, and everything else literally."""
    patch.setattr(
        IAMPolicyStatement,
        "_match",
        staticmethod(lambda pattern, text: _like(pattern, text) or None),
    )


def _like(pattern: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _denied(user: str, action: str, resource: str, request: Request) -> Refusal:
    """In AWS's words. S3 answers HEAD without any."""
    code = "AccessDenied" if request.path.startswith(("/20", "/restapis")) is False else ""
    said = f"User: {user} is not authorized to perform: {action} on resource: {resource} because "
    said += f"no identity-based policy allows the {action} action"
    return Refusal(status=403, code=code or "AccessDeniedException", message=said)


def needed(request: Request) -> Iterator[Grant]:
    """What AWS wants for a request."""
    if request.path.startswith("/v2/"):
        yield from _of_registry(request)
        return
    service, name = operation(request)
    if name == "GetCallerIdentity":
        return
    yield from {
        "s3": _of_s3, "lambda": _of_lambda, "iam": _of_iam, "apigateway": _of_apigateway,
        "secretsmanager": _of_secrets, "sts": _of_sts, "logs": _of_logs,
        "ecr": _of_ecr, "monitoring": _of_alarms,
    }[service](request, name)  # fmt: skip


def _of_s3(request: Request, name: str) -> Iterator[Grant]:
    bucket, _, key = request.path.strip("/").partition("/")
    place = f"arn:aws:s3:::{bucket}"
    if name == "DeleteObjects":
        yield from _deleted(request.xml, place)
        return
    yield f"s3:{NAMES.get(name, name)}", f"{place}/{key}" if key else place
    if "x-amz-tagging" in request.headers:
        yield "s3:PutObjectTagging", f"{place}/{key}"
    if NAMES.get(name, name) == "GetObject" and not _exists(bucket, key):
        yield "s3:ListBucket", place  # without it, a missing object is forbidden


def _deleted(body: str, place: str) -> Iterator[Grant]:
    """One for each object that is named; another right for each version that is."""
    for each in re.findall(r"<Object>(.*?)</Object>", body, re.DOTALL):
        [key] = re.findall(r"<Key>(.*?)</Key>", each)
        version = "Version" if "<VersionId>" in each else ""
        yield f"s3:DeleteObject{version}", f"{place}/{unescape(key)}"


def _exists(bucket: str, key: str) -> bool:
    found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    return bool(found and found.keys.get(key))


def _of_lambda(request: Request, name: str) -> Iterator[Grant]:
    action, body = f"lambda:{NAMES.get(name, name)}", json.loads(request.json or "{}")
    place = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
    if name in UNLISTABLE:
        yield action, "*"
    elif "/layers/" in request.path:
        layer, _, number = request.path.split("/layers/")[1].partition("/versions")
        layer = layer if layer.startswith("arn:") else f"{place}:layer:{layer}"
        yield action, layer + number.replace("/", ":")
    else:
        path = re.sub(r"^/[\d-]+/(functions|tags)/?", "", request.path)
        named = body.get("FunctionName") if name == "CreateFunction" else path
        function = re.match(r"arn:[^/]+|[^/]+", named)
        assert function, request
        yield action, function[0] if named.startswith("arn:") else f"{place}:function:{function[0]}"
    yield from _beside(name, body, place)


def _beside(name: str, body: Any, place: str) -> Iterator[Grant]:
    """What a function is given must be the giver's to give."""
    if name == "PublishLayerVersion":
        content = body["Content"]
        version = "Version" if content.get("S3ObjectVersion") else ""
        yield f"s3:GetObject{version}", f"arn:aws:s3:::{content['S3Bucket']}/{content['S3Key']}"
    code = body.get("Code", body) if name in ("CreateFunction", "UpdateFunctionCode") else {}
    if uri := code.get("ImageUri"):
        repository = uri.partition("/")[2].partition("@")[0]
        for action in ("BatchGetImage", "GetDownloadUrlForLayer"):
            yield f"ecr:{action}", _repository(repository)
    if name in ("CreateFunction", "UpdateFunctionConfiguration"):
        if role := body.get("Role"):
            yield "iam:PassRole", role
        if name == "CreateFunction" and body.get("Tags"):
            yield "lambda:TagResource", f"{place}:function:{body['FunctionName']}"
        for layer in body.get("Layers", []):
            yield "lambda:GetLayerVersion", layer


def _of_iam(request: Request, name: str) -> Iterator[Grant]:
    role = parse_qs(request.form)["RoleName"][0]
    yield f"iam:{name}", f"arn:aws:iam::{ACCOUNT}:role/{role}"


def _of_apigateway(request: Request, name: str) -> Iterator[Grant]:
    """Its actions are HTTP's methods."""
    yield f"apigateway:{request.method}", f"arn:aws:apigateway:{REGION}::{request.path.rstrip('/')}"


def _of_logs(request: Request, name: str) -> Iterator[Grant]:
    """Of a group, or of what is in it. DescribeLogGroups takes all that begin alike."""
    group = json.loads(request.json).get("logGroupName", "")
    end = ":*" if "Events" in name or "Streams" in name else ""
    yield f"logs:{name}", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}{end}"


def _of_secrets(request: Request, name: str) -> Iterator[Grant]:
    """AWS adds six characters to a secret's name."""
    secret = json.loads(request.json)["SecretId"]
    yield (
        f"secretsmanager:{name}",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{secret}-AbC12d",
    )


# What a registry's requests are to IAM (AWS: "IAM permissions for pushing an image").
REGISTRY = {
    ("HEAD", "manifests"): ("BatchGetImage",), ("GET", "manifests"): ("BatchGetImage",),
    ("PUT", "manifests"): ("PutImage",), ("HEAD", "blobs"): ("BatchCheckLayerAvailability",),
    ("GET", "blobs"): ("GetDownloadUrlForLayer",), ("POST", "blobs"): ("InitiateLayerUpload",),
    ("PUT", "blobs"): ("UploadLayerPart", "CompleteLayerUpload"),
}  # fmt: skip


def _of_registry(request: Request) -> Iterator[Grant]:
    found = re.fullmatch(r"/v2/(.+)/(blobs|manifests)/.*", request.path)
    assert found, request
    for name in REGISTRY[request.method, found[2]]:
        yield f"ecr:{name}", _repository(found[1])


def _repository(name: str) -> str:
    return f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"


def _of_ecr(request: Request, name: str) -> Iterator[Grant]:
    told = json.loads(request.json or "{}")
    for each in told.get("repositoryNames") or [told.get("repositoryName")]:
        yield f"ecr:{name}", _repository(each) if each else "*"


def _of_alarms(request: Request, name: str) -> Iterator[Grant]:
    yield f"cloudwatch:{name}", "*"


def _of_sts(request: Request, name: str) -> Iterator[Grant]:
    yield f"sts:{name}", parse_qs(request.form)["RoleArn"][0]
