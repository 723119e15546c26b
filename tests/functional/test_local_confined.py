"""What code in a function asks the emulator to do for it: to speak with others, to start
containers. Over real HTTP, to the server as `stage=local` starts it; nobody else hears anything."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.project import Project, small

REGION = "ap-northeast-2"
TRUST = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Nothing but its server."""
    made = small(tmp_path_factory.mktemp("confined") / "project")
    assert made.doit("local-start").code == 0
    yield made
    made.doit("local-stop")


class _Hearing(BaseHTTPRequestHandler):
    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline()
        self.parse_request()
        self.server.heard.append(self.path)  # type: ignore[attr-defined] # ours
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def sink() -> Iterator[ThreadingHTTPServer]:
    """Somebody on this machine who is to hear nothing; `heard`: paths that were asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hearing)
    server.heard = []  # type: ignore[attr-defined] # ours
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client(project: Project, service: str) -> Any:
    access = project.access()
    session: Any = boto3.session.Session(access.key, access.secret, None, REGION)
    once = Config(retries={"total_max_attempts": 1}, read_timeout=30)
    return session.client(service, endpoint_url=access.url, config=once)


def tell_subscriber(project: Project, address: str) -> None:
    sns = client(project, "sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=address)
    sns.publish(TopicArn=topic, Message="m")


def tell_destination(project: Project, address: str) -> None:
    events = client(project, "events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    connection = events.create_connection(
        Name="c", AuthorizationType="API_KEY", AuthParameters=key
    )["ConnectionArn"]
    destination = events.create_api_destination(
        Name="d", ConnectionArn=connection, InvocationEndpoint=address, HttpMethod="POST"
    )["ApiDestinationArn"]
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": destination}])
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])


def tell_stream(project: Project, address: str) -> None:
    firehose, name = client(project, "firehose"), address.split("/")[2].replace(":", "-")
    bucket = {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::b"}
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Url": address}, "S3Configuration": bucket,
        },
    )  # fmt: skip
    firehose.put_record(DeliveryStreamName=name, Record={"Data": b"m"})


@pytest.mark.parametrize("tell", [tell_subscriber, tell_destination, tell_stream])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_hears_what_a_function_sends_through_it(
    project: Project, sink: ThreadingHTTPServer, tell: Any, host: str
) -> None:
    """By number or by name: nothing arrives, and whoever publishes is not told, as in AWS."""
    tell(project, f"http://{host}:{sink.server_port}/x")
    time.sleep(0.3)
    assert sink.heard == []  # type: ignore[attr-defined] # ours
    assert client(project, "sts").get_caller_identity()["Account"] == "123456789012"


def test_what_was_not_sent_is_in_its_log(project: Project) -> None:
    """For who wonders."""
    tell_subscriber(project, "http://nobody.example/x")
    said = (project.path / "build/local/server.log").read_text(encoding="utf-8")
    assert "reaches nothing else: POST http://nobody.example/x is not sent" in said


def test_a_process_that_is_confined_asks_no_name_server_and_connects_to_nobody() -> None:
    """However it goes about it; itself and the engine excepted."""
    tries = """
import socket, sys
from tasks.local_aws import confine
own, engine = (socket.create_server(("127.0.0.1", 0)) for _ in "ab")
here, there = ("127.0.0.1:%d" % each.getsockname()[1] for each in (own, engine))
confine.confine(here, "tcp://" + there)
for server in (own, engine):
    socket.create_connection(server.getsockname()).close()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for way in (
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.create_connection(("x.example", 80)),
    lambda: socket.gethostbyname("x.example"),
    lambda: udp.sendto(b"x", ("127.0.0.1", 9)),
    lambda: udp.connect(("127.0.0.1", 9)),
    lambda: socket.socket(socket.AF_INET6).connect_ex(("::1", 9)),
):
    try:
        way()
    except confine.OutOfReachError:
        print("out of reach")
"""
    done = subprocess.run(
        [sys.executable, "-c", tries], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split("\n") == [*["out of reach"] * 6, ""]


@pytest.mark.parametrize("engine", ["tcp://localhost", "tcp://docker", "http://docker"])
def test_an_engine_is_reached_by_its_name(engine: str) -> None:
    """As in CI, where a service is called `docker`. What the name stands for may change. No other
    port there, and no other name."""
    tries = """
import socket, sys
from tasks.local_aws import confine
there = "127.0.0.1"
look = socket.getaddrinfo
def named(host, *more, **others):
    if host != "docker":
        return look(host, *more, **others)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (there, more[0]))]
socket.getaddrinfo = named
server, other = (socket.create_server(("0.0.0.0", 0)) for _ in "ab")
port = server.getsockname()[1]
confine.confine("127.0.0.1:1", f"{sys.argv[1]}:{port}")
name = sys.argv[1].partition("//")[2]
socket.create_connection((name, port)).close()
if name == "docker":
    there = "127.0.0.2"
    socket.create_connection((name, port)).close()
for way in ((name, other.getsockname()[1]), ("127.0.0.3", port), ("x.example", port)):
    try:
        socket.create_connection(way)
    except confine.OutOfReachError:
        print("out of reach")
"""
    done = subprocess.run(
        [sys.executable, "-c", tries, engine], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.stderr, done.stdout) == ("", "out of reach\n" * 3)


def test_it_starts_no_containers(project: Project) -> None:
    """Batch would, with volumes that the caller names."""
    role = client(project, "iam").create_role(
        RoleName="b", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    with pytest.raises(ClientError) as caught:
        client(project, "batch").create_compute_environment(
            computeEnvironmentName="e", type="UNMANAGED", serviceRole=role
        )
    assert "does not have batch" in str(caught.value)


def test_motos_own_service_is_not_served(project: Project) -> None:
    """Not even with the key: it writes recordings to files, and forgets all that is there."""
    access = project.access()
    sqs = client(project, "sqs")
    sqs.create_queue(QueueName="q")
    with socket.create_connection(
        (access.host.split(":")[0], int(access.host.split(":")[1]))
    ) as it:
        it.sendall(
            f"POST /moto-api/reset HTTP/1.1\r\nHost: {access.host}\r\n"
            f"User-Agent: app/{access.app}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = it.makefile("rb").read()
    assert b"403" in answer.split(b"\r\n")[0]
    assert len(sqs.list_queues()["QueueUrls"]) == 1
