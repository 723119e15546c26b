"""May this identity deploy? By IAM's policy simulator, or else by calls that change nothing."""

from collections.abc import Callable
from typing import Any

from ..core import permissions
from ..core.errors import AwsError
from ..core.permissions import Place
from . import s3, stage_store
from .aws import Aws
from .sdk_errors import DENIED, error_code, errors

POLICY = "./doitw iam-policy has the policy"


def place(aws: Aws) -> Place:
    return Place(
        settings=aws.settings,
        partition=aws.identity.arn.split(":")[1],
        account=aws.account,
        function=stage_store.function(aws.settings),
    )


def simulated(aws: Aws, actions: set[str]) -> list[str] | None:
    """Those that IAM denies; None where the simulator is not allowed, or knows no such identity."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    denied = []
    try:
        source = _source(aws)
        for resource, named in permissions.by_resource(actions, place(aws)).items():
            answer = aws.client("iam").simulate_principal_policy(
                PolicySourceArn=source, ActionNames=named, ResourceArns=[resource]
            )
            results = answer["EvaluationResults"]
            denied += [each["EvalActionName"] for each in results if not _allows(each)]
    except (ClientError, BotoCoreError, ResponseParserError):  # the last: no AWS, but one like it
        return None
    return sorted(denied)


def _allows(result: Any) -> bool:
    return bool(result["EvalDecision"] == "allowed")


def _source(aws: Aws) -> str:
    """The user's or role's ARN, whose policies count: of a session, its role's."""
    arn = aws.identity.arn
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return arn
    role = aws.client("iam").get_role(RoleName=rest.partition("/")[0])
    return str(role["Role"]["Arn"])


def tried(aws: Aws, *, bucket: bool) -> tuple[list[str], list[str]]:
    """(actions tried, those of them that were refused). AwsError when AWS cannot be reached."""
    from botocore.exceptions import ClientError

    refused = []
    calls = harmless(aws, bucket=bucket)
    for action, call in calls.items():
        with errors(f"trying {action}"):
            try:
                call()
            except ClientError as error:
                if error_code(error) in DENIED:
                    refused.append(action)
    return list(calls), refused


def harmless(aws: Aws, *, bucket: bool) -> dict[str, Callable[[], object]]:
    """{action: a call that needs it and changes nothing}; what it asks for need not exist."""
    settings, owned = aws.settings, s3.bucket_of(aws)
    name = stage_store.function(settings)
    functions, layer = aws.client("lambda"), settings.layer
    calls: dict[str, Callable[[], object]] = {
        "lambda:ListLayerVersions": lambda: functions.list_layer_versions(LayerName=layer),
        "lambda:GetLayerVersion": lambda: functions.get_layer_version(
            LayerName=layer, VersionNumber=1
        ),
        "lambda:GetFunctionConfiguration": lambda: functions.get_function_configuration(
            FunctionName=name
        ),
        "lambda:GetFunction": lambda: functions.get_function(FunctionName=name),
        "lambda:InvokeFunction": lambda: functions.invoke(  # asks for permission alone (AWS)
            FunctionName=name, InvocationType="DryRun"
        ),
        "apigateway:GET": lambda: aws.client("apigateway").get_rest_apis(limit=1),
        "iam:GetRole": lambda: aws.client("iam").get_role(RoleName=name),
    }
    if bucket:
        calls["s3:ListBucket"] = lambda: aws.client("s3").list_objects_v2(**owned, MaxKeys=1)
        calls["s3:GetObject"] = lambda: aws.client("s3").get_object(
            **owned, Key=stage_store.key(settings, "lock.json")
        )
    return calls


def missing(actions: list[str]) -> AwsError:
    return AwsError(f"not allowed: {', '.join(actions)}", fix=f"allow them: {POLICY}")
