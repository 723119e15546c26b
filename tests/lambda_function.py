"""Lambda functions for tests: one that is only looked at, and one as moto hands it over to run."""

from types import SimpleNamespace
from typing import Any

from tasks.aws.client import Aws
from tests.finished_layer import zipped
from tests.moto_server import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"


def make(aws: Aws, name: str, *layers: str) -> str:
    """Its ARN. `layers`: ARNs."""
    iam = aws.client("iam")
    if not iam.list_roles()["Roles"]:
        iam.create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    made = aws.client("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Role=ROLE, Handler="app.app",
        Layers=list(layers), Code={"ZipFile": zipped("x")},
    )  # fmt: skip
    return str(made["FunctionArn"])


# {name: (its code, its characters)}, each near a limit once it is packed for its way to the caller.
LARGE_ANSWERS = {
    "limit": ("'x' * 6_291_554", 6_291_554),
    "quotes": ("chr(34) * 3_000_000", 3_000_000),
    "backslashes": ("chr(92) * 3_000_000", 3_000_000),
    "controls": ("chr(1) * 900_000", 900_000),
    "another script": ("chr(0xd55c) * 1_000_000", 1_000_000),
    "log": ("str(print(chr(0) * 2_000_000))", 4),
}
ARN_OF_LOCAL = f"arn:aws:lambda:ap-northeast-2:{ACCOUNT}:function:shuking-local"


def as_moto_has_it(**more: Any) -> SimpleNamespace:
    """What tasks/local_aws/invoke.py reads of moto's LambdaFunction."""
    given = {
        "region": "ap-northeast-2", "function_name": "shuking-local", "memory_size": 512,
        "ephemeral_storage": 512, "version": "$LATEST", "run_time": "python3.12", "timeout": 20,
        "handler": "app.app", "environment_vars": {}, "function_arn": ARN_OF_LOCAL,
        "package_type": "Zip",
    }  # fmt: skip
    return SimpleNamespace(**given | more)
