"""Images into a real registry, over HTTP: what is sent, what is not, and what goes wrong."""

import gzip
import hashlib
import json
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from tasks.image import assemble, tar_layer
from tasks.image import base as base_image
from tasks.image.assemble import Base, Image
from tasks.image.registry import connection
from tasks.image.registry import login as logins
from tasks.image.registry import push as pushing
from tasks.image.registry.client import INDEXES, Registry
from tasks.image.registry.login import Login
from tasks.image.tar_layer import File, Layer
from tasks.layer.cache import Store
from tasks.settings.model import Settings
from tasks.util import files
from tasks.util.errors import AwsError, InputError
from tests import docker_registry
from tests.docker_registry import LIE, RealRegistry

EMPTY = f"sha256:{hashlib.sha256().hexdigest()}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with docker_registry.serving(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited for a registry, which nobody does here."""
    waited: list[float] = []
    monkeypatch.setattr(connection, "sleep", waited.append)
    return waited


@pytest.fixture(autouse=True)
def behaves(server: RealRegistry) -> None:
    server.plan, server.passwords, server.expired = lambda asked: "", set(), 401
    server.silent = 0.0
    server.asked.clear()
    server.got = 0


@pytest.fixture
def registry(server: RealRegistry, tmp_path: Path) -> Registry:
    """A repository of the test's own."""
    return opened(server, tmp_path.name.replace("_", "-").lower())


def opened(server: RealRegistry, repository: str, login: Login | None = None) -> Registry:
    login = login or Login(is_remote=False)
    return Registry(url=server.url, repository=repository, login=login)


class Made:
    """An image of three layers; `app`: what is in the last."""

    def __init__(self, folder: Path, app: bytes, name: str = "") -> None:
        self.paths: dict[str, Path] = {}
        self.folder = folder
        name = name or folder.name
        layers = [self.layer(each, f"{name} {each}".encode()) for each in ("base", "packages")]
        config = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/x"]}}
        config |= {"rootfs": {"type": "layers", "diff_ids": [layers[0].diff_id]}}
        base = Base(reference="base", digest="", config=config, layers=(layers[0],))
        own = [layers[1], self.layer("app", app)]
        self.image: Image = assemble.assemble(base, own, "app.app")

    def layer(self, title: str, content: bytes) -> Layer:
        path = self.folder / f"{title}-{len(self.paths)}"
        entry = File(name=title, mode=0o644, size=len(content), blocks=lambda: iter([content]))
        made = tar_layer.write_layer([entry], path, 6, title)
        self.paths[made.digest] = path
        return made

    def find(self, layer: Layer) -> Path:
        return self.paths[layer.digest]


def push(registry: Registry, made: Made) -> pushing.Pushed:
    return pushing.push(registry, made.image, made.find)


def pulled(registry: Registry, tag: str) -> list[str]:
    """Digests of layers, each of which is there."""
    _, data = registry.read_manifest(tag)
    digests = [each["digest"] for each in json.loads(data)["layers"]]
    assert all(registry.has_blob(each) for each in digests)
    return digests


def test_an_image_arrives_whole(registry: Registry, tmp_path: Path) -> None:
    made = Made(tmp_path, b"app")
    assert str(push(registry, made)).endswith("(3 of 3 image layers)")
    assert registry.find_manifest(made.image.tag) == made.image.digest
    assert pulled(registry, made.image.tag) == [each.digest for each in made.image.layers]
    registry.fetch_blob(made.image.layers[2].digest, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == made.find(made.image.layers[2]).read_bytes()


def test_nothing_is_sent_twice(registry: Registry, server: RealRegistry, tmp_path: Path) -> None:
    """One question, no byte."""
    made = Made(tmp_path, b"app")
    push(registry, made)
    server.asked.clear()
    server.got = 0
    assert str(push(registry, made)) == "nothing to push: the registry has it"
    assert (len(server.asked), server.got) == (1, 0)


def test_a_changed_app_sends_the_app(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    push(registry, Made(tmp_path, b"app"))
    server.got = 0
    again = push(registry, Made(tmp_path, b"other"))
    assert (again.layers, again.of) == (1, 3)
    assert server.got < 5000


def test_what_an_image_that_is_there_has_is_not_asked_for(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    push(registry, Made(tmp_path, b"app"))
    other = Made(tmp_path, b"another")
    known = {each.digest for each in other.image.layers[:2]}
    asked = pushing.push(registry, other.image, other.find, known).asked
    assert asked == 6  # tag, app (2), config (2), manifest


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("fate", ["dies", "503"])
def test_a_broken_request_is_made_again(
    registry: Registry, server: RealRegistry, tmp_path: Path, fate: str, number: int
) -> None:
    """Whichever of those that send something: blobs, config and manifest."""
    made, seen = Made(tmp_path, b"app"), list[str]()

    def plan(asked: str) -> str:
        seen.extend([asked] if asked.startswith("PUT") else [])
        return fate if asked.startswith("PUT") and len(seen) == number + 1 else ""

    server.plan = plan
    push(registry, made)
    assert registry.find_manifest(made.image.tag) == made.image.digest


def test_a_busy_registry_is_asked_again_when_it_says(
    registry: Registry, server: RealRegistry, pauses: list[float]
) -> None:
    """public.ecr.aws takes one request a second of whoever has no login: 429."""
    server.plan = lambda asked: "429" if len(server.asked) <= 2 else ""
    assert registry.find_manifest("none") == ""
    assert pauses == [7.0, 7.0]
    server.asked.clear()
    server.plan = lambda asked: "503" if len(server.asked) <= 3 else ""
    assert registry.find_manifest("none") == ""
    assert pauses[2:] == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("", None), ("3", 3.0), ("Fri, 01 Jan 2010 00:00:00 GMT", 0.0), ("soon", None),
        ("-1", None), ("²", None),
    ],
)  # fmt: skip
def test_how_a_registry_says_when(said: str, pause: float | None) -> None:
    answer: Any = SimpleNamespace(headers={"Retry-After": said} if said else {})
    assert connection._pause(answer) == pause


def test_nobody_waits_for_hours(
    registry: Registry, server: RealRegistry, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker's limit of pulls: it is told at once."""
    monkeypatch.setattr(connection, "_pause", lambda answer: 21600.0)
    server.plan = lambda asked: "429"
    with pytest.raises(AwsError, match="TOOMANYREQUESTS"):
        registry.read_manifest("3.12")
    assert pauses == []


def test_a_renewed_login_is_no_try(server: RealRegistry, registry: Registry) -> None:
    """A token that expires while the registry is busy as often as it may be."""
    given: list[str] = []

    def password() -> tuple[str, str]:
        given.append(f"token-{len(given)}")
        server.passwords = {given[-1]} if len(given) > 1 else {"another"}
        return "AWS", given[-1]

    mine = opened(server, registry.repository, Login(password=password, is_remote=False))
    server.plan = lambda asked: "503" if 1 < len(server.asked) <= 5 else ""
    assert mine.find_manifest("none") == ""
    assert len(given) == 2


def test_a_blob_that_is_cut_off_is_fetched_again(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    """Its first half came, and counts for nothing. One that never comes whole is said."""
    made = Made(tmp_path, b"app")
    push(registry, made)
    layer = made.image.layers[0]
    server.asked.clear()
    server.plan = lambda asked: "cut" if len(server.asked) <= 2 else ""
    registry.fetch_blob(layer.digest, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == made.find(layer).read_bytes()
    server.asked.clear()
    assert registry.read_unpacked(layer.digest, layer.size) == layer.unpacked
    server.plan = lambda asked: "cut"
    with pytest.raises(AwsError) as error:
        registry.fetch_blob(layer.digest, tmp_path / "never")
    assert "run the command again" in error.value.fix
    assert not (tmp_path / "never").exists()
    with pytest.raises(AwsError):
        registry.read_unpacked(layer.digest, layer.size)


def test_a_tag_that_was_taken_by_the_same_image_is_no_error(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    """The answer was lost, or another run was first: ECR refuses the tag (buildkit#3776)."""
    made, puts = Made(tmp_path, b"app"), list[str]()

    def plan(asked: str) -> str:
        if not asked.startswith("PUT") or "manifests" not in asked:
            return ""
        puts.append(asked)
        return "lost" if len(puts) == 1 else "taken"

    server.plan = plan
    assert push(registry, made).layers == 3
    assert len(puts) == 2
    server.plan = lambda asked: "taken" if "manifests" in asked and asked[:3] == "PUT" else ""
    with pytest.raises(AwsError, match="TAG_INVALID"):
        push(registry, Made(tmp_path, b"another"))


@pytest.mark.parametrize("number", range(1, 13))
def test_a_push_that_was_cut_off_anywhere_is_completed(
    registry: Registry, server: RealRegistry, tmp_path: Path, number: int
) -> None:
    """The registry is gone from one request on; the next run sends what is missing."""
    made = Made(tmp_path, b"app")
    server.plan = lambda asked: "dies" if len(server.asked) >= number else ""
    with pytest.raises(AwsError) as error:
        push(registry, made)
    assert "run the command again" in error.value.fix
    arrived = sum(each.startswith("PUT") for each in server.asked[: number - 1])
    server.plan = lambda asked: ""
    assert registry.find_manifest(made.image.tag) == ""
    server.got = 0
    again = push(registry, made)
    assert again.layers <= 3 - max(0, arrived - 1)  # the config may be one of them
    assert pulled(registry, made.image.tag) == [each.digest for each in made.image.layers]


@pytest.mark.parametrize("what", ["PUT /v2/{}/manifests/", "PUT /v2/{}/blobs/"])
def test_a_registry_that_names_another_digest_is_not_trusted(
    registry: Registry, server: RealRegistry, tmp_path: Path, what: str
) -> None:
    begin = what.format(registry.repository)
    server.plan = lambda asked: "lies" if asked.startswith(begin) else ""
    with pytest.raises(AwsError, match="is not to be trusted"):
        push(registry, Made(tmp_path, b"app"))


def test_a_tag_that_is_another_images_is_said(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    push(registry, made := Made(tmp_path, b"app"))
    server.plan = lambda asked: "lies" if asked.startswith("HEAD") and "manif" in asked else ""
    with pytest.raises(AwsError, match=f"stands for {LIE}") as error:
        push(registry, made)
    assert "delete that tag, or choose another `repository`" in error.value.fix


def test_a_tag_that_somebody_gave_to_another_image(registry: Registry, tmp_path: Path) -> None:
    """It is left as it is: nothing of ours is sent for it, and no function gets it."""
    made, other = Made(tmp_path, b"app"), Made(tmp_path, b"another")
    push(registry, other)
    registry.put_manifest(made.image.tag, assemble.MANIFEST, other.image.manifest)
    with pytest.raises(AwsError, match=f"stands for {other.image.digest}") as error:
        push(registry, made)
    assert "choose another `repository`" in error.value.fix
    assert registry.find_manifest(made.image.tag) == other.image.digest


@pytest.mark.parametrize("what", ["blobs", "manifests"])
def test_what_comes_from_a_registry_is_compared(
    registry: Registry, server: RealRegistry, tmp_path: Path, what: str
) -> None:
    made = Made(tmp_path, b"app")
    push(registry, made)
    server.plan = lambda asked: "other bytes" if asked.startswith("GET") else ""
    blob = made.image.layers[0].digest
    read: dict[str, Callable[[], object]] = {
        "blobs": lambda: registry.fetch_blob(blob, tmp_path / "new"),
        "manifests": lambda: registry.read_manifest(made.image.digest),
    }
    with pytest.raises(AwsError, match="is not to be trusted"):
        read[what]()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("number", range(2, 14))
def test_a_token_that_expires_in_the_middle_is_renewed(
    server: RealRegistry, registry: Registry, tmp_path: Path, number: int, status: int
) -> None:
    """Before any request. ECR's lasts for twelve hours; another is asked for once it is refused.
    ECR says 403 (amazon-ecr-credential-helper#7), and to a HEAD no word."""
    server.expired = status
    given: list[str] = []

    def password() -> tuple[str, str]:
        given.append(f"token-{len(given)}")
        server.passwords = {given[-1]}
        return "AWS", given[-1]

    made = Made(tmp_path, b"app")
    mine = opened(server, registry.repository, Login(password=password, is_remote=False))

    def plan(asked: str) -> str:
        if len(server.asked) == number:
            server.passwords = {"expired"}
        return ""

    server.plan = plan
    push(mine, made)
    assert len(given) == 2
    assert mine.find_manifest(made.image.tag) == made.image.digest


def answered(status: int, content: bytes = b"", **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content = status, content
    made.headers.update({name.replace("_", "-"): text for name, text in headers.items()})
    return made


def test_a_busy_token_service_is_asked_again(
    registry: Registry, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """public.ecr.aws and Docker's hand out tokens, and limit that, too."""
    asked: list[str] = []
    realm = 'Bearer realm="http://token/",service="here",scope="pull"'

    def request(self: Any, method: str, url: str, **more: Any) -> requests.Response:
        asked.append(url)
        if url == "http://token/":
            is_busy = asked.count(url) == 1
            return answered(429) if is_busy else answered(200, b'{"token": "t"}')
        known = more["headers"].get("Authorization") == "Bearer t"
        return answered(200) if known else answered(401, WWW_Authenticate=realm)

    monkeypatch.setattr(requests.Session, "request", request)
    assert registry.has_blob(LIE)
    assert asked.count("http://token/") == 2
    assert pauses == [0.5]


@pytest.mark.parametrize("status", [400, 403])
def test_a_token_of_anybodys_that_has_expired_is_forgotten(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """public.ecr.aws answers 400, and only a request without a token is told where to get one
    (containers-roadmap#2835)."""
    registry.login._header, given = "Bearer old", iter([b'{"token": "new"}'])

    def request(self: Any, method: str, url: str, **more: Any) -> requests.Response:
        if url == "http://token/":
            return answered(200, next(given))
        sent = more["headers"].get("Authorization")
        if sent == "Bearer old":
            return answered(status, b"Your Authorization Token has expired.")
        return (
            answered(200)
            if sent
            else answered(401, WWW_Authenticate='Bearer realm="http://token/"')
        )

    monkeypatch.setattr(requests.Session, "request", request)
    assert registry.read_blob(EMPTY) == b""


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ('Bearer realm="https://t/?a=1,b",service="s",scope="repository:x:pull,push"',
         {"realm": "https://t/?a=1,b", "service": "s", "scope": "repository:x:pull,push"}),
        ('Basic realm="r", Bearer realm="https://t/",service=s',
         {"realm": "https://t/", "service": "s"}),
        ('bearer Realm = "https://t/", basic realm="r"', {"realm": "https://t/"}),
        ('Negotiate, Basic realm="Bearer realm=x"', {}),
        ('Basic realm="here"', {}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_registry_may_name_several_ways_in(header: str, asked: dict[str, str]) -> None:
    """In any order, with or without quotes (RFC 9110, 11.6.1; prowler#12691)."""
    assert logins._bearer(header) == asked


def test_nothing_of_netrc_follows_a_redirect(
    server: RealRegistry, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ECR leads to S3 for blobs, which refuses a second login. Nor does the registry's go there."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            there = self.path.startswith("/v2/")
            self.send_response(307 if there else 200)
            place = f"http://localhost:{self.headers['Host'].rpartition(':')[2]}/blob"
            self.send_header("Location", place) if there else None
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
            """Nothing."""

    with docker_registry.answering(Handler) as url:
        login = Login(password=lambda: ("AWS", "p"), is_remote=True)
        Registry(url=url, repository="a", login=login).read_blob(EMPTY)
    assert seen == ["Basic QVdTOnA=", None]


def test_a_registry_may_be_silent_while_it_stores(
    server: RealRegistry, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than a connection may take: urllib3 counts that while it sends a body. The file
    is larger than what the system keeps of it."""
    monkeypatch.setattr(connection, "CONNECT", 0.3)
    server.silent = 0.8
    path = tmp_path / "large"
    path.write_bytes(os.urandom(16 << 20))
    registry.send_blob(assemble.digest(path.read_bytes()), path)
    assert len(server.sent("PUT")) == 1


def test_a_refused_mount_leaves_no_upload_behind(
    registry: Registry, server: RealRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upload that it has begun is gone on with, and no other blob is asked for (ECR mounts
    only where an account has that turned on)."""
    monkeypatch.setattr(pushing, "LARGE", 1)
    monkeypatch.setattr(pushing, "AT_ONCE", 1)
    made = Made(tmp_path, b"app")
    pushing.push(registry, made.image, made.find, others=["nowhere", "neither"])
    begun = server.sent("POST")
    assert len(begun) == len([each for each in server.sent("PUT") if "/blobs/" in each])
    assert sum("mount=" in each for each in begun) == 1
    assert registry.find_manifest(made.image.tag) == made.image.digest


def test_what_runs_beside_a_push_decides_whether_there_is_an_image(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    """Blobs are sent meanwhile, and no manifest before that has gone well."""
    made, began = Made(tmp_path, b"app"), threading.Event()

    def plan(asked: str) -> str:
        began.set() if asked.startswith("PUT") else None
        return ""

    server.plan = plan

    def meanwhile() -> None:
        assert began.wait(20)
        raise AwsError("a handler does not start", fix="")

    with pytest.raises(AwsError, match="a handler does not start"):
        pushing.push(registry, made.image, made.find, meanwhile=meanwhile)
    assert not [each for each in server.sent("PUT") if "/manifests/" in each]
    assert registry.find_manifest(made.image.tag) == ""


def test_a_refused_login_says_what_to_allow(server: RealRegistry, tmp_path: Path) -> None:
    server.passwords = {"right"}
    login = Login(password=lambda: ("AWS", "wrong"), is_remote=False, fix="allow ecr")
    with pytest.raises(AwsError, match=r"401") as error:
        push(opened(server, "refused", login), Made(tmp_path, b"app"))
    assert error.value.fix == "allow ecr (here ecr:BatchGetImage)"
    # a blob of a push that failed before may still be on its way
    assert len([each for each in server.asked if "/refused/" in each]) == 1


def test_a_blob_of_another_repository_is_mounted(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    """Where the registry does that; one that answers 202 is sent the blob."""
    made = Made(tmp_path, b"app")
    push(registry, made)
    other = opened(server, f"{registry.repository}-other")
    blob = made.image.layers[0].digest
    assert other.begin_mount(blob, registry.repository) == ""
    assert other.has_blob(blob)
    path = made.find(made.image.layers[1])
    begun = other.begin_mount(made.image.layers[1].digest, "nowhere")
    other.send_blob(made.image.layers[1].digest, path, begun)
    assert other.has_blob(made.image.layers[1].digest)
    assert len([each for each in server.sent("POST") if other.repository in each]) == 2


def test_a_large_blob_that_another_repository_has_is_not_sent(
    registry: Registry, server: RealRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a registry believed that refuses to mount it: then it is sent."""
    monkeypatch.setattr(pushing, "LARGE", 1)
    made = Made(tmp_path, b"app")
    push(registry, made)
    other = opened(server, f"{registry.repository}-other")
    server.got = 0
    pushing.push(other, made.image, made.find, others=["nowhere", registry.repository])
    assert server.got < 2000  # config and manifest
    assert other.find_manifest(made.image.tag) == made.image.digest
    third = opened(server, f"{registry.repository}-third")
    server.plan = lambda asked: "refuses" if "mount=" in asked else ""
    pushing.push(third, made.image, made.find, others=[registry.repository])
    assert third.find_manifest(made.image.tag) == made.image.digest


def put_index(registry: Registry, folder: Path, media: str = "") -> dict[str, str]:
    """{architecture: digest} of images under the tag 3.12, with an attestation among them."""
    found, listed = {}, []
    for machine in ("amd64", "arm64"):
        image = Made(folder, machine.encode()).image
        config = files.canonical(json.loads(image.config) | {"architecture": machine})
        told = json.loads(image.manifest)
        told["config"] |= {"digest": assemble.digest(config), "size": len(config)}
        told["layers"][0]["mediaType"] = media or assemble.LAYER
        for each, path in Made(folder, machine.encode()).paths.items():
            registry.send_blob(each, path)
        registry.send_blob(assemble.digest(config), config)
        manifest = files.canonical(told)
        registry.put_manifest(machine, assemble.MANIFEST, manifest)
        found[machine] = assemble.digest(manifest)
        of = {"digest": found[machine], "size": len(manifest), "mediaType": assemble.MANIFEST}
        listed += [{**of, "platform": {"architecture": "unknown", "os": "unknown"}}]
        listed += [{**of, "platform": {"architecture": machine, "os": "linux"}}]
    index = {"schemaVersion": 2, "mediaType": INDEXES[0], "manifests": listed}
    registry.put_manifest("3.12", INDEXES[0], files.canonical(index))
    return found


def base_of(registry: Registry, **more: str) -> Base:
    name = f"{registry.url.partition('//')[2]}/{registry.repository}:3.12"
    return base_image.from_registry(Settings(image=name, builder="host", **more))  # type: ignore[arg-type] # of texts alone


def test_the_base_image_is_that_of_the_functions_platform(
    registry: Registry, tmp_path: Path
) -> None:
    """Of an index, past its attestations."""
    digests = put_index(registry, tmp_path)
    assert base_of(registry).digest == digests["amd64"]
    arm = base_of(registry, architecture="arm64")
    assert (arm.digest, arm.config["architecture"]) == (digests["arm64"], "arm64")
    assert [x.diff_id for x in arm.layers] == arm.config["rootfs"]["diff_ids"]


def test_a_base_image_of_another_kind_is_refused(registry: Registry, tmp_path: Path) -> None:
    """zstd, which Lambda does not take."""
    put_index(registry, tmp_path, media="application/vnd.oci.image.layer.v1.tar+zstd")
    with pytest.raises(InputError, match=r"has layers that Lambda does not take: .*zstd"):
        base_of(registry)


def test_a_base_images_tag_that_moves_meanwhile(registry: Registry, tmp_path: Path) -> None:
    """What was found first is what is fetched: by digest, with its own config."""
    put_index(registry, tmp_path)
    base = base_of(registry)
    push(registry, moved := Made(tmp_path, b"moved", "moved"))
    registry.put_manifest("3.12", assemble.MANIFEST, moved.image.manifest)
    assert base_of(registry).digest != base.digest
    name = f"{registry.url.partition('//')[2]}/{registry.repository}:3.12"
    kept, settings = (
        Store(root=tmp_path / "store", limit=1 << 20),
        Settings(image=name, builder="host"),
    )
    for layer in base.layers:
        found = base_image.fetch(settings, kept, layer)
        assert assemble.digest(found.read_bytes()) == layer.digest
        content = gzip.decompress(found.read_bytes())
        assert assemble.digest(content) == layer.diff_id


def test_a_tags_digest_takes_one_head(registry: Registry, tmp_path: Path) -> None:
    """Nothing is fetched, and a registry that is not there is no error."""
    put_index(registry, tmp_path)
    name = f"{registry.url.partition('//')[2]}/{registry.repository}:3.12"
    settings = Settings(image=name, builder="host")
    assert base_image.offered(settings).startswith("sha256:")
    assert base_image.offered(settings) == registry.find_manifest("3.12")
    assert base_image.offered(Settings(image=f"{name}-none")) == ""
    assert base_image.offered(Settings(image="127.0.0.1:1/none:1")) == ""


def test_no_base_image_for_the_platform(registry: Registry, tmp_path: Path) -> None:
    put_index(registry, tmp_path)
    empty = {"schemaVersion": 2, "mediaType": INDEXES[0], "manifests": []}
    registry.put_manifest("3.12", INDEXES[0], files.canonical(empty))
    with pytest.raises(InputError, match="has no image for linux/amd64"):
        base_of(registry)


@pytest.mark.parametrize(
    ("told", "size", "unpacked"),
    [
        (5, 3, 5), (7, 7, 7), (5, 1 << 32, (1 << 32) + 5), (0, 9 << 30, 12 << 30),
        (5_000_000, 5_000_225, 5_000_000), (60_000_000, 60_017_826, 60_000_000),  # jars, weights
        (0, 90_000_000, 0), (1024, 90_000_000, 0),  # eStargz: its last member is small or empty
    ],
)  # fmt: skip
def test_a_layer_of_over_4_gib_counts_whole(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, told: int, size: int, unpacked: int
) -> None:
    """gzip notes the length of its last member modulo that. What cannot be packed gets larger by
    its frame alone (measured). 0: not known."""
    answer = SimpleNamespace(status_code=206, content=struct.pack("<L", told))
    monkeypatch.setattr(Registry, "_once", lambda *_, **__: nullcontext(answer))
    assert registry.read_unpacked("sha256:0", size) == unpacked


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("python", ("registry-1.docker.io", "library/python", "latest")),
        ("python:3.12", ("registry-1.docker.io", "library/python", "3.12")),
        ("docker.io/python:3.12", ("registry-1.docker.io", "library/python", "3.12")),
        ("docker.io/library/python:3.12", ("registry-1.docker.io", "library/python", "3.12")),
        ("index.docker.io/me/base", ("registry-1.docker.io", "me/base", "latest")),
        ("me/base@sha256:1", ("registry-1.docker.io", "me/base", "sha256:1")),
        ("docker.io/me/base:1@sha256:1", ("registry-1.docker.io", "me/base", "sha256:1")),
        ("ghcr.io/me/base:1", ("ghcr.io", "me/base", "1")),
        ("localhost:5000/base", ("localhost:5000", "base", "latest")),
        ("public.ecr.aws/lambda/python:3.12", ("public.ecr.aws", "lambda/python", "3.12")),
    ],
)
def test_an_image_is_where_engines_look_for_it(image: str, place: tuple[str, ...]) -> None:
    """docker.io is a web site."""
    found, reference = base_image._place(image, True)
    assert (found.url.partition("//")[2], found.repository, reference) == place


def test_a_base_image_counts_unpacked(registry: Registry, tmp_path: Path) -> None:
    """Though nobody fetches it: over 10 GB is over 10 GB. Where a registry sends no part of a blob,
    that cannot be seen."""
    push(registry, made := Made(tmp_path, b"app"))
    registry.put_manifest("3.12", assemble.MANIFEST, made.image.manifest)
    assert [x.unpacked for x in base_of(registry).layers] == [x.unpacked for x in made.image.layers]


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("text/html; charset=utf-8", b"<html>Sign in</html>", "is text/html: no image"),
        (INDEXES[0], b"[]", "otherwise than as an image"),
        (INDEXES[0], b'{"manifests": [1]}', "otherwise than as an image"),
        (assemble.MANIFEST, b"{}", "otherwise than as an image"),
        (assemble.MANIFEST, b"<html>", "otherwise than as an image"),
        (assemble.MANIFEST, b'{"layers": [{}], "config": {}}', "otherwise than as an image"),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", b"{}", "no image"),
    ],
)
def test_a_registry_that_answers_anything(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, kind: str, data: bytes, why: str
) -> None:
    """With a page of a proxy, or a manifest of before 2016."""
    served = type("Answer", (), {"content": data, "headers": {"Content-Type": kind}})
    monkeypatch.setattr(Registry, "_ask", lambda *_, **__: served)
    with pytest.raises(InputError, match=why):
        base_of(registry)


def test_a_base_image_that_is_not_there(registry: Registry) -> None:
    with pytest.raises(AwsError, match="404") as error:
        base_of(registry)
    assert "check the image's name" in error.value.fix


def test_the_engines_own_client_takes_the_image(
    registry: Registry, server: RealRegistry, tmp_path: Path
) -> None:
    """Media types as a registry hands them out."""
    made = Made(tmp_path, b"app")
    push(registry, made)
    url = f"{server.url}/v2/{registry.repository}/manifests/{made.image.tag}"
    answer = requests.get(url, headers={"Accept": assemble.MANIFEST}, timeout=10)
    assert answer.headers["Content-Type"] == assemble.MANIFEST
    assert answer.content == made.image.manifest
