"""An app with one of each kind that Chalice has, for stage=local, and how its events are sent."""

import json
import time
from typing import Any

from tests.project import CONFIG, Project, small

APP = """
import json

from boto3.session import Session
from chalice import (
    AuthResponse, Blueprint, Chalice, CognitoUserPoolAuthorizer, CORSConfig, Cron,
    CustomAuthorizer, IAMAuthorizer, Rate, Response, WebsocketDisconnectedError,
)

app = Chalice(app_name="kinds")
app.api.binary_types.append("image/png")
app.experimental_feature_flags.update(["WEBSOCKETS"])
app.websocket_api.session = Session()
seen = []
parts = Blueprint(__name__)


def got(**what):
    import six

    print("GOT " + json.dumps({**what, "six": six.__version__}))
    return what


@app.middleware("all")
def count(event, get_response):
    seen.append(type(event).__name__)
    return get_response(event)


@app.authorizer(ttl_seconds=30)
def doorman(request):
    return AuthResponse(routes=["/open"], principal_id="who")


POOL = CognitoUserPoolAuthorizer(
    "pool", provider_arns=["arn:aws:cognito-idp:us-east-1:123456789012:userpool/x"], scopes=["a/b"])
ELSEWHERE = CustomAuthorizer(
    "else", ttl_seconds=60, authorizer_uri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31"
    "/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations")
CROSS = CORSConfig(
    allow_origin="https://x.example", allow_headers=["X-A"], max_age=600, expose_headers=["X-B"],
    allow_credentials=True)


@app.route("/inside", authorizer=doorman)
def inside():
    return {}


@app.route("/pool", authorizer=POOL, cors=True)
def pool():
    return {}


@app.route("/iam", authorizer=IAMAuthorizer(), methods=["POST"])
def iam():
    return {}


@app.route("/else", authorizer=ELSEWHERE)
def elsewhere():
    return {}


@app.route("/key", api_key_required=True)
def key():
    return {}


@app.route("/open", cors=True)
def open_():
    import six

    return {"six": six.__version__, "middleware": seen}


@app.route("/cross/{name}", methods=["GET", "PUT"], cors=CROSS)
def cross(name):
    return {"name": name}


@app.route("/picture", methods=["POST"], content_types=["image/png"])
def picture():
    headers = {"Content-Type": "image/png"}
    return Response(app.current_request.raw_body[::-1], headers=headers)


@parts.route("/x", cors=True)
def x():
    return {"blueprint": True}


@parts.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event):
    return got(kind="schedule", detail=event.detail_type)


app.register_blueprint(parts, url_prefix="/parts", name_prefix="parts_")


@app.schedule(Cron(0, 18, "?", "*", "MON-FRI", "*"), name="evening", description="at six")
def evening(event):
    return got(kind="cron")


@app.on_cw_event({"source": ["shop"], "detail": {"state": ["paid"]}})
def paid(event):
    return got(kind="rule", detail=event.detail)


@app.on_sqs_message(queue="jobs", batch_size=5)
def jobs(event):
    return got(kind="sqs", bodies=[each.body for each in event])


@app.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:111122223333:line.fifo")
def line(event):
    return got(kind="fifo", bodies=[each.body for each in event])


@app.on_sns_message(topic="news")
def news(event):
    return got(kind="sns", subject=event.subject, message=event.message,
               attributes=event.to_dict()["Records"][0]["Sns"]["MessageAttributes"])


@app.on_s3_event(bucket="kinds-in", events=["s3:ObjectCreated:*"], prefix="in/", suffix=".txt")
def object_made(event):
    return got(kind="s3", bucket=event.bucket, key=event.key)


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-west-2:111122223333:table/orders/stream/2020-03-01T00:00:00.0")
def orders(event):
    return got(kind="dynamodb", names=[each.event_name for each in event],
               new=[each.new_image for each in event])


@app.on_kinesis_record(stream="clicks", batch_size=10)
def clicks(event):
    return got(kind="kinesis", data=[each.data.decode() for each in event])


@app.on_ws_connect()
def connect(event):
    got(kind="connect", connection=event.connection_id)
    if event.to_dict().get("queryStringParameters", {}).get("token") == "bad":
        return {"statusCode": 401}


@app.on_ws_message()
def message(event):
    got(kind="message", body=event.body)
    word, _, rest = event.body.partition(" ")
    if word == "echo":
        told = app.websocket_api.info(event.connection_id)["Identity"]["SourceIp"]
        app.websocket_api.send(event.connection_id, f"{rest} from {told}")
    if word == "leave":
        app.websocket_api.close(event.connection_id)
    if word == "gone":
        try:
            app.websocket_api.send("nobody", "x")
        except WebsocketDisconnectedError as gone:
            app.websocket_api.send(event.connection_id, f"{gone.connection_id} is gone")
    if word == "fail":
        raise ValueError(rest)


@app.on_ws_disconnect()
def disconnect(event):
    got(kind="disconnect")


@app.lambda_function(name="once")
def pure(event, context):
    import os

    return got(kind="pure", event=event, memory=context.memory_limit_in_mb, mode=os.environ["MODE"])


@app.lambda_function()
def bare(event, context):
    return {"path": __import__("sys").path}
"""
DOMAIN = {"domain_name": "x.example", "certificate_arn": "arn:aws:acm:us-east-1:1:certificate/x"}
FONTS = "arn:aws:lambda:ap-northeast-2:111122223333:layer:fonts:3"  # of nobody here
STAGE = {
    "manage_iam_role": False,
    "iam_role_arn": "arn:aws:iam::111122223333:role/service/kinds",
    "api_gateway_custom_domain": DOMAIN,
    "websocket_api_custom_domain": DOMAIN,
    "minimum_compression_size": 1000,
    "xray": True,
    "tags": {"team": "shop"},
    "api_gateway_stage": "api",
    "environment_variables": {"MODE": "all"},
    "layers": [],
    "lambda_functions": {
        "once": {
            "lambda_memory_size": 384,
            "lambda_timeout": 7,
            "environment_variables": {"MODE": "one"},
            "layers": [FONTS],
        },
        "bare": {"layers": []},
    },
}


def project(folder: Any) -> Project:
    """Nothing is deployed."""
    made = small(folder)
    made.write("app.py", APP)
    config = {"version": "2.0", "app_name": "kinds", "stages": {"local": STAGE}}
    made.write(CONFIG, json.dumps(config))
    text = made.read("pyproject.toml").replace(
        "[tool.lambda-layer]\n", '[tool.lambda-layer]\nsmoke-path = "/open"\n'
    )
    made.write("pyproject.toml", text)
    return made


def send_message(made: Project, queue: str = "jobs", **more: str) -> None:
    sqs = made.aws("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], **more)


def publish(made: Project) -> None:
    sns, attributes = made.aws("sns"), {"colour": {"DataType": "String", "StringValue": "red"}}
    (topic,) = sns.list_topics()["Topics"]
    sns.publish(
        TopicArn=topic["TopicArn"], Message="hello", Subject="about", MessageAttributes=attributes
    )


def put_objects(made: Project) -> None:
    """Only the last has the right prefix and suffix."""
    for key in ("out/a.txt", "in/a.png", "in/b c.txt"):
        made.aws("s3").put_object(Bucket="kinds-in", Key=key, Body=b"x")


def put_item(made: Project) -> None:
    made.aws("dynamodb").put_item(TableName="orders", Item={"id": {"S": "7"}})


def put_record(made: Project) -> None:
    made.aws("kinesis").put_record(StreamName="clicks", Data=b"click", PartitionKey="p")


def put_events(made: Project) -> None:
    """Only the last is what the rule takes."""
    entries = [
        {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"state": state})}
        for state in ("open", "paid")
    ]
    made.aws("events").put_events(Entries=entries)


def got(made: Project, function: str, seconds: float = 20) -> dict[str, Any]:
    """What the function says that it has got, as soon as it says so."""
    logs = made.aws("logs")
    group, deadline = f"/aws/lambda/kinds-local-{function}", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            for each in logs.filter_log_events(logGroupName=group)["events"]:
                if "GOT " in each["message"]:
                    found: dict[str, Any] = json.loads(each["message"].partition("GOT ")[2])
                    return found
        time.sleep(0.1)
    raise AssertionError(f"{function} got nothing in {seconds} s")


def check_every_kind(made: Project, seconds: float) -> None:
    """The app deploys, answers, and each function gets its event and has the layer."""
    assert "kinds-local answers 200" in made.deploy().output
    send_message(made, MessageBody="one")
    send_message(made, "line.fifo", MessageBody="first", MessageGroupId="g")
    for send in (publish, put_objects, put_item, put_record, put_events):
        send(made)
    for name in ("jobs", "line", "news", "object_made", "orders", "clicks", "paid"):
        assert got(made, name, seconds)["six"] == "1.16.0"
