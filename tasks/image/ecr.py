"""The stage's repository in ECR: made where there is none, and the way into its registry."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from ..aws.client import Aws
from ..aws.errors import error_code, errors
from ..settings.model import Settings
from ..ui.console import say
from ..util.errors import AwsError, InputError
from .registry.client import Registry
from .registry.login import FIX, Login

# AWS: "Amazon ECR permissions" for functions that are images, in the same account.
SID = "LambdaECRImageRetrievalPolicy"
POLICY = {
    "Sid": SID,
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
}
GONE = ("RepositoryNotFoundException", "RepositoryPolicyNotFoundException")
EXISTS = "RepositoryAlreadyExistsException"
NO_RULES = ("LifecyclePolicyNotFoundException", *GONE)


@dataclass(frozen=True, kw_only=True)
class Repository:
    """`uri`: as functions name it, without tag or digest."""

    name: str
    uri: str
    registry: Registry


def open_repository(aws: Aws, name: str) -> Repository:
    """The repository, made when missing, with the right of Lambda's service to read it."""
    found = find_repository(aws, name) or _make(aws, name)
    _check_place(aws.settings, found)
    _let_lambda_read(aws, name)
    _warn_of_rules(aws, name)
    return _opened(aws, found)


def look_at_repository(aws: Aws, name: str) -> Repository | None:
    """The same for who only looks. None where there is none."""
    found = find_repository(aws, name)
    return _opened(aws, found) if found else None


def find_repository(aws: Aws, name: str) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    with errors(f"looking at repository {name}"):
        try:
            answer = aws.client("ecr").describe_repositories(repositoryNames=[name])
        except ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
    found: dict[str, Any] = answer["repositories"][0]
    return found


def has_image(aws: Aws, name: str, digest: str) -> bool:
    """By ECR's own API: one call, where its registry wants a login first."""
    from botocore.exceptions import ClientError

    with errors(f"looking for an image in repository {name}"):
        try:
            answer = aws.client("ecr").batch_get_image(
                repositoryName=name, imageIds=[{"imageDigest": digest}]
            )
        except ClientError as error:
            if error_code(error) in GONE:
                return False
            raise
    return bool(answer["images"])


def images(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Those that have a tag: digest, tags, and when it was pushed. [] without a repository."""
    from botocore.exceptions import ClientError

    pages = aws.client("ecr").get_paginator("describe_images")
    with errors(f"listing the images of repository {name}"):
        try:
            found = [*pages.paginate(repositoryName=name, filter={"tagStatus": "TAGGED"})]
        except ClientError as error:
            if error_code(error) in GONE:
                return []
            raise
    return [each for page in found for each in page["imageDetails"]]


def _make(aws: Aws, name: str) -> dict[str, Any]:
    """Its tags never move, so that one that is there is all that one needs to know. Where the
    answer was lost, the SDK asked again, and the repository is there already."""
    from botocore.exceptions import ClientError

    with errors(f"making repository {name}"):
        try:
            found: dict[str, Any] = aws.client("ecr").create_repository(
                repositoryName=name, imageTagMutability="IMMUTABLE"
            )["repository"]
        except ClientError as error:
            there = find_repository(aws, name) if error_code(error) == EXISTS else None
            if there is None:
                raise
            found = there
    say(f"repository {name} made, in {aws.settings.region}")
    return found


def _check_place(settings: Settings, found: dict[str, Any]) -> None:
    """Lambda takes images of its own region alone."""
    if f".{settings.region}." not in found["repositoryUri"]:
        raise InputError(
            f"repository {found['repositoryUri']} is not in {settings.region}",
            fix="Lambda takes images of its own region: correct `region` or `repository`",
        )


def _let_lambda_read(aws: Aws, name: str) -> None:
    """The policy's other statements stay."""
    client, statements = aws.client("ecr"), _statements(aws, name)
    if any(each.get("Sid") == SID for each in statements):
        return
    policy = {"Version": "2012-10-17", "Statement": [*statements, POLICY]}
    with errors(f"letting Lambda read repository {name}"):
        client.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))


def _statements(aws: Aws, name: str) -> list[dict[str, Any]]:
    from botocore.exceptions import ClientError

    with errors(f"looking at the policy of repository {name}"):
        try:
            text = aws.client("ecr").get_repository_policy(repositoryName=name)["policyText"]
        except ClientError as error:
            if error_code(error) in GONE:
                return []
            raise
    found = json.loads(text).get("Statement", [])
    return found if isinstance(found, list) else [found]


def _warn_of_rules(aws: Aws, name: str) -> None:
    """A rule of ECR knows ages and numbers, not which image a function runs."""
    from botocore.exceptions import ClientError

    with errors(f"looking at the rules of repository {name}"):
        try:
            aws.client("ecr").get_lifecycle_policy(repositoryName=name)
        except ClientError as error:
            if error_code(error) in NO_RULES:
                return
            raise
    say(
        f"warning: repository {name} has lifecycle rules, which may delete an image that a "
        "function runs: the function fails then. `./doitw gc` deletes what nothing uses"
    )


def _opened(aws: Aws, found: dict[str, Any]) -> Repository:
    name = str(found["repositoryName"])
    told = _token(aws)
    unused = [told]
    login = Login(
        password=lambda: _pair(unused.pop() if unused else _token(aws)), fix=FIX,
        is_remote=not aws.settings.is_local,
    )  # fmt: skip
    registry = Registry(
        url=told["proxyEndpoint"], repository=name, login=login, verify=aws.certificates()
    )
    return Repository(name=name, uri=str(found["repositoryUri"]), registry=registry)


def _token(aws: Aws) -> dict[str, Any]:
    with errors("logging in to ECR"):
        answer = aws.client("ecr").get_authorization_token()
    found: dict[str, Any] = answer["authorizationData"][0]
    if not found.get("proxyEndpoint"):
        raise AwsError("ECR names no registry", fix="run the command again")
    return found


def _pair(told: dict[str, Any]) -> tuple[str, str]:
    user, _, password = base64.b64decode(told["authorizationToken"]).decode().partition(":")
    return user, password
