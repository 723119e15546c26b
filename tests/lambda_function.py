"""A Lambda function for tests that only look at what there is: nothing runs in it."""

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
