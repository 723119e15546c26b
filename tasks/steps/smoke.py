"""smoke: the deployed app is asked, as its users ask it.

Through API Gateway where the app has routes. Its function alone where nobody outside reaches the
API (a private one, the emulator). An app without routes is looked at: an event would do its
work.
"""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial

from ..aws import lambda_functions, secrets_manager
from ..aws.client import Aws
from ..chalice_project import api_event, app, deploy
from ..chalice_project.source.declared import Route
from ..context.connection import connect
from ..context.doit_actions import action
from ..context.settings import current
from ..release.deployed import api as stage_api
from ..release.deployed.api import UNREACHED, Answer
from ..release.stage import chalice_state
from ..release.undo import snapshot, watch
from ..report import cold_start, deploy_summary
from ..report.cold_start import Start
from ..settings import paths, records, smoke_request
from ..settings.model import Settings
from ..settings.smoke_request import Request
from ..settings.step_records import SmokeRecord
from ..ui.console import duration, say
from ..util import files
from ..util.errors import DeployError, InputError, LayerError

SHOWN = 10  # lines of the function's own log
PATIENCE, PAUSE = 30.0, 2.0  # seconds that a new API may refuse for, and between two questions


def task_smoke() -> dict[str, object]:
    """Call the deployed app."""
    settings = current()
    return {
        "actions": [action(lambda: ask_and_judge(connect(settings)))],
        "task_dep": ["chalice-deploy"],
        "meta": {"last_words": partial(deploy_summary.of_deploy, settings)},
    }


def task_smoke_before() -> dict[str, object]:
    """Call the app as it runs before the deploy."""
    settings = current()
    return {
        "basename": "smoke-before",
        "actions": [action(lambda: snapshot.ask_before(connect(settings), run))],
        "setup": ["deploy-lock"],
    }


def ask_and_judge(aws: Aws) -> None:
    """DeployError where it does not answer, or takes longer to start than `max-init` allows. On the
    emulator this machine is what takes long. A slow start is not undone: the app answers."""
    settings = aws.settings
    watch.watch(aws, run)
    record = records.read(settings, SmokeRecord)
    if settings.max_init and not settings.is_local and record and record.start:
        start = _cold_start(aws, Start(**record.start))
        cold_start.check(start, settings.max_init, record.function, watch.back(settings))


def _cold_start(aws: Aws, start: Start) -> Start:
    """This one, kept with the record of what was deployed. Where it was warm the one kept there, by
    whatever machine. Of another deploy nothing is."""
    path = paths.stage_record(aws.settings, "chalice-deploy")
    deployed = files.read_record(path) or {}
    if start.init is None:
        return Start(**deployed.get("start", {}))
    if deployed:
        deployed["start"] = asdict(start)
        chalice_state.save_record(aws, deployed)
        files.write_record(path, deployed)
    return start


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a stage is asked. `url`: '' where its function is. `routes`: the app's. `first`: was the
    API made by the last deploy?"""

    aws: Aws
    function: str
    url: str
    routes: list[Route]
    first: bool
    hide: Callable[[str], str]

    def answer(self, request: Request, *, directly: bool = False) -> Answer:
        """InputError where a header's variable is not set."""
        try:
            headers = smoke_request.filled(request, self.aws.environ)
        except KeyError as error:
            problem = f"{request}: its headers need the environment variable {error.args[0]}"
            raise InputError(problem, fix="set it, then run ./doitw smoke again") from None
        if self.url and not directly:
            found = stage_api.by_address(self.url, request, headers, self.aws.tls())
        else:
            paths = [each.path for each in self.routes]
            found = stage_api.by_event(self.aws, self.function, request, headers, paths)
        return stage_api.hidden(found, self.hide)


def run(aws: Aws, way: str = "") -> SmokeRecord:
    """DeployError with the function's own error. `way`: out of it, where this version is bad: for a
    deploy, which is what asks unless it says so, back."""
    settings = aws.settings
    way = way or watch.back(settings)
    deployed = deploy.functions(settings.stage)
    name, wanted = deployed.get("api_handler"), settings.smoke_requests
    if name is None:
        return find_functions(aws, sorted(deployed.values()), "no API to ask")
    asking = how(aws, name)
    wanted = fitting(settings, wanted, asking.routes)
    asked = [each for each in wanted if asking.url or not needs_gateway(each, asking)]
    if not asked:
        why = "its routes are API Gateway's to guard" if wanted else "nothing is asked"
        return find_functions(aws, sorted(deployed.values()), why)
    start = _start(asking, asked)
    answers = [call_function(asking, each, way) for each in asked]
    start = start or cold_start.read(answers[0].log)
    say(start.sentence)
    record = SmokeRecord(
        function=name, status=answers[0].status, body=answers[0].body, start=asdict(start),
        url=asking.url,
    )  # fmt: skip
    records.write(settings, record)
    return record


def ask_directly(aws: Aws, name: str, others: list[str]) -> None:
    """Functions that no event reaches yet: that of the routes, '' for none, is called, the others
    are looked at. DeployError where one does not answer, or is not ready."""
    settings, routes = aws.settings, deploy.routes(aws.settings)
    find_functions(aws, others, "no event reaches the new functions yet")
    asking = Asking(
        aws=aws, function=name, url="", routes=routes, first=False,
        hide=secrets_manager.hider(aws, name),
    )  # fmt: skip
    for each in fitting(settings, settings.smoke_requests, routes) if name else ():
        if not needs_gateway(each, asking):
            call_function(
                asking, each, "nothing leads to the new functions: the stage is as it was"
            )


def fitting(
    settings: Settings, wanted: tuple[Request, ...], routes: Sequence[Route]
) -> tuple[Request, ...]:
    """The requests. Where nobody has chosen any, and the app has no such route, one that it has."""
    if settings.smoke or settings.smoke_path != Settings().smoke_path or not routes:
        return wanted
    if any(stage_api.has(each, routes) for each in wanted):
        return wanted
    found = app.liked(app.open_paths(routes))
    instead = "nothing" if found == smoke_request.NONE else f"GET {found}"
    say(f"note: app.py has no {wanted[0]}, and smoke-path is not set: {instead} is asked instead")
    return smoke_request.of_path(found)


def _start(asking: Asking, asked: list[Request]) -> Start | None:
    """Of a GET to the function alone, where API Gateway is asked, which passes on no log."""
    first = next((each for each in asked if each.method == "GET"), None)
    if not asking.url or first is None:
        return None
    with suppress(LayerError):  # the request itself says what is wrong
        return cold_start.read(asking.answer(first, directly=True).log)
    return None


def how(aws: Aws, function: str) -> Asking:
    """Says why API Gateway is not asked, where it could be."""
    url, why = stage_api.address(aws, deploy.api_url(aws.settings.stage))
    if why:
        say(f"note: {why}: its function is asked, without API Gateway")
    deployed = files.read_record(paths.stage_record(aws.settings, "chalice-deploy")) or {}
    runs = [Route(**each) for each in deployed.get("routes", [])]  # not those of a newer app.py
    return Asking(
        aws=aws, function=function, url=url, routes=runs or deploy.routes(aws.settings),
        first=bool(deployed.get("first")), hide=secrets_manager.hider(aws, function),
    )  # fmt: skip


def needs_gateway(request: Request, asking: Asking) -> bool:
    """Is it not asked, where the function is asked alone?"""
    guarded = stage_api.is_guarded(request, asking.routes)
    if guarded:
        say(f"note: {request} is not asked: API Gateway guards it, and is not asked here")
    return guarded


def call_function(asking: Asking, request: Request, way: str) -> Answer:
    """The answer that was wanted. DeployError for another."""
    started = time.monotonic()
    answer = _patiently(asking, request)
    took = duration(time.monotonic() - started)
    if problem := _problem(asking, request, answer):
        raise _failed(problem, answer.log or _log(asking, request), _way(asking, request, way))
    where = f" ({asking.url})" if asking.url else ""
    say(f"{asking.function}: {request} → {answer.status} in {took}{where}")
    for line in pretty(answer.body):
        say(line)
    return answer


def _patiently(asking: Asking, request: Request) -> Answer:
    """API Gateway needs a moment for a new API: what it refuses then is asked for again."""
    deadline = time.monotonic() + (PATIENCE if asking.first and asking.url else 0)
    while True:
        answer = asking.answer(request)
        waits = answer.status in (403, UNREACHED) or answer.status >= 500
        if not waits or request.is_answered(answer.status) or time.monotonic() >= deadline:
            return answer
        time.sleep(PAUSE)


def _problem(asking: Asking, request: Request, answer: Answer) -> str:
    """'' for the answer that was wanted."""
    name = asking.url.rstrip("/") or asking.function
    if answer.failure:
        return f"{name} failed on {request}: {answer.failure}"
    if answer.status == UNREACHED:
        return f"{name} cannot be reached for {request}: {answer.body}"
    if not request.is_answered(answer.status):
        wanted = f", not {', '.join(map(str, request.status))}" if request.status else ""
        return f"{name} answered {answer.status} to {request}{wanted}: {answer.body}"
    lacks = "; ".join(request.missing(answer.body))
    return f"{name} answered {request} otherwise than expected: {lacks}" if lacks else ""


def _log(asking: Asking, request: Request) -> str:
    """What the function itself says of a GET that failed at the API's address."""
    if not asking.url or request.method != "GET":
        return ""
    alone = asking.answer(request, directly=True)
    if request.is_answered(alone.status):
        return f"(the function itself answers {alone.status}: it is API Gateway that refuses)"
    return alone.log


def _way(asking: Asking, request: Request, way: str) -> str:
    """Where the app has no such route: which it has."""
    path, _ = api_event.matched(request.path.partition("?")[0], [x.path for x in asking.routes])
    there = [each for each in asking.routes if each.path == path]
    if not asking.routes or any(request.method in each.methods for each in there):
        return way
    has = ", ".join(f"{each.methods[0]} {each.path}" for each in asking.routes[:5])
    return f"app.py has no {request}, it has {has}: set smoke-path, or `none`; or {way}"


def find_functions(aws: Aws, names: list[str], why: str) -> SmokeRecord:
    """Where nothing is asked. DeployError where nothing is deployed or one is not ready."""
    settings = aws.settings
    if not names:
        fix = f"run ./doitw deploy stage={settings.stage}, then this command again"
        raise DeployError(f"stage {settings.stage} has no function to look at", fix=fix)
    for name in names:
        found = lambda_functions.configuration(aws, name) or {}
        if found.get("State") not in lambda_functions.READY:
            fix = f"look at it in the console, then run ./doitw smoke stage={settings.stage} again"
            raise DeployError(f"{name} is {found.get('State', 'not there')}", fix=fix)
    say(f"{why}; ready for their events: {', '.join(names)}")
    record = SmokeRecord(function="", functions=names)
    records.write(settings, record)
    return record


def _failed(problem: str, log: str, way: str) -> DeployError:
    tail = "\n".join(log.strip().splitlines()[-SHOWN:])
    return DeployError(
        problem + (f"\nits log ends with:\n{tail}" if tail else ""),
        fix=f"{way}, or correct the app and deploy again",
    )


def pretty(body: str) -> list[str]:
    """JSON indented, other text as it is. At most 40 lines."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body
    return text.splitlines()[:40]
