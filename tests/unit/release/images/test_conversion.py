"""tasks/release/images/conversion.py, renaming.py, left_behind.py: what follows a function."""

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.aws import lambda_functions
from tasks.chalice_project.child import function_names
from tasks.release.images import conversion, left_behind, permissions, renaming
from tasks.release.undo import restore
from tasks.util.errors import InputError

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


def test_a_function_keeps_its_ipv6() -> None:
    """Beside Chalice's subnets; those of a function that keeps its name are Chalice's to say."""
    dual = ZIP | {"VpcConfig": {**ZIP["VpcConfig"], "Ipv6AllowedForDualStack": True}}
    assert renaming._wishes(dual)["VpcConfig"] == {
        "SubnetIds": ["s"], "SecurityGroupIds": ["g"], "Ipv6AllowedForDualStack": True,
    }  # fmt: skip
    assert conversion.set_beside(dual)["VpcConfig"] == {"Ipv6AllowedForDualStack": True}
    assert "VpcConfig" not in conversion.set_beside(ZIP)
    assert restore._now(dual)["VpcConfig"]["Ipv6AllowedForDualStack"] is True


# As the console, SAM and CDK write them, and as AddPermission does.
URL = {
    "Sid": "FunctionURLInvokeAllowPublicAccess", "Effect": "Allow", "Principal": "*",
    "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:r:1:function:shop-prod",
    "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
}  # fmt: skip


class Lambda:
    """`given`: what AddPermission was told."""

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []

    def add_permission(self, **told: Any) -> None:
        self.given.append(told)


def given(monkeypatch: pytest.MonkeyPatch, statement: dict[str, Any]) -> list[dict[str, Any]]:
    client = Lambda()
    aws: Any = SimpleNamespace(client=lambda name: client)
    monkeypatch.setattr(permissions, "statements", lambda aws, name: [])
    permissions.allow(aws, "shop-prod-image", [statement])
    return client.given


def test_who_may_call_through_a_url_may_not_call_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Since October 2025 a function URL comes with two statements; the second names everybody."""
    (told,) = given(monkeypatch, URL)
    assert (told["Principal"], told["InvokedViaFunctionUrl"]) == ("*", True)


@pytest.mark.parametrize(
    "statement",
    [
        {**URL, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "shop"}}},
        {**URL, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {**URL, "Condition": {"StringNotEquals": {"aws:SourceAccount": "1"}}},
        {**URL, "Condition": {"StringEquals": {"aws:SourceAccount": ["1", "2"]}}},
        {**URL, "Effect": "Deny"},
        {**URL, "Principal": {"AWS": ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]}},
        {**URL, "Principal": {"AWS": "AROAEXAMPLEEXAMPLE12"}},
        {**URL, "Action": ["lambda:InvokeFunction", "lambda:GetFunction"]},
    ],
)
def test_what_addpermission_cannot_say_is_not_given(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], statement: dict[str, Any]
) -> None:
    """Without its condition it would let everybody in. `check` refuses before that."""
    assert given(monkeypatch, statement) == []
    assert "is not given" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"ArnLike": {"AWS:SourceArn": "arn:x"}}, {"SourceArn": "arn:x"}),
        ({"StringEquals": {"AWS:SourceAccount": "1"}, "ArnLike": {"AWS:SourceArn": "arn:x"}},
         {"SourceArn": "arn:x", "SourceAccount": "1"}),
        ({"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}, {"FunctionUrlAuthType": "NONE"}),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {"PrincipalOrgID": "o-1"}),
        ({"Bool": {"lambda:InvokedViaFunctionUrl": "false"}}, {"InvokedViaFunctionUrl": False}),
        ({}, {}),
    ],
)  # fmt: skip
def test_a_condition_follows_the_function(
    monkeypatch: pytest.MonkeyPatch, condition: dict[str, Any], told: dict[str, Any]
) -> None:
    (found,) = given(monkeypatch, {**URL, "Condition": condition})
    assert {key: found[key] for key in found.keys() & permissions.NAMES.values()} == told


def test_a_conversion_refuses_what_it_could_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is built."""
    statement = {**URL, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    client = SimpleNamespace(
        list_aliases=lambda **of: {"Aliases": []}, get_function_url_config=lambda **of: {}
    )
    aws: Any = SimpleNamespace(client=lambda name: client)
    monkeypatch.setattr(permissions, "statements", lambda aws, name: [statement])
    with pytest.raises(InputError, match="aws:SourceIp"):
        conversion.refuse_unkept(aws, ["shop-prod"])
    monkeypatch.setattr(permissions, "statements", lambda aws, name: [URL])
    conversion.refuse_unkept(aws, ["shop-prod"])


@pytest.mark.parametrize("in_vpc", [True, False])
def test_ipv6_and_a_loop_come_back_after_chalices_deploy(
    monkeypatch: pytest.MonkeyPatch, in_vpc: bool
) -> None:
    """With the subnets that Chalice has given the function now. Outside of a VPC there is none."""
    told: list[dict[str, Any]] = []
    client = SimpleNamespace(
        update_function_configuration=lambda **of: told.append(of),
        put_function_recursion_config=lambda **of: told.append(of),
        get_waiter=lambda name: SimpleNamespace(wait=lambda **of: None),
    )
    aws: Any = SimpleNamespace(client=lambda name: client)
    monkeypatch.setattr(lambda_functions, "recursive", lambda aws, name: "Terminate")
    kept = conversion.Kept(settings={"VpcConfig": {conversion.IPV6: True}}, recursive="Allow")
    conversion._set_again(aws, "shop", ZIP if in_vpc else {}, kept)
    network = {"SubnetIds": ["s"], "SecurityGroupIds": ["g"], conversion.IPV6: True}
    wanted: list[dict[str, Any]] = [{"FunctionName": "shop", "VpcConfig": network}] * in_vpc
    assert told == [*wanted, {"FunctionName": "shop", "RecursiveLoop": "Allow"}]


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
