"""AWS at its worst: every request of a deploy goes wrong in every way, once and for good."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tasks.aws import client as sdk
from tasks.aws import s3, secrets_manager
from tasks.aws.client import Aws
from tasks.commands import gc, rollback
from tasks.context.arguments import Arguments
from tasks.context.connection import connect
from tasks.release import listing
from tasks.release import publish as publication
from tasks.release.stage import chalice_state
from tasks.release.stage import lock as stage_lock
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import lookup, patch_config, publish, restore, upload
from tasks.util import files
from tasks.util.errors import AwsError
from tests import reliability_counts
from tests.api_operations import operation
from tests.aws_proxy import Fault, Plan, Proxy, nothing, proxying
from tests.finished_layer import build, zipped
from tests.functional.conftest import CONFIG
from tests.moto_server import Request, Server
from tests.reliability_counts import STALE

UNKNOWN = (Fault.RESET, Fault.TIMED_OUT)  # nobody here can know whether AWS is at it
SILENT = pytest.param(Fault.TIMED_OUT, marks=pytest.mark.long)  # a minute of waiting
STAYING = (Fault.UNAVAILABLE, Fault.LOST, SILENT)
# Each takes a third of a minute. The SDK repeats a 500 as it repeats what is throttled.
LATER = [pytest.param(each, marks=pytest.mark.long) for each in (Fault.FAILED, Fault.CUT)]
ONCE = [Fault.THROTTLED, Fault.RESET, Fault.LOST, SILENT, *LATER]
IMPATIENT = 0.15  # seconds


@pytest.fixture(scope="module")
def running(http_server: Server) -> Iterator[Proxy]:
    with proxying(http_server.url) as found:
        yield found


@pytest.fixture
def proxy(running: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """What this process takes for AWS; between two tries it waits for nothing."""
    running.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", nothing_more)
    monkeypatch.setattr(publication, "PAUSES", (0.0,) * 4)
    monkeypatch.setattr(s3, "PAUSES", (0.0,) * 3)
    return running


@dataclass
class Once:
    """The answer to the first request of this kind (service, operation) is lost."""

    kind: tuple[str, str]
    seen: bool = False

    def __call__(self, request: Request) -> Fault | None:
        if self.seen or operation(request) != self.kind:
            return None
        self.seen = True
        return Fault.LOST


def nothing_more(self: object, context: object) -> float:
    return 0.0


@pytest.fixture
def run(proxy: Proxy, server: Server, settings: Settings) -> "Deploys":
    return Deploys(server=server, settings=settings)


class Deploys:
    """Deploys of a layer that is built, in the order in which doit has the steps, from a fresh
    checkout to an AWS that has nothing."""

    def __init__(self, *, server: Server, settings: Settings) -> None:
        self.server, self.settings = server, settings
        self.aws = connect(settings)

    def fresh(self) -> None:
        self.server.reset()
        for path in (paths.BUILD, paths.CHALICE_CONFIG.parent, paths.LAYER_ARN):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        paths.CHALICE_CONFIG.parent.mkdir()
        paths.CHALICE_CONFIG.write_text(json.dumps(CONFIG), encoding="utf-8")
        build(self.settings)
        files.write_record(paths.DEPLOYED / "prod.json", {"resources": [{"name": "api_handler"}]})

    def deploy(self) -> None:
        self.aws.__dict__.pop("identity", None)  # who we are is asked by each run
        chalice_state._SEEN.clear()  # and what Chalice has made
        held = stage_lock.acquire(self.aws)
        try:
            if not lookup.run(self.aws, "host").arn:
                upload.run(self.aws)
                publish.run(self.aws)
            wanted = patch_config.wanted_layers(self.settings)
            patch_config.run(self.settings, wanted, patch_config.before(self.settings))
            chalice_state.save(self.aws, {"fingerprint": "of the app"})
        finally:
            held.release()

    def state(self) -> dict[str, Any]:
        """All that is left of it, here and there."""
        client = self.aws.client("lambda")
        listed = client.list_layer_versions(LayerName=self.settings.layer)["LayerVersions"]
        objects = {key: s3.get_bytes(self.aws, key) for key in s3.objects(self.aws, "")}
        notes = (
            "/inputs/"  # which version these inputs are: saves a look, and is right or not there
        )
        objects = {key: data for key, data in objects.items() if notes not in key}
        lock = json.loads(objects.pop(stage_lock.key(self.settings)) or b"{}")
        return {
            "versions": [(each["Version"], each["Description"]) for each in listed],
            "objects": objects,
            "lock is free": lock["released"],
            "config": paths.CHALICE_CONFIG.read_text(encoding="utf-8"),
            "arn": publish.read_arn(),
            "publish": files.read_record(paths.stage_record(self.settings, "publish")),
        }

    def leaks(self) -> list[Path]:
        """Temporary files, under the names that this tool gives them."""
        return [path for path in Path().rglob(".*") if path.is_file() and path != paths.LAYER_ARN]


def at(wanted: int, fault: Fault) -> Plan:
    """The request with this number, once."""
    left = iter(range(10**6))
    return lambda request: fault if next(left) == wanted else None


def of(name: tuple[str, str, str], fault: Fault) -> Plan:
    """Every request like this one."""
    return lambda request: fault if named(request) == name else None


def publishing(fault: Fault) -> Plan:
    """Whenever a version is asked for."""
    return lambda request: fault if operation(request)[1] == "PublishLayerVersion" else None


def named(request: Request) -> tuple[str, str, str]:
    """(service, operation, path)"""
    return *operation(request), request.path


def undisturbed(run: Deploys, proxy: Proxy) -> tuple[list[tuple[str, str, str]], dict[str, Any]]:
    """Its requests, and its end state."""
    run.fresh()
    run.deploy()
    requests = [named(request) for request in proxy.seen]
    return requests, run.state()


def repeated(run: Deploys, proxy: Proxy, fault: str, good: dict[str, Any], what: object) -> None:
    """The fault is over: the same command once more, and all is as it should be."""
    proxy.plan = nothing
    run.deploy()
    found, leaks = run.state(), run.leaks()
    duplicates = len(found["versions"]) - len(good["versions"])
    reliability_counts.ran(fault, duplicates=duplicates, leaks=leaks)
    assert found == good, what
    assert leaks == [], what
    reliability_counts.correct(fault)


@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_at_any_request(
    run: Deploys, proxy: Proxy, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once: the run itself gets over it. But of half an answer it says so (the SDK asks only once
    then), and it never publishes twice because of an answer that did not come."""
    requests, good = undisturbed(run, proxy)
    impatient(run, fault, monkeypatch)
    for number, name in enumerate(requests):
        if name in requests[:number] and name[1] != "PutObject":
            continue
        run.fresh()
        error = attempt(run, proxy, at(number, fault))
        if error and fault is not Fault.CUT:
            assert name[1] == "PublishLayerVersion", (name, error)
            assert fault in UNKNOWN, (name, error)
            assert "no such version so far" in error.problem
        repeated(run, proxy, fault, good, name)


@pytest.mark.parametrize("fault", STAYING)
def test_a_fault_that_stays(
    run: Deploys, proxy: Proxy, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few tries, then an error; when it is over the next run ends well."""
    requests, good = undisturbed(run, proxy)
    impatient(run, fault, monkeypatch)
    for name in dict.fromkeys(requests):
        run.fresh()
        error = attempt(run, proxy, of(name, fault))
        seen = (name[1], fault) == ("PublishLayerVersion", Fault.LOST)  # it can be looked for
        assert (error is None) == seen, name
        repeated(run, proxy, fault, good, name)


def attempt(run: Deploys, proxy: Proxy, plan: Plan) -> AwsError | None:
    """A deploy with this in its way, and what it says to do."""
    proxy.plan = plan
    try:
        run.deploy()
    except AwsError as error:
        return None if not error.fix else error
    return None


def test_slow_answers(run: Deploys, proxy: Proxy) -> None:
    """All of them."""
    _, good = undisturbed(run, proxy)
    run.fresh()
    proxy.plan = lambda request: Fault.SLOW
    run.deploy()
    repeated(run, proxy, Fault.SLOW, good, "slow")


def impatient(run: Deploys, fault: Fault, patch: pytest.MonkeyPatch) -> None:
    """Where no answer comes, nobody waits two minutes for it."""
    if fault is Fault.TIMED_OUT:
        patch.setattr(sdk, "READ_SECONDS", IMPATIENT)
        run.aws = Aws(run.settings, dict(os.environ))


def test_lists_that_are_out_of_date(run: Deploys, proxy: Proxy) -> None:
    """The version that was published last is in none of them: not after an answer that was lost,
    not for the run after, not for another machine that built the same meanwhile."""
    _, good = undisturbed(run, proxy)
    for lost in (Fault.LOST, Fault.SLOW):
        run.fresh()
        lookup.run(run.aws, "host")
        proxy.stale = True
        proxy.plan = publishing(lost)
        run.deploy()
        shutil.rmtree(paths.BUILD)
        build(run.settings)
        run.deploy()
        proxy.reset()
        repeated(run, proxy, STALE, good, lost)


def test_between_two_tries_the_wait_grows(
    run: Deploys, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a publish, which the SDK does not repeat."""
    run.fresh()
    waits: list[float] = []
    monkeypatch.setattr(publication, "PAUSES", (1.0, 2.0, 4.0, 8.0))
    monkeypatch.setattr(publication, "sleep", waits.append)
    error = attempt(run, proxy, publishing(Fault.THROTTLED))
    assert error
    assert "too many calls at once" in error.problem
    assert waits == [1.0, 2.0, 4.0, 8.0]


# ---- other commands -----------------------------------------------------------------------------


def second(run: Deploys) -> None:
    """Version 2 is deployed, version 1 is there."""
    run.fresh()
    run.deploy()
    Path("requirements-all.txt").write_text("six==1.16.0\n", encoding="utf-8")
    build(run.settings, "x = 2\n", "20250102-030406")
    run.deploy()
    Path("requirements-all.txt").write_text("six==1.17.0\n", encoding="utf-8")


def deleted(run: Deploys) -> None:
    """Version 1 was, and its zip is there."""
    run.fresh()
    run.deploy()
    listing.delete(run.aws, 1)
    shutil.rmtree(paths.BUILD)


def with_secret(run: Deploys) -> None:
    run.fresh()
    run.deploy()
    run.aws.client("secretsmanager").create_secret(Name="shop", SecretString='{"WORD": "x"}')


def restored(run: Deploys) -> None:
    if lookup.run(run.aws, "host").stored:
        restore.run(run.aws)


def rolled_back(run: Deploys) -> None:
    rollback.configure(run.settings, Arguments(version="1"))


def read_secret(run: Deploys) -> None:
    found = secrets_manager.read_secret(
        Aws(replace(run.settings, secret="shop"), dict(os.environ)),  # noqa: S106 - its name
        {},
    )
    assert found
    assert found.values == {"WORD": "x"}


def without_time(state: dict[str, Any]) -> dict[str, Any]:
    """A pin says when it was set."""
    objects = {
        key: json.loads(data) | {"at": ""} if "/pin-" in key else data
        for key, data in state["objects"].items()
    }
    return state | {"objects": objects}


@pytest.mark.parametrize(
    ("prepare", "command"),
    [
        (deleted, restored),
        (second, lambda run: gc.collect_garbage(run.aws, 1, act=True)),
        (second, rolled_back),
        (with_secret, read_secret),
    ],
    ids=["restore", "gc", "rollback", "secret"],
)
def test_an_answer_that_is_lost_to_another_command(
    run: Deploys, proxy: Proxy, prepare: Callable[[Deploys], None],
    command: Callable[[Deploys], None],
) -> None:  # fmt: skip
    """Of each kind of call that changes something, or tells a secret: it gets over it, and after
    the same command once more all is as it is after two undisturbed ones."""
    prepare(run)
    proxy.seen.clear()
    command(run)
    command(run)
    good = without_time(run.state())
    kinds = {operation(each) for each in proxy.seen if each.method not in ("GET", "HEAD")}
    assert kinds
    for kind in sorted(kinds - {("sts", "GetCallerIdentity")}):
        proxy.plan = nothing
        prepare(run)
        proxy.plan = met = Once(kind)
        command(run)
        assert met.seen
        command(run)
        found, leaks = without_time(run.state()), run.leaks()
        duplicates = len(found["versions"]) - len(good["versions"])
        reliability_counts.ran(Fault.LOST, duplicates=duplicates, leaks=leaks)
        assert found == good, kind
        assert leaks == [], kind
        reliability_counts.correct(Fault.LOST)


def test_a_reset_in_the_midst_of_a_large_upload(run: Deploys, proxy: Proxy, tmp_path: Path) -> None:
    """Of more bytes than the sockets hold: the tool is still sending when the connection ends."""
    run.fresh()
    s3.ensure_bucket(run.aws)
    large = tmp_path / "large.zip"
    large.write_bytes(os.urandom(1 << 20) * 24)
    sha256 = files.file_digest(large)
    left = iter([Fault.RESET])
    proxy.plan = lambda each: next(left, None) if each.method == "PUT" else None
    s3.put_file(run.aws, "layers/deps/large.zip", large, sha256)
    assert next(left, None) is None
    assert s3.get_bytes(run.aws, "layers/deps/large.zip") == large.read_bytes()
    assert s3.holds(run.aws, "layers/deps/large.zip", sha256) is not None


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.RESET, Fault.LOST, None])
def test_another_layers_zip_that_does_not_come(
    run: Deploys, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, fault: Fault | None
) -> None:
    """Whole, or an error; half of one is no size."""
    s3.ensure_bucket(run.aws)
    s3.put_bytes(run.aws, "other.zip", zipped("x = 1\n"))
    wanted = {"Bucket": run.settings.bucket, "Key": "other.zip"}
    address = run.aws.client("s3").generate_presigned_url("get_object", wanted)
    monkeypatch.setattr(listing, "_by_arn", lambda aws, arn: {"Content": {"Location": address}})
    proxy.plan = lambda request: fault
    if fault is None:
        assert listing.unzipped(run.aws, "arn") == 6
        return
    with pytest.raises(AwsError, match="fetching arn to measure it: ") as caught:
        listing.unzipped(run.aws, "arn")
    assert "check the network" in caught.value.fix
