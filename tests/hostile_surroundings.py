"""A machine on which all that an AWS SDK looks at leads elsewhere, and a sink that hears of it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as KNOWN

from tests.project import CONFIG, Project

SERVICES = ("S3", "LAMBDA", "IAM", "STS", "API_GATEWAY", "APIGATEWAY", "SECRETS_MANAGER", "LOGS")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
REQUIREMENTS = ("boto3\n", "boto3\nsix==1.16.0\n")
SECRET = "shuking/local"  # noqa: S105 - its name
# What comes after two deploys and a rollback.
LATER = (
    "status", "history", "plan", "show version=2", "diff from=1 to=2", "fetch version=2", "undo",
    "unpin", "gc yes=1", "doctor", "smoke",
)  # fmt: skip
APP = """
import json
import os
from pathlib import Path

from chalice import Chalice

app = Chalice(app_name="shuking")
TABLE, WORD = os.environ["TABLE"], os.environ["WORD"]
if "SEEN" in os.environ:  # while Chalice imports it
    Path(os.environ["SEEN"]).write_text(json.dumps(dict(os.environ)))
    os.environ["AWS_ENDPOINT_URL"] = os.environ["HTTPS_PROXY"] = "http://127.0.0.1:1"  # as dotenv


@app.route("/health")
def health():
    import boto3

    s3 = boto3.client("s3")
    s3.put_object(Bucket="of-the-function", Key="mark", Body=b"here")
    return {
        "table": TABLE,
        "buckets": sorted(each["Name"] for each in s3.list_buckets()["Buckets"]),
        "who": boto3.client("sts").get_caller_identity()["Account"],
        "variables": {name: os.environ.get(name) for name in ("LD_PRELOAD", "PYTHONPATH")},
        "home": os.path.expanduser("~"),
    }
"""


@dataclass(kw_only=True)
class Sink:
    """`heard`: the first words of each connection, and datagrams."""

    port: int
    heard: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening() -> Iterator[Sink]:
    """On a port of 127.0.0.1, TCP and UDP."""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        port = tcp.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", port))
            sink = Sink(port=port)
            threads = [
                threading.Thread(target=work, args=[each, sink], daemon=True)
                for work, each in ((_accept, tcp), (_receive, udp))
            ]
            for thread in threads:
                thread.start()
            yield sink
            for each in (tcp, udp):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


def _accept(tcp: socket.socket, sink: Sink) -> None:
    with suppress(OSError):
        while True:
            connection, _ = tcp.accept()
            with connection:
                connection.settimeout(1)
                sink.heard.append(connection.recv(200) or b"(nothing)")


def _receive(udp: socket.socket, sink: Sink) -> None:
    with suppress(OSError):
        while data := udp.recv(200):
            sink.heard.append(data)


def variables(sink: Sink, home: Path) -> dict[str, str]:
    """Every variable that botocore knows, and those of proxies; `home`: gets a ~/.aws."""
    found: dict[str, str] = {}
    for _, names, _, _ in KNOWN.values():
        for name in [names] if isinstance(names, str) else names or []:
            found[name] = sink.url
    found |= {f"AWS_ENDPOINT_URL_{service}": sink.url for service in SERVICES}
    found |= dict.fromkeys(PROXIES, sink.url)
    found |= {
        "HOME": str(home), "AWS_ENDPOINT_URL": sink.url, "AWS_REGION": f"{sink.url}/",
        "AWS_PROFILE": "nosuch", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_CSM_ENABLED": "true", "AWS_CSM_HOST": "127.0.0.1", "AWS_CSM_PORT": str(sink.port),
        "AWS_ACCESS_KEY_ID": "AKIAHOSTILE", "AWS_SECRET_ACCESS_KEY": "hostile",
        "AWS_SESSION_TOKEN": "hostile", "AWS_CONTAINER_CREDENTIALS_FULL_URI": sink.url,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": sink.url, "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_CA_BUNDLE": "/nowhere",
        "AWS_CONFIG_FILE": str(home / ".aws/config"), "AWS_DATA_PATH": str(home / ".aws/models"),
    }  # fmt: skip
    _write_home(sink, home)
    return found


def _write_home(sink: Sink, home: Path) -> None:
    """A file of settings, one of keys that runs a program, and a model of S3 that is none."""
    said = f"endpoint_url = {sink.url}\nignore_configured_endpoint_urls = true\nregion = hostile\n"
    said += f"ca_bundle = /nowhere\ncsm_enabled = true\ncsm_port = {sink.port}\n"
    said += "s3 =\n  addressing_style = virtual\n  use_accelerate_endpoint = true\n"
    model = home / ".aws/models/s3/2006-03-01/service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text("{}")
    (home / ".aws/config").write_text(f"[default]\n{said}")
    ran = f"touch {home / 'ran'}"
    (home / ".aws/credentials").write_text(f"[default]\ncredential_process = {ran}\n")


def infect(project: Project, sink: Sink) -> None:
    """config.json of stage local, app.py and the stage's secret."""
    project.write("app.py", APP)
    config = json.loads(project.read(CONFIG))
    config["stages"]["local"]["environment_variables"] = {
        "TABLE": "orders", "AWS_ENDPOINT_URL": sink.url, "AWS_ENDPOINT_URL_S3": sink.url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "HTTP_PROXY": sink.url,
        "https_proxy": sink.url, "LD_PRELOAD": "/nowhere.so", "PYTHONPATH": "/nowhere:/opt/python",
        "AWS_USE_FIPS_ENDPOINT": "true", "AWS_CSM_ENABLED": "true", "AWS_CSM_HOST": "127.0.0.1",
        "AWS_CSM_PORT": str(sink.port),
    }  # fmt: skip
    project.write(CONFIG, json.dumps(config, indent=2))
    table = f'\n[tool.lambda-layer.stages.local]\nsecret = "{SECRET}"\n'
    project.write("pyproject.toml", project.read("pyproject.toml") + table)
    values = {"WORD": "x", "AWS_ENDPOINT_URL_STS": sink.url, "ALL_PROXY": sink.url}
    secrets = project.aws("secretsmanager")
    secrets.create_secret(Name=SECRET, SecretString=json.dumps(values))
    project.aws("s3").create_bucket(
        Bucket="of-the-function",
        CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"},
    )


def live(project: Project, folder: Path, builder: str) -> list[bytes]:
    """A whole life of stage=local on that machine; what the sink heard. Packages are fetched
    before: these go through the proxy, as they should."""
    words = ("stage=local", f"builder={builder}")
    locks = [_built(project, text, words) for text in REQUIREMENTS]
    assert project.doit("local-start", *words).code == 0
    with listening() as sink:
        infect(project, sink)
        around = variables(sink, folder / "home") | {"SEEN": str(folder / "seen.json")}
        for text, lock in zip(REQUIREMENTS, locks, strict=True):
            project.write("requirements-all.txt", text)
            project.write("requirements-all.lock", lock)
            _do(project, around, "deploy", *words)
        _check(project, sink, json.loads((folder / "seen.json").read_text()))
        _do(project, around, "rollback", "version=1", *words)
        for command in LATER:
            _do(project, around, *command.split(), *words)
        _do(project, around, "local-stop")
        assert not (folder / "home/ran").exists()
        return sink.heard


def _built(project: Project, requirements: str, words: tuple[str, ...]) -> str:
    """The lock's text."""
    project.write("requirements-all.txt", requirements)
    for command in ("lock", "build"):
        run = project.doit(command, *words)
        assert run.code == 0, run.output
    return project.read("requirements-all.lock")


def _do(project: Project, around: dict[str, str], *words: str) -> None:
    run = project.doit(*words, **around)
    assert run.code in ((0, 2) if words[0] == "plan" else (0,)), (words, run.output)


def _check(project: Project, sink: Sink, seen: dict[str, str]) -> None:
    """The function works in its own AWS, and app.py was imported with its own variables alone."""
    body = json.loads(project.record("smoke")["body"])
    assert body["table"] == "orders"
    assert {"of-the-function", "shuking-lambda-layers"} <= {*body["buckets"]}
    assert body["who"] == "123456789012"
    assert body["variables"] == {"LD_PRELOAD": "/nowhere.so", "PYTHONPATH": "/nowhere:/opt/python"}
    assert body["home"] == "/home/sbx_user1051"
    mark = project.aws("s3").get_object(Bucket="of-the-function", Key="mark")
    assert mark["Body"].read() == b"here"
    function = project.aws("lambda").get_function_configuration(FunctionName="shuking-local")
    assert function["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == sink.url
    assert function["Environment"]["Variables"]["AWS_ENDPOINT_URL_STS"] == sink.url
    assert (seen["TABLE"], seen["WORD"]) == ("orders", "x")
    assert seen["AWS_ENDPOINT_URL"] == project.access().url
    assert {"LD_PRELOAD", "PYTHONPATH", "AWS_ENDPOINT_URL_STS", "AWS_PROFILE"}.isdisjoint(seen)
