"""An app with events of each kind, on its way from layer to image and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import image_stage
from tests.image_stage import Place
from tests.project import Project

OLD, NEW = "shuking-prod", "shuking-prod-image"
APP = """
import six
from chalice import Chalice, Rate

app = Chalice(app_name="shuking")


@app.route("/")
def index():
    return {"six": six.__version__}


@app.on_sqs_message(queue="jobs")
def jobs(event):
    pass


@app.on_sns_message(topic="news")
def news(event):
    pass


@app.on_s3_event(bucket="shuking-in", prefix="in/")
def files(event):
    pass


@app.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event):
    pass


@app.lambda_function()
def worker(event, context):
    pass
"""
RESERVED = 500  # of the 900 that an account can reserve: two functions cannot have it at once
KINDS = {"image": "Image", "layer": "Zip"}
RESOURCES = ("", "-files", "-hourly", "-jobs", "-news", "-worker")


def make_sources(place: Place) -> None:
    """What the events come from, which Chalice expects to be there."""
    place.emulator.aws("sqs").create_queue(QueueName="jobs")
    place.emulator.aws("sns").create_topic(Name="news")
    location: Any = {"LocationConstraint": "ap-northeast-2"}
    place.emulator.aws("s3").create_bucket(Bucket="shuking-in", CreateBucketConfiguration=location)


def set_package(project: Project, kind: str) -> None:
    lines = [
        x for x in project.read("pyproject.toml").splitlines() if not x.startswith("package =")
    ]
    lines.insert(lines.index("[tool.lambda-layer]") + 1, f'package = "{kind}"')
    project.write("pyproject.toml", "\n".join([*lines, ""]))


def look(place: Place) -> dict[str, Any]:
    """What leads to which function."""
    lambdas, aws = place.emulator.aws("lambda"), place.emulator.aws
    functions = {
        each["FunctionName"]: each["PackageType"] for each in lambdas.list_functions()["Functions"]
    }
    mappings = lambdas.list_event_source_mappings()["EventSourceMappings"]
    topics = aws("sns").list_subscriptions()["Subscriptions"]
    bucket = aws("s3").get_bucket_notification_configuration(Bucket="shuking-in")
    notified = bucket.get("LambdaFunctionConfigurations", [])
    rules = aws("events").list_rules()["Rules"]
    targets = [
        x["Arn"]
        for each in rules
        for x in aws("events").list_targets_by_rule(Rule=each["Name"])["Targets"]
    ]
    apis = aws("apigateway").get_rest_apis()["items"]
    uris = [uri for api in apis for uri in uris_of(aws("apigateway"), api["id"])]
    concurrency = {x: lambdas.get_function_concurrency(FunctionName=x) for x in functions}
    return {
        "functions": functions,
        "reserved": {
            x: found["ReservedConcurrentExecutions"]
            for x, found in concurrency.items()
            if "ReservedConcurrentExecutions" in found
        },
        "queues": [name(each["FunctionArn"]) for each in mappings],
        "topics": [name(each["Endpoint"]) for each in topics],
        "buckets": [name(each["LambdaFunctionArn"]) for each in notified],
        "rules": [name(each) for each in targets],
        "apis": [each["id"] for each in apis],
        "routes": uris,
    }  # fmt: skip


def uris_of(client: Any, api: str) -> list[str]:
    found = client.get_resources(restApiId=api, embed=["methods"])["items"]
    methods = [x for each in found for x in each.get("resourceMethods", {}).values()]
    return [x["methodIntegration"]["uri"].split("function:")[1].split("/")[0] for x in methods]


def name(arn: str) -> str:
    return arn.rpartition(":")[2]


def leads_to(seen: dict[str, Any], end: str) -> bool:
    """Everything, and once."""
    return bool(
        seen["queues"] == [f"{OLD}-jobs{end}"]
        and seen["topics"] == [f"{OLD}-news{end}"]
        and seen["buckets"] == [f"{OLD}-files{end}"]
        and seen["rules"] == [f"{OLD}-hourly{end}"]
        and {*seen["routes"]} == {f"{OLD}{end}"}
    )


@dataclass
class ConvertedStage:
    """One that each case converts once more. `kind`: what it is now."""

    place: Place
    project: Project
    kind: str = "layer"

    @property
    def end(self) -> str:
        return "" if self.kind == "layer" else "-image"

    def turn(self) -> None:
        self.kind = "image" if self.kind == "layer" else "layer"
        set_package(self.project, self.kind)

    def run(self, *words: str) -> str:
        done = self.project.doit(*words, "stage=prod")
        assert done.code == 0, done.output
        return done.output

    def check(self) -> None:
        """All leads to functions of the kind that was wanted, once; nothing is left to do."""
        seen = look(self.place)
        assert leads_to(seen, self.end), seen
        kinds = {seen["functions"][f"{OLD}{each}{self.end}"] for each in RESOURCES}
        assert kinds == {KINDS[self.kind]}
        assert len(seen["apis"]) == 1
        assert seen["reserved"] == {f"{OLD}{self.end}": RESERVED}
        assert self.project.doit("status", "check=1", "stage=prod").code == 0


@contextmanager
def deployed(folder: Path) -> Iterator[ConvertedStage]:
    """As a layer, from an app with events of each kind."""
    with image_stage.serving(folder) as place:
        found = ConvertedStage(place=place, project=place.checkout("project"))
        make_sources(place)
        found.project.write("app.py", APP)
        text = found.project.read("pyproject.toml") + "lock-wait = 90\n"
        found.project.write("pyproject.toml", text)
        set_package(found.project, "layer")
        found.run("deploy")
        place.emulator.aws("lambda").put_function_concurrency(
            FunctionName=OLD, ReservedConcurrentExecutions=RESERVED
        )
        yield found
