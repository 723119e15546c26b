"""The repository in ECR, and the numbers of images, at moto over HTTP."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.image import ecr
from tasks.image.assemble import Base
from tasks.release.images import package_type, releases
from tasks.release.images import pin as image_pin
from tasks.release.images.parts import ImageParts, note, read, repository
from tasks.release.images.releases import ImageRelease
from tasks.settings import paths
from tasks.steps import preflight
from tasks.util import files
from tasks.util.errors import AwsError, InputError
from tests.moto_server import Refusal, Request, Server

PARTS = ImageParts(
    input="1" * 64, base=Base(reference="b", digest="", config={}, layers=()), own=(),
    versions={"six": "1.17.0"}, modules=["six"], packages={"six": 9}, unzipped=9,
)  # fmt: skip


@pytest.fixture
def images(aws: Aws) -> Aws:
    """Stage prod, of images."""
    made = Aws(replace(aws.settings, package="image"), aws.environ)
    s3.ensure_bucket(made)
    return made


def facts(digest: str) -> dict[str, Any]:
    return {"digest": f"sha256:{digest * 64}", "uri": f"x@sha256:{digest * 64}", "unpacked": 5}


def policy(aws: Aws) -> list[Any]:
    text = aws.client("ecr").get_repository_policy(repositoryName="shuking")["policyText"]
    return list(json.loads(text)["Statement"])


def denied(operation: str) -> Any:
    def refuse(request: Request) -> Refusal | None:
        if request.headers.get("x-amz-target", "").endswith(f".{operation}"):
            return Refusal(status=400, code="AccessDeniedException", message="not authorized")
        return None

    return refuse


def test_a_repository_is_made_once_with_tags_that_never_move(images: Aws) -> None:
    first = ecr.open_repository(images, "shuking")
    assert ecr.open_repository(images, "shuking").uri == first.uri
    (made,) = images.client("ecr").describe_repositories()["repositories"]
    assert made["imageTagMutability"] == "IMMUTABLE"
    (statement,) = policy(images)
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_a_repository_whose_answer_was_lost_is_there(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for before it was made, and made then: as after an answer that was lost."""
    images.client("ecr").create_repository(repositoryName="shuking")
    found, looks = ecr.find_repository, iter([None])
    monkeypatch.setattr(ecr, "find_repository", lambda *of: next(looks, found(*of)))
    assert ecr.open_repository(images, "shuking").name == "shuking"


def test_the_policys_other_statements_stay(images: Aws) -> None:
    client = images.client("ecr")
    client.create_repository(repositoryName="shuking")
    own = {"Sid": "own", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    text = json.dumps({"Version": "2012-10-17", "Statement": own})
    client.set_repository_policy(repositoryName="shuking", policyText=text)
    ecr.open_repository(images, "shuking")
    assert [each["Sid"] for each in policy(images)] == ["own", ecr.SID]


def test_rules_of_others_are_warned_of(images: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    ecr.open_repository(images, "shuking")
    rule = {
        "rulePriority": 1, "action": {"type": "expire"},
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
    }  # fmt: skip
    images.client("ecr").put_lifecycle_policy(
        repositoryName="shuking", lifecyclePolicyText=json.dumps({"rules": [rule]})
    )
    ecr.open_repository(images, "shuking")
    assert "warning: repository shuking has lifecycle rules" in capfd.readouterr().out


@pytest.mark.parametrize("operation", ["DescribeRepositories", "CreateRepository"])
def test_no_repository_and_no_right_to_make_one(
    images: Aws, server: Server, operation: str
) -> None:
    server.refused = denied(operation)
    with pytest.raises(AwsError, match="repository shuking: no permission") as error:
        ecr.open_repository(images, "shuking")
    assert f"allow ecr:{operation} to this identity" in error.value.fix


def test_a_repository_of_another_region_is_refused(images: Aws) -> None:
    found = {"repositoryUri": "1.dkr.ecr.eu-west-1.amazonaws.com/shuking"}
    with pytest.raises(InputError, match="is not in ap-northeast-2"):
        ecr._check_place(images.settings, found)


@pytest.mark.parametrize("region", ["eu-west-1", "ap-northeast-2"])
def test_an_address_is_no_repository(images: Aws, region: str) -> None:
    """Of another region, which Lambda takes no image of; and of this one."""
    address = f"111122223333.dkr.ecr.{region}.amazonaws.com/team/shop"
    settings = replace(images.settings, repository=address)
    with pytest.raises(InputError, match=f"an address in {region}, account 1111") as error:
        package_type.check_here(settings)
    assert 'write repository = "team/shop"' in error.value.fix


@pytest.mark.parametrize("path", ["/var/task/lib", "/var/task/lib:/opt/python"])
def test_a_pythonpath_among_the_variables_is_refused(images: Aws, path: str) -> None:
    """It changes the order in which the image's packages are found."""
    config = {"environment_variables": {"PYTHONPATH": path}, "stages": {"prod": {}}}
    files.write_atomic(paths.CHALICE_CONFIG, json.dumps(config).encode())
    with pytest.raises(InputError, match="PYTHONPATH"):
        preflight.check_variables(images.settings)


def test_who_only_looks_makes_none(images: Aws) -> None:
    assert ecr.look_at_repository(images, "shuking") is None
    assert images.client("ecr").describe_repositories()["repositories"] == []


def test_images_are_numbered_in_order_and_once(images: Aws) -> None:
    numbers = [releases.note(images, PARTS, **facts(each)).number for each in "abab"]
    assert numbers == [1, 2, 1, 2]
    assert [each.number for each in releases.releases(images)] == [2, 1]
    assert releases.by_number(images, 2).digest == f"sha256:{'b' * 64}"
    with pytest.raises(InputError, match=r"has no image 7\. There are: 2, 1"):
        releases.by_number(images, 7)


def test_a_number_that_another_stage_takes_is_not_given_twice(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stages push to one repository at the same moment."""
    releases.note(images, PARTS, **facts("a"))
    nothing: list[ImageRelease] = []
    monkeypatch.setattr(releases, "releases", lambda aws: nothing)
    monkeypatch.setattr(releases, "numbers", lambda aws: [])
    assert releases.note(images, PARTS, **facts("b")).number == 2


def test_parts_are_found_by_their_inputs(images: Aws) -> None:
    assert read(images, PARTS.input) is None
    note(images, PARTS, "sha256:1")
    assert read(images, PARTS.input) == replace(PARTS, image="sha256:1")
    key = f"images/{repository(images.settings)}/inputs/{PARTS.input}"
    s3.put_bytes(images, key, b'{"own": 1}')
    assert read(images, PARTS.input) is None


def test_a_pin_holds_until_a_person_changes_something(images: Aws) -> None:
    release = releases.note(images, PARTS, **facts("a"))
    made = image_pin.make(images, release, "six is slow")
    assert image_pin.holding(images) == made
    assert "rolled back to image 1 by" in str(made)
    files.write_atomic(paths.FUNCTION_REQUIREMENTS, b"idna\n")  # part of the app
    assert image_pin.holding(images) is None
    assert image_pin.read(images) == made
    image_pin.lift(images, made, "deployed")
    assert image_pin.read(images) is None


def test_other_layers_beside_an_image_are_refused(images: Aws) -> None:
    other = "arn:aws:lambda:ap-northeast-2:123456789012:layer:other:1"
    config = {"app_name": "shuking", "stages": {"prod": {"layers": [other]}}}
    files.write_atomic(paths.CHALICE_CONFIG, json.dumps(config).encode())
    with pytest.raises(InputError, match=f"has no layers, but .* has {other} for stage prod"):
        package_type.check_here(images.settings)
    ours = other.replace("other", "deps")
    config["stages"] = {"prod": {"layers": [ours]}}
    files.write_atomic(paths.CHALICE_CONFIG, json.dumps(config).encode())
    package_type.check_here(images.settings)
