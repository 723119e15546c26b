"""A copy of the project that really deploys with Chalice, to a server of the test's process."""

from pathlib import Path

import pytest

from tasks.clients import moto_adjustments
from tests import project
from tests.aws import Server
from tests.project import Project

APP = """from chalice.app import Chalice
app = Chalice(app_name="shuking")

@app.route("/health")
def health():
    import six
    return {"six": six.__version__}
"""


def copy(target: Path, server: Server, patch: pytest.MonkeyPatch) -> Project:
    """Stage local, without Docker. moto runs the function in this process, so in this folder."""
    adjust(patch)
    made = project.copy(target, "six==1.16.0\n")
    made.write("app.py", APP)
    made.write("pyproject.toml", "[tool.lambda-layer]\nlifecycle-days = 90\n")
    made.environment.update(AWS_ENDPOINT_URL=server.url)
    patch.chdir(made.path)
    return made


def adjust(patch: pytest.MonkeyPatch) -> None:
    """moto as the project's own server does, until the test's end."""
    from moto.apigateway.models import APIGatewayBackend
    from moto.awslambda.models import LambdaFunction, LayerVersion
    from moto.s3.responses import S3Response

    for changed, name in (
        (APIGatewayBackend, "import_rest_api"),
        (APIGatewayBackend, "put_rest_api"),
        (LambdaFunction, "_invoke_lambda"),
        (LayerVersion, "get_layer_version"),
        (S3Response, "put_object"),
    ):
        patch.setattr(changed, name, getattr(changed, name))
    moto_adjustments.apply()
