"""May this identity do what a deploy needs: asked of IAM's simulator, or tried (`doit doctor`)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...util.errors import AwsError
from .. import s3
from ..client import Aws
from ..errors import DENIED, error_code, errors
from . import denial
from .image_actions import needs_of
from .needed_actions import DEPLOY, MAKE_BUCKET
from .resources import Scope

# Without these a deploy works all the same: docs/iam.md says what is lost.
SPARED = {"LookAtBucket"}
DISPENSABLE = {"s3:GetObjectVersion"}  # only a bucket that keeps versions asks for it


def needed(scope: Scope, *, bucket: bool) -> dict[str, list[str]]:
    """{resource: actions of a deploy on it}, as AWS simulates them: every action on every resource
    of a question. `bucket`: it is there already."""
    found: dict[str, list[str]] = {}
    making = [] if bucket else needs_of(scope, MAKE_BUCKET)
    for need in [*needs_of(scope, DEPLOY), *making]:
        if need.sid not in SPARED:
            known = found.setdefault(example(need.on(scope)), [])
            known += [each for each in need.actions if each not in {*DISPENSABLE, *known}]
    return found


def example(resource: str | list[str]) -> str:
    """One that the statement's first pattern names."""
    first = resource if isinstance(resource, str) else resource[0]
    return first if first == "*" else re.sub(r"[*?]", "1", first)


def actions_of(wanted: Mapping[str, Iterable[str]]) -> set[str]:
    return {action for actions in wanted.values() for action in actions}


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """`denied`: actions. `unknown`: {action: what of the request its policies ask for, which the
    simulator was not told}: AWS alone can decide that."""

    denied: list[str]
    unknown: dict[str, list[str]]


def simulated(aws: Aws, wanted: Mapping[str, Sequence[str]]) -> Simulation | None:
    """What IAM says. None where the simulator is not allowed, or knows no such identity."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    results: list[Any] = []
    try:
        source = _source(aws)
        context = list(_context(aws, source))
        for resource, named in wanted.items():
            answer = aws.client("iam").simulate_principal_policy(
                PolicySourceArn=source,
                ActionNames=named,
                ResourceArns=[resource],
                ContextEntries=context,
            )
            results += answer["EvaluationResults"]
    except (ClientError, BotoCoreError, ResponseParserError):  # the last: no AWS, but one like it
        return None
    unknown = {each["EvalActionName"]: sorted(_untold(each)) for each in results if _untold(each)}
    denied = {each["EvalActionName"] for each in results if each["EvalDecision"] != "allowed"}
    return Simulation(denied=sorted(denied - unknown.keys()), unknown=unknown)


def _untold(result: Any) -> list[str]:
    return list(result.get("MissingContextValues", []))


def _context(aws: Aws, source: str) -> Iterator[dict[str, Any]]:
    """What is known of a deploy's requests (IAM: "global condition context keys")."""
    known = {
        "aws:PrincipalAccount": aws.account,
        "aws:PrincipalArn": source,
        "aws:RequestedRegion": aws.settings.region,
        "aws:ResourceAccount": aws.account,
        "aws:SecureTransport": "true",
        "iam:PassedToService": "lambda.amazonaws.com",
        "s3:ResourceAccount": aws.account,
    }
    for name, value in known.items():
        kind = "boolean" if value == "true" else "string"
        yield {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": kind}


def _source(aws: Aws) -> str:
    """The user's or role's ARN, whose policies count: of a session, its role's."""
    arn = aws.identity.arn
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return arn
    role = aws.client("iam").get_role(RoleName=rest.partition("/")[0])
    return str(role["Role"]["Arn"])


def tried(aws: Aws, function: str, key: str, *, bucket: bool) -> tuple[list[str], list[str]]:
    """(actions tried, those of them that were refused). AwsError when AWS cannot be reached."""
    from botocore.exceptions import ClientError

    refused = []
    calls = harmless(aws, function, key, bucket=bucket)
    for action, call in calls.items():
        with errors(f"trying {action}"):
            try:
                call()
            except ClientError as error:
                if error_code(error) in DENIED:
                    refused.append(action)
    return list(calls), refused


def harmless(aws: Aws, function: str, key: str, *, bucket: bool) -> dict[str, Callable[[], object]]:
    """{action: a call that needs it and changes nothing}. What it asks for, the `function` and the
    object `key`, need not exist."""
    settings, owned = aws.settings, s3.bucket_of(aws)
    functions, layer = aws.client("lambda"), settings.layer
    calls: dict[str, Callable[[], object]] = {
        "lambda:ListLayerVersions": lambda: functions.list_layer_versions(LayerName=layer),
        "lambda:GetLayerVersion": lambda: functions.get_layer_version(
            LayerName=layer, VersionNumber=1
        ),
        "lambda:GetFunctionConfiguration": lambda: functions.get_function_configuration(
            FunctionName=function
        ),
        "lambda:GetFunction": lambda: functions.get_function(FunctionName=function),
        "lambda:InvokeFunction": lambda: functions.invoke(  # asks for permission alone (AWS)
            FunctionName=function, InvocationType="DryRun"
        ),
        "apigateway:GET": lambda: aws.client("apigateway").get_rest_apis(limit=1),
        "iam:GetRole": lambda: aws.client("iam").get_role(RoleName=function),
    }
    if bucket:
        calls["s3:ListBucket"] = lambda: aws.client("s3").list_objects_v2(**owned, MaxKeys=1)
        calls["s3:GetObject"] = lambda: aws.client("s3").get_object(**owned, Key=key)
    return calls


def missing(actions: list[str]) -> AwsError:
    fix = "\n→ ".join(dict.fromkeys(denial.source(each) for each in actions))
    return AwsError(f"not allowed: {', '.join(actions)}", fix=f"allow them: {fix}")
