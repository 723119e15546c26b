"""Which permissions a deploy needs, and on what: docs/iam.md as data, for `doit doctor`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...settings.model import Settings
from ...util.errors import AwsError
from .. import s3
from ..client import Aws
from ..errors import DENIED, error_code, errors
from . import actions as iam_actions

# What `chalice deploy` calls for an app with routes: the policy *Chalice* of docs/iam.md.
CHALICE = {
    "iam:CreateRole", "iam:GetRole", "iam:PassRole", "iam:PutRolePolicy",
    "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunctionConcurrency",
    "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:GetPolicy",
    "lambda:ListTags", "lambda:PutFunctionConcurrency",
    "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration", "lambda:GetLayerVersion",
    "apigateway:GET", "apigateway:PATCH", "apigateway:POST",
    "apigateway:PUT",
}  # fmt: skip
# Without these a deploy works all the same: docs/iam.md says what is lost.
DISPENSABLE = {
    "lambda:DeleteLayerVersion", "lambda:ListFunctions",
    # only a bucket that keeps versions asks for it
    "s3:GetObjectVersion",
    # only a look at a bucket that somebody else made
    "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock",
}  # fmt: skip
MAKING = {
    "s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
}  # fmt: skip
TIDYING = {
    "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", "s3:DeleteObjectTagging",
    "s3:PutObjectTagging",
}  # fmt: skip
LAYER_VERSIONS = {"lambda:GetLayerVersion", "lambda:DeleteLayerVersion"}
OBJECTS = {
    "s3:DeleteObjectTagging", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject",
    "s3:PutObjectTagging",
}  # fmt: skip
EVERYWHERE = {"lambda:ListFunctions", "lambda:ListLayerVersions"}


@dataclass(frozen=True, kw_only=True)
class SimulatedResource:
    """Where the stage's things are. `partition`: aws, aws-cn, …"""

    settings: Settings
    partition: str
    account: str
    function: str

    def resource(self, action: str) -> str:
        """The ARN that the action is asked for."""
        service = action.partition(":")[0]
        settings, here = self.settings, f"arn:{self.partition}"
        near = f"{settings.region}:{self.account}"
        if action in EVERYWHERE:
            return "*"
        if service == "s3":
            inside = f"/layers/{settings.layer}/doctor" if action in OBJECTS else ""
            return f"{here}:s3:::{settings.bucket}{inside}"
        if service == "apigateway":
            return f"{here}:apigateway:{settings.region}::/restapis"
        if service == "iam":
            return f"{here}:iam::{self.account}:role/{self.function}"
        if action == "lambda:PublishLayerVersion":
            return f"{here}:lambda:{near}:layer:{settings.layer}"
        if action in LAYER_VERSIONS:
            return f"{here}:lambda:{near}:layer:{settings.layer}:1"
        return f"{here}:lambda:{near}:function:{self.function}"


def needed(settings: Settings, *, bucket: bool) -> set[str]:
    """Actions of a deploy. `bucket`: it is there already."""
    layer = {*iam_actions.ACTIONS.values(), *iam_actions.ON_OUR_BEHALF}
    spared = DISPENSABLE | (MAKING if bucket else set())
    spared |= set() if settings.lifecycle_days else TIDYING
    return (layer | CHALICE) - spared


def by_resource(actions: set[str], place: SimulatedResource) -> Mapping[str, Sequence[str]]:
    """{ARN: actions, sorted}: AWS simulates every action on every resource of a question."""
    found: dict[str, list[str]] = {}
    for action in sorted(actions):
        found.setdefault(place.resource(action), []).append(action)
    return found


POLICY = "./doitw iam-policy for=deploy has the policy"


def place(aws: Aws, function: str) -> SimulatedResource:
    return SimulatedResource(
        settings=aws.settings,
        partition=aws.identity.arn.split(":")[1],
        account=aws.account,
        function=function,
    )


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """`denied`: actions. `unknown`: {action: what of the request its policies ask for, which the
    simulator was not told}: AWS alone can decide that."""

    denied: list[str]
    unknown: dict[str, list[str]]


def simulated(aws: Aws, actions: set[str], function: str) -> Simulation | None:
    """What IAM says. None where the simulator is not allowed, or knows no such identity."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    results: list[Any] = []
    try:
        source = _source(aws)
        context = list(_context(aws, source))
        for resource, named in by_resource(actions, place(aws, function)).items():
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
    return AwsError(f"not allowed: {', '.join(actions)}", fix=f"allow them: {POLICY}")
