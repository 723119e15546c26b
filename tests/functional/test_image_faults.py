"""AWS and registry at their worst, for a stage of images and its conversions: every kind of call
goes wrong, one after the other, and the same command completes what was begun."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests import converted_stage
from tests.api_operations import operation
from tests.aws_proxy import Fault, Proxy, nothing, proxying
from tests.converted_stage import APP, NEW, OLD, RESERVED, RESOURCES, ConvertedStage, look
from tests.moto_server import Refusal, Request
from tests.project import Run

pytestmark = pytest.mark.long
DENIED = Refusal(status=403, code="AccessDeniedException")
ONCE = [Fault.THROTTLED, Fault.FAILED, Fault.RESET, Fault.LOST, Fault.CUT]
ENOUGH = 80  # runs, each of which comes one call further
Kind = tuple[str, str]


def kind(request: Request) -> Kind:
    """(service, operation); of a registry (registry, method and what it is about)."""
    if request.path.startswith("/v2/"):
        return "registry", f"{request.method} {request.path.split('/')[3]}"
    return operation(request)


@dataclass
class Trouble:
    """A kind of call goes wrong when it is first made; where it `stays`, until the run is over."""

    fault: Fault | Refusal
    stays: bool = False
    met: list[Kind] = field(default_factory=list)
    now: set[Kind] = field(default_factory=set)

    def __call__(self, request: Request) -> Fault | Refusal | None:
        met = kind(request)
        if met not in self.met:
            self.met.append(met)
            self.now.add(met)
            return self.fault
        return self.fault if self.stays and met in self.now else None


@dataclass
class Ground:
    stage: ConvertedStage
    proxy: Proxy

    def through(self, trouble: Trouble, *words: str) -> list[Run]:
        """The command until it ends well; the runs that did not."""
        failed: list[Run] = []
        self.proxy.plan = trouble
        for _ in range(ENOUGH):
            run = self.stage.project.doit(*words, "stage=prod")
            trouble.now.clear()
            if run.code == 0:
                self.proxy.plan = nothing
                return failed
            assert run.code == 1, (trouble.met, run.output)
            assert "Traceback" not in run.output, (trouble.met, run.output)
            assert "→ " in run.output, (trouble.met, run.output)
            failed.append(run)
        raise AssertionError(f"it never ended: {trouble.met[-1]}\n{run.output}")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with converted_stage.deployed(tmp_path_factory.mktemp("faults")) as stage:
        address = stage.project.environment["AWS_ENDPOINT_URL"]
        with proxying(address) as proxy:
            stage.project.environment.update(HTTP_PROXY=proxy.url, NO_PROXY="")
            yield Ground(stage=stage, proxy=proxy)


def calls(ground: Ground) -> list[Kind]:
    """Of a deploy with nothing to do."""
    ground.proxy.seen.clear()
    ground.stage.run("deploy")
    return [kind(each) for each in ground.proxy.seen]


def test_nothing_to_do_costs_as_many_calls_as_a_layer(ground: Ground) -> None:
    layer = calls(ground)
    ground.stage.turn()
    ground.stage.run("convert")
    ground.stage.run("convert", "finish=1")
    image = calls(ground)
    assert len(image) <= len(layer), (image, layer)
    assert not [each for each in image if each[0] == "registry" and not each[1].startswith("HEAD")]
    ground.stage.turn()
    ground.stage.run("convert")
    ground.stage.run("convert", "finish=1")


@pytest.fixture(params=[DENIED, *ONCE], ids=lambda each: getattr(each, "code", each))
def trouble(request: pytest.FixtureRequest) -> Callable[[], Trouble]:
    return lambda: Trouble(fault=request.param, stays=request.param is DENIED)


def slow() -> Trouble:
    return Trouble(fault=Fault.SLOW)


def test_each_call_of_a_conversion(ground: Ground, trouble: Callable[[], Trouble]) -> None:
    """There, finished, deployed, and back: with each call of each command in trouble. (Refused ones
    on the way there alone: each costs a run.)"""
    stage = ground.stage
    stage.turn()
    met = trouble()
    stage.project.write("app.py", APP + f"\n# to an image: {met.fault}\n")  # none is there yet
    failed = ground.through(met, "convert")
    stage.check()
    assert {("lambda", "CreateFunction"), ("registry", "PUT manifests")} <= {*met.met}
    assert bool(failed) or met.fault is not DENIED
    rest = slow if met.fault is DENIED else trouble
    ground.through(rest(), "convert", "finish=1")
    assert len(look(stage.place)["functions"]) == len(RESOURCES)
    stage.project.write("app.py", APP + f"\n# {met.fault}\n")
    ground.through(rest(), "deploy")
    stage.place.emulator.aws("lambda").put_function_concurrency(  # which Chalice takes away
        FunctionName=NEW, ReservedConcurrentExecutions=RESERVED
    )
    stage.check()
    assert look(stage.place)["functions"].keys() == {f"{OLD}{x}-image" for x in RESOURCES}
    ground.through(rest(), "rollback")
    ground.through(rest(), "unpin")
    stage.turn()
    ground.through(rest(), "convert")
    stage.check()
    ground.through(rest(), "convert", "finish=1")
    assert NEW not in look(stage.place)["functions"]
