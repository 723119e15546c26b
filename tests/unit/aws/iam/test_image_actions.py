"""tasks/aws/iam/image_actions.py: what a stage of images needs."""

import re
from dataclasses import replace

import pytest

from tasks.aws.iam import action_names, policies
from tasks.aws.iam.image_actions import IMAGE_NEEDS, OF_LAYERS, repository_name
from tasks.aws.iam.needed_actions import DEPLOY, GC, NEEDS, STATUS
from tasks.aws.iam.resources import Scope
from tasks.settings.model import Settings
from tests.project import ROOT

SCOPE = Scope(
    settings=Settings(package="image", bucket="b", region="eu-west-1"), account="1", app="Shop"
)


def sids(purpose: str, scope: Scope = SCOPE) -> set[str]:
    return {each["Sid"] for each in policies.policy(purpose, scope)["Statement"]}


def test_an_image_has_no_layers_rights_and_a_layer_no_images() -> None:
    layer = replace(SCOPE, settings=Settings())
    names = {need.sid for need in IMAGE_NEEDS}
    assert {need.sid for need in NEEDS} >= OF_LAYERS
    for purpose in (DEPLOY, GC, STATUS):
        assert not sids(purpose) & OF_LAYERS
        assert not sids(purpose, layer) & names
    assert {"Push", "MakeRepository", "Registry", "Repository", "Images"} <= sids(DEPLOY)


def test_only_gc_deletes_images_and_only_a_deploy_pushes() -> None:
    assert "DeleteImages" not in sids(DEPLOY)
    assert not {"Push", "MakeRepository"} & (sids(GC) | sids(STATUS))


def test_the_repository_is_the_apps_or_the_one_that_is_named() -> None:
    (push,) = [x for x in policies.policy(DEPLOY, SCOPE)["Statement"] if x["Sid"] == "Push"]
    assert push["Resource"] == "arn:aws:ecr:eu-west-1:1:repository/shop"
    named = replace(SCOPE, settings=replace(SCOPE.settings, repository="team/shop"))
    (images,) = [x for x in policies.policy(DEPLOY, named)["Statement"] if x["Sid"] == "Images"]
    assert images["Resource"] == "arn:aws:s3:::b/images/team/shop/*"


@pytest.mark.parametrize(
    ("app", "name"),
    [("Shop", "shop"), ("my_app", "my_app"), ("my--app__2", "my-app_2"), ("-x-", "app-x"),
     ("_shop-", "shop"), ("a", "app-a"), ("__", "app")],
)  # fmt: skip
def test_an_apps_name_becomes_one_that_ecr_takes(app: str, name: str) -> None:
    assert repository_name(Settings(), app) == name
    assert re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", name)


def test_every_call_to_ecr_is_allowed_by_a_statement() -> None:
    """By the operations' names in the source; a registry's requests have none."""
    folders = (ROOT / "tasks" / "image", ROOT / "tasks" / "release" / "images")
    source = "".join(path.read_text("utf-8") for each in folders for path in each.glob("*.py"))
    called = re.findall(
        r'client\("ecr"\)\.(?:get_paginator\(")?(\w+)"?[()]|client\.(\w+_repository\w*)\(', source
    )
    operations = {"".join(x.title() for x in (a or b).split("_")) for a, b in called}
    assert len(operations) == 9
    allowed = {action for need in IMAGE_NEEDS for action in need.actions}
    assert {action_names.action(each) for each in operations} <= allowed
