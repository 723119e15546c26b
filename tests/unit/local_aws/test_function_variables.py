"""tasks/local_aws/function_variables.py: a function's environment in the emulator."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.local_aws import function_variables
from tasks.local_aws.function_variables import variables
from tasks.local_aws.services import image_registry
from tasks.settings import paths
from tasks.settings.local_access import Access
from tasks.util import files

ACCESS = Access(url="http://127.0.0.1:7", key="LKIA", secret="s")  # noqa: S106


def given(package_type: str = "Zip", **of_function: str) -> dict[str, str]:
    function = SimpleNamespace(
        environment_vars=of_function, region="eu-west-1", handler="app.app",
        function_name="shuking-local", memory_size=128, version="$LATEST",
        package_type=package_type, code={"ImageUri": "r/shuking@sha256:m"},
        image_config=SimpleNamespace(cmd=["app.app"]),
    )  # fmt: skip
    return variables(function, ACCESS)


def test_its_own_reach_it() -> None:
    """Also those that would steer a process of ours, as in Lambda."""
    own = {
        "TABLE": "t", "AWS_PROFILE": "p", "AWS_CONFIG_FILE": "/c", "LD_PRELOAD": "l",
        "PYTHONPATH": "y", "HOME": "/tmp", "HTTP_PROXY": "http://proxy",  # noqa: S108 - no folder is made
    }  # fmt: skip
    assert own.items() <= given(**own).items()


def test_the_sdk_finds_the_embedded_aws_whatever_they_say() -> None:
    """Addresses of services, and what cannot be combined with an address."""
    said = {
        "AWS_ENDPOINT_URL": "http://else", "AWS_ENDPOINT_URL_S3": "http://else",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_CSM_ENABLED": "true", "NO_PROXY": "intranet",
    }  # fmt: skip
    found = given(**said)
    assert found["AWS_ENDPOINT_URL"] == ACCESS.url
    assert found["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "false"
    assert "else" not in "".join(found.values())
    assert {"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"}.isdisjoint(found)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("LKIA", "s")
    assert found["NO_PROXY"] == found["no_proxy"] == "intranet,127.0.0.1"
    assert found["AWS_EC2_METADATA_DISABLED"] == "true"


def test_what_lambda_sets_is_lambdas() -> None:
    """Its names are reserved; HOME is none of them."""
    found = given()
    assert (found["AWS_REGION"], found["_HANDLER"]) == ("eu-west-1", "app.app")
    assert "HOME" not in found


def test_an_image_brings_variables_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ENV` of a Dockerfile, as in Lambda: the function's own come after them, and neither leads
    away from the emulator."""
    config = tmp_path / "config"
    env = [
        "NLTK_DATA=/usr/share/nltk",
        "MODE=image",
        "AWS_ENDPOINT_URL=http://else",
        "TZ=Asia/Seoul",
    ]
    config.write_text(json.dumps({"config": {"Env": env}}))
    told = {"config": {"digest": "sha256:c"}}
    monkeypatch.setattr(image_registry, "manifest_of", lambda uri, region: told)
    monkeypatch.setattr(image_registry, "blob", lambda digest: config)
    found = given("Image", MODE="function")
    assert (found["NLTK_DATA"], found["MODE"]) == ("/usr/share/nltk", "function")
    assert found["TZ"] == "Asia/Seoul"
    assert found["AWS_ENDPOINT_URL"] == ACCESS.url


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"PackageType": "Image"}, "needs ImageConfig.Command: its handler"),
        ({"Code": {"ImageUri": "x"}}, "needs ImageConfig.Command: its handler"),
        ({"Runtime": "nodejs20.x"}, "Python alone"),
        ({"Runtime": "python3"}, "Python alone"),
        ({"Environment": {"Variables": {"": "x"}}}, "'' is no name"),
        ({"Environment": {"Variables": {"A=B": "x"}}}, "'A=B' is no name"),
        ({"Environment": {"Variables": {"A\0": "x"}}}, "is no name"),
        ({"Environment": {"Variables": {"A\ud800": "x"}}}, "is no name"),
        ({"Environment": {"Variables": {"AA": "\ud800"}}}, "AA holds half a character"),
        ({"Environment": {"Variables": {"AA": "\0"}}}, "AA holds a NUL"),
    ],
)
def test_no_function_is_made_that_cannot_run(
    wishes: dict[str, Any], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words that can be sent."""
    monkeypatch.chdir(tmp_path)  # where nothing runs yet
    found = function_variables.refusal(wishes)
    assert why in found
    assert found.isascii()


@pytest.mark.parametrize(
    "wishes",
    [
        {}, {"Runtime": "python3.13", "Code": {"ZipFile": "x"}}, {"Environment": None},
        {"Environment": {"Variables": {"A": "é"}}}, {"Environment": {}},
    ],
)  # fmt: skip
def test_others_are(wishes: dict[str, Any]) -> None:
    assert function_variables.refusal(wishes) == ""


def test_an_image_needs_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before the function is there; with one it is made."""
    monkeypatch.chdir(tmp_path)
    wishes = {"PackageType": "Image", "ImageConfig": {"Command": ["app.app"]}}
    assert function_variables.refusal(wishes) == ""
    files.write_record(paths.LOCAL_RUNTIME, {"builder": "host"})
    assert "runs a function that is an image in a container" in function_variables.refusal(wishes)
