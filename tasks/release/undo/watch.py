"""Whether what was deployed answers, and what is done about it where it does not."""

from collections.abc import Callable

from ...aws.client import Aws
from ...settings.model import Settings
from ...settings.step_records import AskedRecord
from ...util.errors import DeployError, LayerError
from ..stage import rollback_pin
from . import attempt, restore, snapshot
from .attempt import Attempt

Ask = Callable[[Aws], object]
# A rollback is there for what does not answer, and is not undone by itself.
UNASKED = AskedRecord(answered=False, said="a rollback does not ask it")


def watch(aws: Aws, ask: Ask) -> None:
    """Ask what was deployed whether it answers. DeployError where it does not, once that is undone
    as `on-smoke-failure` says."""
    try:
        ask(aws)
    except DeployError as error:
        found = None if snapshot.ended_well(aws) else snapshot.read(aws)
        if found is None or not found.is_open:
            raise
        raise _answer(aws, found, error, ask) from None
    close(aws)


def close(aws: Aws) -> None:
    """It answers: the change is finished."""
    _end(aws, attempt.ANSWERED)


def give_up(aws: Aws, problem: str) -> None:
    """It does not answer, and stays as it is."""
    _end(aws, attempt.FAILED, problem)


def _end(aws: Aws, state: str, why: str = "") -> None:
    if not snapshot.ended_well(aws):
        snapshot.end(aws, state, why)


def _answer(aws: Aws, found: Attempt, error: DeployError, ask: Ask) -> DeployError:
    """What to say of an app that does not answer, once everything is done about it."""
    settings = aws.settings
    if settings.on_smoke_failure == "rollback" and not found.blocked:
        return finish(aws, found.now(attempt.UNDOING, error.problem), error.problem, ask)
    snapshot.write(aws, found.now(attempt.FAILED, error.problem))
    left = f"not undone: {found.blocked or 'on-smoke-failure is stop'}"
    fix = error.fix if found.before else error.fix.replace(f"{back(settings)}, or ", "")
    way = f"\n→ {command(aws)} brings back what ran before" if found.before else ""
    return DeployError(f"{error.problem}\n{left}", fix=fix + (way if _whole(found) else ""))


def _whole(found: Attempt) -> bool:
    return bool(found.before and found.before.is_kept)


def back(settings: Settings) -> str:
    """The way out of a version that is bad, where there is one before it."""
    return f"go back with ./doitw rollback stage={settings.stage}"


def command(aws: Aws) -> str:
    return f"./doitw undo stage={aws.settings.stage}"


def finish(aws: Aws, found: Attempt, problem: str, ask: Ask | None = None) -> DeployError:
    """Undo it. The error that says so."""
    try:
        left = restore.perform(aws, found, f"{_failed(found)}: {found.why}")
    except LayerError as error:
        return DeployError(
            f"{problem}\nit could not be undone: {error.problem}",
            fix=f"{error.fix}\n→ {command(aws)} goes on with it, and so does the next deploy",
        )
    assert found.before
    stage = aws.settings.stage
    lines = [problem, f"undone: stage {stage} runs {found.before.named} again, as before"]
    lines += [f"not undone: {each}" for each in left]
    if ask:
        lines.append(_again(aws, ask))
    pinned = f"; the stage is pinned until then, or until ./doitw unpin stage={stage}"
    pinned = pinned if found.has_other_layers else ""
    fix = f"correct the app or its requirements, then ./doitw deploy stage={stage}{pinned}"
    return DeployError("\n".join(lines), fix=fix)


def _failed(found: Attempt) -> str:
    layers = ", ".join(map(rollback_pin.named, found.arns))
    named = attempt.image_named(found.image) if found.image else layers
    return f"{named or 'the app'} failed its smoke test"


def _again(aws: Aws, ask: Ask) -> str:
    try:
        ask(aws)
    except DeployError as error:
        return f"and that does not answer any more: {attempt.short(error.problem)}"
    return "and that answers"
