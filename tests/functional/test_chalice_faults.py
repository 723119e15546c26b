"""What goes wrong between `chalice deploy`, which runs in a process of its own, and AWS."""

from collections.abc import Iterator

import pytest

from tests import crash_runs, reliability_counts
from tests.api_operations import operation
from tests.aws_proxy import Fault, Plan, Proxy, proxying
from tests.crash_runs import COMMAND, Ground
from tests.moto_server import Request

# What Chalice makes or changes in a first deploy.
MADE = ["CreateRole", "PutRolePolicy", "CreateFunction", "ImportRestApi", "CreateDeployment",
        "AddPermission"]  # fmt: skip
SET = {"DeleteFunctionConcurrency", "UpdateRestApi"}  # what it may do twice
CASES = [
    *((name, Fault.LOST) for name in MADE),
    ("CreateRole", Fault.THROTTLED),
    ("CreateFunction", Fault.FAILED),
    ("ImportRestApi", Fault.RESET),
    ("CreateDeployment", Fault.CUT),
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with crash_runs.ground(tmp_path_factory.mktemp("chalice")) as found:
        yield found


@pytest.fixture
def proxy(ground: Ground) -> Iterator[Proxy]:
    with proxying(ground.server.url) as found:
        ground.project.environment.update(LAYER_LOCAL_AWS=found.url)
        yield found


def is_chalices(request: Request) -> bool:
    return "aws-chalice" in request.headers.get("user-agent", "")


def once(name: str, fault: Fault) -> Plan:
    """The first call of this kind."""
    left = iter([fault])

    def plan(request: Request) -> Fault | None:
        wanted = is_chalices(request) and operation(request)[1].startswith(name)
        return next(left, None) if wanted else None

    return plan


def asked_to_write(proxy: Proxy) -> set[str]:
    """The operations of Chalice's that change something; without a version in the name."""
    writes = ("POST", "PUT", "DELETE", "PATCH")
    asked = {
        operation(each)[1] for each in proxy.seen if is_chalices(each) and each.method in writes
    }
    made = {name for name in asked if not name.startswith(("Get", "List", "Describe"))}
    return {name.partition("2")[0] for name in made}


def test_these_are_its_calls(ground: Ground, proxy: Proxy) -> None:
    """All that it makes; one that comes with a new Chalice is missed here."""
    ground.fresh("built")
    ground.deploy()
    assert asked_to_write(proxy) == {*MADE, *SET}


@pytest.mark.parametrize(("name", "fault"), CASES, ids=lambda value: str(value))
def test_a_fault_at_a_call_of_chalices(
    ground: Ground, proxy: Proxy, name: str, fault: Fault
) -> None:
    """It fails in words or gets over it, and the next deploy ends as if nothing had been: one
    function, one REST API."""
    ground.fresh("built")
    proxy.plan = once(name, fault)
    run = ground.project.doit(*COMMAND)
    assert run.code in (0, 1), run.output
    if run.code:
        assert "✓ patch-config" in run.output
        assert "✗ chalice-deploy" in run.output
        assert "→" in run.output.partition("✗ chalice-deploy")[2]
        assert "doit_lambda_layer" not in run.output  # a traceback of ours
    ground.check(reliability_counts.CHALICE, (name, fault))
