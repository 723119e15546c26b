"""tasks/local_aws/services/image_registry.py: ECR's registry beside moto's API, and functions of
its images."""

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from moto import mock_aws

from tasks.local_aws import guard, image_functions
from tasks.local_aws.services import image_registry
from tasks.settings.local_access import Access

REGION, ACCESS = "eu-west-1", Access(url="http://127.0.0.1:7", key="LKIA", secret="s")  # noqa: S106
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(autouse=True)
def ecr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty registry with one repository, `team/shop`."""
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        client = boto3.client("ecr", region_name=REGION)
        client.create_repository(repositoryName="team/shop")
        yield client


def ask(method: str, path: str, body: bytes = b"", query: str = "", **more: str) -> Any:
    """(status, headers, body)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "PATH_INFO": f"/v2/team/shop/{path}", "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **more,
    }  # fmt: skip
    status, headers, content = image_registry.answer(environ, REGION)
    return int(status.split()[0]), dict(headers), b"".join(content)


def send(content: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _, headers, _ = ask("POST", "blobs/uploads/")
    place = headers["Location"].removeprefix("/v2/team/shop/")
    status, _, _ = ask("PUT", place, content, f"digest={digest}")
    assert status == 201
    return digest


def put(tag: str = "i-1", config: bytes = b"{}") -> str:
    told = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": []}
    told["config"] = {"digest": send(config), "size": len(config), "mediaType": "x"}
    status, headers, _ = ask("PUT", f"manifests/{tag}", json.dumps(told).encode())
    assert status == 201
    return str(headers["Docker-Content-Digest"])


def test_a_tag_that_never_moves_is_refused_again(ecr: Any) -> None:
    """As by ECR: also of the same image (containers-roadmap#2380). Where tags move, it is none."""
    digest = put()
    assert put() == digest
    ecr.put_image_tag_mutability(repositoryName="team/shop", imageTagMutability="IMMUTABLE")
    _, _, manifest = ask("GET", f"manifests/{digest}")
    status, _, why = ask("PUT", "manifests/i-1", manifest)
    assert (status, json.loads(why)["errors"][0]["code"]) == (400, "TAG_INVALID")
    assert "cannot be overwritten because the repository is immutable" in str(why)
    assert ask("PUT", "manifests/i-2", manifest)[0] == 201


def login(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"HTTP_AUTHORIZATION": f"Basic {pair}"}


def test_a_blob_is_there_once_it_is_whole() -> None:
    digest = f"sha256:{hashlib.sha256(b'blob').hexdigest()}"
    assert ask("HEAD", f"blobs/{digest}")[0] == 404
    _, headers, _ = ask("POST", "blobs/uploads/")
    place = headers["Location"].removeprefix("/v2/team/shop/")
    status, _, why = ask("PUT", place, b"other", f"digest={digest}")
    assert (status, json.loads(why)["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    assert ask("HEAD", f"blobs/{digest}")[0] == 404
    send(b"blob")
    assert ask("GET", f"blobs/{digest}")[2] == b"blob"
    assert ask("HEAD", f"blobs/{digest}")[1]["Content-Length"] == "4"


def test_a_blob_of_another_repository_is_mounted() -> None:
    digest = send(b"blob")
    assert ask("POST", "blobs/uploads/", query=f"mount={digest}&from=other")[0] == 201
    assert ask("POST", "blobs/uploads/", query=f"mount=sha256:{'0' * 64}&from=other")[0] == 202


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "sha256:/dev/zero", "../server.json", "sha256:../server.json", "", ".",
             "sha256:", f"sha256:{'0' * 64}/../../server.json", f"sha256:{'A' * 64}", 5, None]
)  # fmt: skip
def test_what_is_no_digest_names_no_file(name: Any, ecr: Any, tmp_path: Path) -> None:
    """A function may ask, too: not by the registry, nor by a manifest that the API takes."""
    image_registry.BLOBS.mkdir(parents=True)
    (image_registry.BLOBS.parent / "server.json").write_text("secret")
    query = urlencode({"mount": name, "from": "other"})
    assert ask("POST", "blobs/uploads/", query=query)[0] == 202
    told = {"mediaType": MANIFEST, "layers": [], "config": {"digest": name, "size": 1}}
    status, _, why = ask("PUT", "manifests/i-1", json.dumps(told).encode())
    assert (status, json.loads(why)["errors"][0]["code"]) == (400, "MANIFEST_BLOB_UNKNOWN")
    ecr.put_image(repositoryName="team/shop", imageManifest=json.dumps(told), imageTag="i-2")
    with pytest.raises(FileNotFoundError, match="blobs/none"):
        image_functions._load(f"{name}", told)
    image_registry.sweep()  # at the next start


def test_a_list_of_images_stops_no_start(ecr: Any) -> None:
    """It has neither config nor layers; what it names is kept."""
    digest = send(b"blob")
    told = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{"digest": digest}],
    }
    ecr.put_image(repositoryName="team/shop", imageManifest=json.dumps(told), imageTag="i-1")
    image_registry.sweep()
    assert ask("HEAD", f"blobs/{digest}")[0] == 200


def test_the_api_knows_what_the_registry_has(ecr: Any) -> None:
    digest = put()
    (image,) = ecr.describe_images(repositoryName="team/shop")["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["i-1"])
    assert ask("HEAD", "manifests/i-1")[1]["Docker-Content-Digest"] == digest
    status, headers, body = ask("GET", f"manifests/{digest}")
    assert (status, headers["Content-Type"]) == (200, MANIFEST)
    assert f"sha256:{hashlib.sha256(body).hexdigest()}" == digest
    ecr.batch_delete_image(repositoryName="team/shop", imageIds=[{"imageDigest": digest}])
    assert ask("HEAD", "manifests/i-1")[0] == 404


def test_a_manifest_comes_after_its_blobs_and_keeps_its_tag() -> None:
    told = {"mediaType": MANIFEST, "layers": [], "config": {"digest": f"sha256:{'0' * 64}"}}
    status, _, why = ask("PUT", "manifests/i-1", json.dumps(told).encode())
    assert (status, json.loads(why)["errors"][0]["code"]) == (400, "MANIFEST_BLOB_UNKNOWN")
    put("i-1")
    put("i-1")  # the same again
    told["config"] = {"digest": send(b"{ }")}
    assert ask("PUT", "manifests/i-1", json.dumps(told).encode())[0] == 400


def test_no_repository() -> None:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/v2/nobody/blobs/uploads/", "QUERY_STRING": "",
        "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO(),
    }  # fmt: skip
    status, _, _ = image_registry.answer(environ, REGION)
    assert status == "404 Not Found"
    environ["PATH_INFO"] = "/v2/team/shop/blobs/uploads/"
    assert image_registry.answer(environ, "eu-west-3")[0] == "404 Not Found"  # another region's


def test_only_ecrs_password_opens_it() -> None:
    good = image_registry.password(ACCESS, REGION)
    assert guard.registry_region(login("AWS", good), ACCESS) == REGION
    for wrong in (
        login("AWS", good.replace(REGION, "eu-west-2")), login("me", good), login("AWS", ""), {},
        {"HTTP_AUTHORIZATION": "Basic ä"}, {"HTTP_AUTHORIZATION": "Bearer x"},
    ):  # fmt: skip
        assert guard.registry_region(wrong, ACCESS) == ""


def test_a_new_start_keeps_the_blobs_of_images_alone() -> None:
    config = b'{"kept": 1}'
    put(config=config)
    send(b"of nobody")
    image_registry.sweep()
    kept = [path.read_bytes() for path in image_registry.BLOBS.iterdir()]
    assert kept == [config]


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.awslambda.models import LambdaFunction

    for name in ("_set_function_code", "get_code", "update_configuration"):
        monkeypatch.setattr(LambdaFunction, name, getattr(LambdaFunction, name))
    image_functions.apply()


@pytest.mark.usefixtures("patched")
def test_a_function_is_of_an_image_that_is_there() -> None:
    iam, client = boto3.client("iam"), boto3.client("lambda", region_name=REGION)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    name = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/team/shop"
    wishes: dict[str, Any] = {"FunctionName": "f", "Role": role, "PackageType": "Image"}
    wishes["ImageConfig"] = {"Command": ["app.app"]}
    missing: Any = {"ImageUri": f"{name}@sha256:{'0' * 64}"}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="does not exist"):
        client.create_function(**wishes, Code=missing)
    digest = put()
    made = client.create_function(**wishes, Code={"ImageUri": f"{name}@{digest}"})
    assert made["CodeSha256"] == digest.removeprefix("sha256:")
    code = client.get_function(FunctionName="f")["Code"]
    assert code["ImageUri"] == code["ResolvedImageUri"] == f"{name}@{digest}"
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="packageType Image"):
        client.update_function_code(FunctionName="f", ZipFile=b"x")
    client.update_function_configuration(FunctionName="f", ImageConfig={"Command": ["app.jobs"]})
    told = client.get_function_configuration(FunctionName="f")
    assert told["ImageConfigResponse"]["ImageConfig"]["Command"] == ["app.jobs"]


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/v2/", True), (f"/v2/shop/blobs/sha256:{'0' * 64}", True),
        ("/v2/team/shop/blobs/uploads/", True), ("/v2/shop/manifests/i-1", True),
        ("/v2/apis", False), ("/v2/apis/x1/routes", False), ("/v2/email/identities", False),
    ],
)  # fmt: skip
def test_other_services_have_addresses_there_too(path: str, is_ours: bool) -> None:
    """API Gateway's, for websockets."""
    assert image_registry.is_asked({"PATH_INFO": path}) == is_ours
