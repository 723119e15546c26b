"""`doit rollback`: the stage back to an earlier layer version. Nothing is rebuilt.

    rollback:config → rollback:chalice-deploy → rollback:smoke

The same functions as the steps of `deploy`, entered at patch-config.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tasks.clients import layers
from tasks.clients.aws import Aws, connect
from tasks.core import arguments, chalice_config, paths, records, versions
from tasks.core.actions import action
from tasks.core.arguments import Arguments
from tasks.core.console import say
from tasks.core.errors import DeployError, InputError, LayerError
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion
from tasks.steps import chalice_deploy, patch_config, preflight, smoke


def task_rollback() -> Iterator[dict[str, object]]:
    """Back to version=N, to the version before the current one, or to arn=A[,B…]."""
    settings, typed = current(), arguments.current()
    steps: dict[str, Callable[[], object]] = {
        "config": lambda: configure(settings, typed),
        "chalice-deploy": lambda: onward(settings, chalice_deploy.run),
        "smoke": lambda: finish(settings),
    }
    before: list[str] = []
    for name, step in steps.items():
        yield {
            "name": name,
            "actions": [action(step)],
            "task_dep": before,
            "setup": ["deploy-lock"],
        }
        before = [f"rollback:{name}"]


def configure(settings: Settings, said: Arguments) -> None:
    """Find the version and write it to config.json. Refused before anything is changed.

    Record {"from", "to", "at", "done"}; written before config.json is, so that a run that was
    stopped is continued by the next and does not go back one version more.
    """
    typed = typed_versions(said)
    preflight.check_stage(settings)
    preflight.check_python(settings)
    before = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    last = records.read(paths.stage_record(settings, "rollback")) or {"done": True}
    if not typed and not last["done"] and last["to"] == before:
        say("continuing the rollback that was not finished")
        return
    arns = target(connect(settings), before, typed)
    patch_config.check(settings, arns)
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    record = {"from": before, "to": arns, "at": at, "done": False}
    records.write(paths.stage_record(settings, "rollback"), record)
    patch_config.run(settings, arns)
    if before == arns:
        say(f"stage {settings.stage} is configured so already; deploying it again")


def typed_versions(typed: Arguments) -> int | list[str] | None:
    """`version=` or `arn=` as they were typed. InputError for both, or for neither's form."""
    if typed.version and typed.arn:
        raise InputError("version= and arn= are both given", fix="say one of them")
    if typed.arn:
        return versions.parse_arns(typed.arn)
    return versions.parse_number(typed.version) if typed.version else None


def target(aws: Aws, configured: list[str], typed: int | list[str] | None) -> list[str]:
    """The stage's `layers` to be. InputError when a version is not there or does not fit."""
    if isinstance(typed, list):
        for arn in typed:
            _must_fit(layers.by_arn(aws, arn), aws.settings)
        return versions.placed(configured, typed)
    published = layers.versions(aws)
    if typed is None:
        return versions.replaced(configured, previous(published, configured, aws.settings).arn)
    found = next((version for version in published if version.number == typed), None)
    if found is None:
        raise _missing(typed, published, aws.settings)
    return versions.replaced(configured, _must_fit(found, aws.settings).arn)


def _missing(typed: int, published: list[LayerVersion], settings: Settings) -> InputError:
    if not published:
        fix = f"publish the first one: ./doitw deploy stage={settings.stage}"
        return InputError(f"layer {settings.layer} has no versions yet", fix=fix)
    there = ", ".join(str(version.number) for version in published)
    return InputError(
        f"layer {settings.layer} has no version {typed}; there are: {there}",
        fix="choose one of those; a deleted version cannot be attached again",
    )


def previous(
    published: list[LayerVersion], configured: list[str], settings: Settings
) -> LayerVersion:
    """The newest version older than the configured one that runs here."""
    ours = [arn for arn in configured if versions.is_of(arn, settings.layer)]
    if not ours:
        fix = "say which one: ./doitw rollback version=N"
        raise InputError(f"stage {settings.stage} uses no version of {settings.layer}", fix=fix)
    number = versions.number_of(ours[0])
    older = [v for v in published if v.number < number]
    fitting = [v for v in older if v.fits(settings.python, settings.architecture)]
    if not fitting:
        raise InputError(
            f"there is no version of {settings.layer} before {number} to go back to",
            fix="`./doitw status` lists what there is; ./doitw rollback arn=… takes any layer",
        )
    return fitting[0]


def _must_fit(version: LayerVersion, settings: Settings) -> LayerVersion:
    if version.fits(settings.python, settings.architecture):
        return version
    made_for = ", ".join((*version.runtimes, *version.architectures))
    raise InputError(
        f"{version.arn} was built for {made_for}, the function runs python{settings.python} "
        f"on {settings.architecture}",
        fix="choose another version, or change `python` and `architecture` in pyproject.toml",
    )


def onward(settings: Settings, step: Callable[[Aws], object]) -> None:
    """One more step. When it fails: what state things are in, and how to get out of it."""
    try:
        step(connect(settings))
    except LayerError as error:
        record = records.read(paths.stage_record(settings, "rollback")) or {"from": [], "to": []}
        state = f"stage {settings.stage} is configured for {', '.join(record['to']) or 'no layers'}"
        way = way_to(record["from"], record["to"], settings)
        fix = f"{error.fix}\n→ or go back to what was there before: {way}"
        raise DeployError(
            f"{error.problem}\n{state}; the rollback is not finished", fix=fix
        ) from None


def way_to(wanted: list[str], configured: list[str], settings: Settings) -> str:
    """The command that makes these the stage's layers."""
    ours = [arn for arn in wanted if versions.is_of(arn, settings.layer)]
    if ours and versions.replaced(configured, ours[0]) == wanted:
        how = f"version={versions.number_of(ours[0])}"
    elif len(wanted) > 1:
        how = f"arn={','.join(wanted)}"
    else:
        listed = f"stages.{settings.stage}.layers = {records.canonical(wanted).decode()}"
        return f"set {listed} in {paths.CHALICE_CONFIG}, then `chalice deploy`"
    return f"./doitw rollback {how} stage={settings.stage}"


def finish(settings: Settings) -> None:
    """Ask the function, then call the rollback done."""
    onward(settings, smoke.run)
    path = paths.stage_record(settings, "rollback")
    record = records.read(path) or {}
    records.write(path, record | {"done": True})
    say(f"stage {settings.stage} is back on {', '.join(record['to'])}")
    say(f"next: ./doitw deploy stage={settings.stage} goes forward to what the requirements say")
