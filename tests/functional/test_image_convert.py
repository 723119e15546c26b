"""A live stage with events of each kind, from layer to image and back, by new functions.

Without Docker: its functions are made, and not called. tests/docker/test_image_convert.py calls
them.
"""

import json
from collections.abc import Iterator

import pytest

from tests import image_stage
from tests.converted_stage import (
    APP,
    NEW,
    OLD,
    RESERVED,
    RESOURCES,
    leads_to,
    look,
    make_sources,
    set_package,
)
from tests.image_stage import Place, Story

pytestmark = pytest.mark.long
PLACE = "arn:aws:{}:ap-northeast-2:123456789012:"
OTHERS = {
    "StatementId": "others", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
    "SourceArn": PLACE.format("events") + "rule/nightly",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with image_stage.serving(tmp_path_factory.mktemp("convert")) as made:
        yield made


@pytest.fixture(scope="module")
def story(place: Place) -> Story:
    told = Story(project=place.checkout("project"), stage="prod", look=lambda: look(place))
    tell(told, place)
    return told


def tell(story: Story, place: Place) -> None:
    aws = place.emulator.aws
    make_sources(place)
    story.project.write("app.py", APP)
    set_package(story.project, "layer")
    story.type("layer", "deploy")
    state = story.project.read(".chalice/deployed/prod.json")
    beside(place)
    set_package(story.project, "image")
    aws("lambda").create_alias(FunctionName=OLD, Name="live", FunctionVersion="$LATEST")
    story.type("alias", "convert", code=1)
    aws("lambda").delete_alias(FunctionName=OLD, Name="live")
    story.type("plan", "plan", code=1)
    story.type("early", "convert", "finish=1", code=1)
    story.type("converted", "convert")
    story.type("again", "deploy")
    story.type("status", "status", "check=1")
    story.type("undo", "undo", code=1)
    story.project.write("app.py", APP + "\n# a line\n")
    story.type("line", "deploy")
    set_package(story.project, "layer")
    story.type("back", "convert")
    story.type("layer-again", "deploy")
    set_package(story.project, "image")
    story.type("forth", "convert")
    (news,) = aws("sns").list_subscriptions()["Subscriptions"]
    of_topic = aws("sns").get_subscription_attributes(SubscriptionArn=news["SubscriptionArn"])
    story.seen["filtered"] = of_topic["Attributes"]
    story.type("finish", "convert", "finish=1")
    story.type("finished", "convert", "finish=1", code=1)
    late = place.checkout("late")  # of before all that
    late.write("app.py", APP + "\n# late\n")
    late.write(".chalice/deployed/prod.json", state)
    story.project = late
    story.type("late", "deploy")
    fresh = place.checkout("clone")
    fresh.write("app.py", APP + "\n# another\n")
    story.project = fresh
    story.type("clone", "deploy")


FILTERED = {
    "FilterPolicy": '{"kind": ["order"]}', "FilterPolicyScope": "MessageBody",
    "RedrivePolicy": f'{{"deadLetterTargetArn": "{PLACE.format("sqs")}jobs"}}',
}  # fmt: skip


def beside(place: Place) -> None:
    """What people set that Chalice does not know."""
    aws = place.emulator.aws
    aws("lambda").add_permission(FunctionName=OLD, **OTHERS)
    aws("lambda").put_function_concurrency(FunctionName=OLD, ReservedConcurrentExecutions=RESERVED)
    (news,) = aws("sns").list_subscriptions()["Subscriptions"]
    for name, value in FILTERED.items():
        aws("sns").set_subscription_attributes(
            SubscriptionArn=news["SubscriptionArn"], AttributeName=name, AttributeValue=value
        )
    aws("lambda").update_function_configuration(FunctionName=OLD, Description="ours")
    aws("lambda").put_function_event_invoke_config(FunctionName=OLD, MaximumRetryAttempts=1)
    aws("cloudwatch").put_metric_alarm(
        AlarmName="errors", Namespace="AWS/Lambda", MetricName="Errors", Period=60, Threshold=1,
        Statistic="Sum", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "FunctionName", "Value": OLD}],
    )  # fmt: skip
    group = f"/aws/lambda/{OLD}"
    if not aws("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        aws("logs").create_log_group(logGroupName=group)
    aws("logs").put_metric_filter(
        logGroupName=group, filterName="slow", filterPattern="slow",
        metricTransformations=[{"metricName": "s", "metricNamespace": "n", "metricValue": "1"}],
    )  # fmt: skip


def test_everything_leads_to_the_new_functions(story: Story) -> None:
    """The same API, one queue, topic, bucket and rule each, none twice."""
    seen, before = story.seen["converted"], story.seen["layer"]
    assert leads_to(before, "")
    assert leads_to(seen, "-image")
    assert seen["apis"] == before["apis"]
    assert {seen["functions"][f"{OLD}{each}-image"] for each in RESOURCES} == {"Image"}
    assert {seen["functions"][f"{OLD}{each}"] for each in RESOURCES} == {"Zip"}


def test_nothing_is_changed_before_it_can_be_done(story: Story) -> None:
    assert f"function {OLD} has the aliases live" in story.runs["alias"].output
    assert story.runs["alias"].steps == ["convert:check"]
    assert "AWS never changes that of a function" in story.runs["plan"].output
    assert "has no functions of before a conversion" in story.runs["early"].output


def test_what_stays_behind_is_listed_by_name(story: Story) -> None:
    said = story.runs["converted"].output
    assert f"stays behind: log group /aws/lambda/{OLD} keeps what was logged" in said
    assert f"stays behind: filter slow of log group /aws/lambda/{OLD}" in said
    assert f"stays behind: alarm errors watches function {OLD}" in said
    rule = "events.amazonaws.com (arn:aws:events:ap-northeast-2:123456789012:rule/nightly)"
    assert f"stays behind: {rule} calls function {OLD}: lead it to {NEW}" in said
    assert f"{OLD}-worker → {OLD}-worker-image" in said
    assert said.count(" calls function ") == 1  # what Chalice made is led


def test_what_people_set_follows(story: Story, place: Place) -> None:
    lambdas = place.emulator.aws("lambda")
    found = lambdas.get_function(FunctionName=NEW)
    assert found["Configuration"]["Description"] == "ours"
    assert lambdas.get_function_event_invoke_config(FunctionName=NEW)["MaximumRetryAttempts"] == 1
    policy = json.loads(lambdas.get_policy(FunctionName=NEW)["Policy"])
    assert "others" in [each["Sid"] for each in policy["Statement"]]
    assert story.seen["converted"]["reserved"] == {NEW: RESERVED}


def test_a_topics_filters_follow(story: Story) -> None:
    """Through three conversions. Without them the function would get every message."""
    assert FILTERED.items() <= story.seen["filtered"].items()


def test_the_stage_goes_on_with_the_new_names(story: Story) -> None:
    assert story.runs["again"].steps == ["preflight", "lookup", "smoke"]
    assert "all agree: nothing to do" in story.runs["status"].output
    assert "stay from before a conversion: ./doitw convert finish=1" in story.runs["status"].output
    for each in ("line", "clone"):
        assert leads_to(story.seen[each], "-image")
        assert story.seen[each]["apis"] == story.seen["layer"]["apis"]
    assert len(story.seen["line"]["functions"]) == 2 * len(RESOURCES)


def test_a_conversion_goes_back_by_another(story: Story) -> None:
    assert 'package = "layer" and ./doitw convert stage=prod' in story.runs["undo"].output
    assert leads_to(story.seen["back"], "")
    assert story.seen["back"]["functions"] == story.seen["converted"]["functions"]
    assert story.runs["layer-again"].steps == ["preflight", "lookup", "smoke"]
    assert leads_to(story.seen["forth"], "-image")


def test_a_checkout_of_before_the_conversion_does_not_bring_the_old_ones_back(story: Story) -> None:
    """The same API, one mapping of the queue, no function of an old name."""
    seen, before = story.seen["late"], story.seen["finish"]
    assert "another checkout gave the stage other functions" in story.runs["late"].output
    assert leads_to(seen, "-image")
    assert (seen["apis"], seen["functions"]) == (before["apis"], before["functions"])


def test_the_old_functions_go_once_that_is_said(story: Story) -> None:
    seen = story.seen["finish"]
    assert sorted(seen["functions"]) == sorted(f"{OLD}{each}-image" for each in RESOURCES)
    assert leads_to(seen, "-image")
    assert "has no functions of before a conversion" in story.runs["finished"].output
