"""tasks/release/images/conversion.py, renaming.py, left_behind.py: what follows a function."""

from typing import Any

import pytest

from tasks.chalice_project.child import function_names
from tasks.release.images import conversion, left_behind, permissions, renaming

ZIP: dict[str, Any] = {
    "FunctionName": "shop-prod", "Handler": "app.app", "Runtime": "python3.12", "Role": "role",
    "Timeout": 60, "MemorySize": 128, "Layers": [{"Arn": "x"}], "EphemeralStorage": {"Size": 1024},
    "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/shop-prod"},
    "VpcConfig": {"SubnetIds": ["s"], "SecurityGroupIds": ["g"], "VpcId": "v"}, "Description": "",
    "Environment": {"Variables": {"A": "1"}}, "TracingConfig": {"Mode": "Active"},
}  # fmt: skip


def test_a_new_function_is_configured_as_the_old_one() -> None:
    """What is of zips alone, and what AWS adds, is left out."""
    assert renaming._wishes(ZIP) == {
        "Role": "role", "Timeout": 60, "MemorySize": 128, "EphemeralStorage": {"Size": 1024},
        "LoggingConfig": {"LogFormat": "JSON"}, "TracingConfig": {"Mode": "Active"},
        "VpcConfig": {"SubnetIds": ["s"], "SecurityGroupIds": ["g"]},
        "Environment": {"Variables": {"A": "1"}},
    }  # fmt: skip


@pytest.mark.parametrize(("group", "follows"), [("/aws/lambda/shop-prod", False), ("ours", True)])
def test_a_log_group_that_people_chose_follows(group: str, follows: bool) -> None:
    """AWS's own has the function's name, and the new function has another."""
    configured = ZIP | {"LoggingConfig": {"LogFormat": "Text", "LogGroup": group}}
    assert ("LogGroup" in conversion.set_beside(configured)["LoggingConfig"]) == follows


def test_the_handler_of_an_image_is_its_command() -> None:
    image = {"ImageConfigResponse": {"ImageConfig": {"Command": ["app.jobs"]}}}
    assert renaming.handler(image) == "app.jobs"
    assert renaming.handler(ZIP) == "app.app"


@pytest.mark.parametrize(
    ("functions", "end"),
    [
        ({"api_handler": "shop-prod", "jobs": "shop-prod-jobs"}, ""),
        ({"api_handler": "shop-prod-image", "jobs": "shop-prod-jobs-image"}, "-image"),
        ({"jobs": "shop-prod-jobs-layer"}, "-layer"),
        ({"api_handler": "shop-prod", "image": "shop-prod-image"}, ""),  # it is called so
        ({"api_handler": "other-prod-image"}, ""),
        ({}, ""),
    ],
)
def test_the_end_of_names_is_that_of_chalices_state(functions: dict[str, str], end: str) -> None:
    assert function_names.end_of("shop-prod", functions) == end


def statement(who: str, source: str = "") -> dict[str, Any]:
    where = {"ArnLike": {"AWS:SourceArn": source}} if source else {}
    return {"Sid": "x", "Principal": {"Service": who}, "Action": "a", "Condition": where}


STATE = {
    "resources": [
        {"resource_type": "rest_api", "name": "rest_api", "rest_api_id": "abc123"},
        {"resource_type": "sns_event", "name": "n", "topic_arn": "arn:aws:sns:r:1:news"},
        {"resource_type": "s3_event", "name": "f", "bucket": "in"},
        {"resource_type": "cloudwatch_event", "name": "h", "rule_name": "shop-prod-hourly"},
    ]
}


@pytest.mark.parametrize(
    ("who", "source", "led"),
    [
        ("apigateway.amazonaws.com", "arn:aws:execute-api:r:1:abc123/*", True),
        ("apigateway.amazonaws.com", "arn:aws:execute-api:r:1:other/*", False),
        ("sns.amazonaws.com", "arn:aws:sns:r:1:news", True),
        ("sns.amazonaws.com", "arn:aws:sns:r:1:news-too", False),
        ("s3.amazonaws.com", "arn:aws:s3:::in", True),
        ("s3.amazonaws.com", "arn:aws:s3:::in-too", False),
        ("events.amazonaws.com", "arn:aws:events:r:1:rule/shop-prod-hourly", True),
        ("events.amazonaws.com", "arn:aws:events:r:1:rule/nightly", False),
        ("logs.amazonaws.com", "arn:aws:logs:r:1:log-group:x", False),
        ("123456789012", "", False),
    ],
)
def test_what_chalice_made_is_led_and_the_rest_is_named(who: str, source: str, led: bool) -> None:
    found = statement(who, source)
    assert left_behind._is_led(who, permissions.source(found), STATE) == led


def test_a_permission_is_given_as_it_was() -> None:
    """Its conditions as AddPermission takes them, however AWS spells their names."""
    found = {
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "1", "aws:PrincipalOrgID": "o-1"},
            "ArnLike": {"aws:SourceArn": "arn"},
        }
    }
    assert dict(permissions._conditions(found)) == {
        "SourceAccount": "1", "PrincipalOrgID": "o-1", "SourceArn": "arn",
    }  # fmt: skip


def test_an_alarm_of_several_metrics_is_seen() -> None:
    metric = {"Dimensions": [{"Name": "FunctionName", "Value": "shop-prod"}]}
    assert left_behind._watched({"Metrics": [{"MetricStat": {"Metric": metric}}, {}]}) == {
        "shop-prod"
    }
