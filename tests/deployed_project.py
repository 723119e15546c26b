"""A copy of the project that really deploys with Chalice, to a server of the test's process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.local_aws import moto_patches
from tasks.settings import paths
from tasks.settings.local_access import Access
from tasks.util import files
from tests import moto_server, project
from tests.moto_server import Server
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
    adjust(patch, server)
    made = checkout(target, server)
    patch.chdir(made.path)
    return made


def checkout(target: Path, server: Server) -> Project:
    """The copy alone."""
    made = project.copy(target, "six==1.16.0\n")
    made.write("app.py", APP)
    made.write("pyproject.toml", "[tool.lambda-layer]\nlifecycle-days = 90\n")
    made.environment.update(LAYER_LOCAL_AWS=server.url)
    return made


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """An AWS in which functions run: in this process, from a folder that no checkout sees."""
    with pytest.MonkeyPatch.context() as patch, moto_server.serving() as server:
        adjust(patch, server)
        patch.chdir(project.small(folder).path)
        files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
        yield server


def adjust(patch: pytest.MonkeyPatch, server: Server) -> None:
    """moto as the project's own server does, until the test's end."""
    from moto.apigateway.models import APIGatewayBackend
    from moto.awslambda import responses
    from moto.awslambda.models import LambdaFunction, LayerVersion
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    for changed, name in (
        (APIGatewayBackend, "import_rest_api"),
        (APIGatewayBackend, "put_rest_api"),
        (LambdaFunction, "invoke"),
        (LambdaFunction, "get_code"),
        (responses, "sys"),
        (LambdaFunction, "update_function_code"),
        (LayerVersion, "get_layer_version"),
        (S3Response, "put_object"),
        (FakeBucket, "get_permission"),
    ):
        patch.setattr(changed, name, getattr(changed, name))
    moto_patches.apply(Access(url=server.url))
