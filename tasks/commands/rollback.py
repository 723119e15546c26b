"""`doit rollback`: the stage back to an earlier layer version. Nothing is rebuilt.

    rollback:config → rollback:chalice-deploy → rollback:smoke

The same functions as the steps of `deploy`, entered at patch-config.
"""

from collections.abc import Iterator

from tasks.clients import layers
from tasks.clients.aws import Aws, connect
from tasks.core import chalice_config, paths, records, versions
from tasks.core.actions import action
from tasks.core.console import say
from tasks.core.errors import InputError
from tasks.core.settings import Settings, current
from tasks.core.versions import LayerVersion
from tasks.steps import chalice_deploy, patch_config, preflight, smoke


def task_rollback() -> Iterator[dict[str, object]]:
    """Back to version=N, to the version before the current one, or to arn=A[,B…]."""
    settings = current()
    steps = {
        "config": lambda: configure(settings),
        "chalice-deploy": lambda: chalice_deploy.run(connect(settings)),
        "smoke": lambda: smoke.run(connect(settings)),
    }
    before: list[str] = []
    for name, step in steps.items():
        yield {"name": name, "actions": [action(step)], "task_dep": before}
        before = [f"rollback:{name}"]


def configure(settings: Settings) -> None:
    """Find the version and write it to config.json. Refused before anything is changed."""
    typed = versions.parse_number(settings.version) if settings.version else None
    explicit = versions.parse_arns(settings.arn) if settings.arn else []
    preflight.check_stage(settings)
    preflight.check_python(settings)
    aws = connect(settings)
    before = chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)
    if explicit:
        arns = checked(aws, explicit)
    else:
        arns = versions.replaced(before, choose(aws, before, typed).arn)
    patch_config.run(settings, arns)
    records.write(paths.stage_record(settings, "rollback"), {"from": before, "to": arns})
    if before == arns:
        say(f"stage {settings.stage} is configured so already; deploying it again")


def checked(aws: Aws, arns: list[str]) -> list[str]:
    """The ARNs as they are, when all exist and run here."""
    for arn in arns:
        _must_fit(layers.by_arn(aws, arn), aws.settings)
    return arns if len(arns) > 1 else versions.replaced(_configured(aws.settings), arns[0])


def _configured(settings: Settings) -> list[str]:
    return chalice_config.layers(paths.CHALICE_CONFIG, settings.stage)


def choose(aws: Aws, configured: list[str], typed: int | None) -> LayerVersion:
    """The version typed, or the one before the one configured. InputError when there is none."""
    published = layers.versions(aws)
    if typed is None:
        return previous(published, configured, aws.settings)
    found = next((version for version in published if version.number == typed), None)
    if found is None:
        there = ", ".join(str(version.number) for version in published) or "none"
        raise InputError(
            f"layer {aws.settings.layer} has no version {typed}; there are: {there}",
            fix="choose one of those; a deleted version cannot be attached again",
        )
    return _must_fit(found, aws.settings)


def previous(
    published: list[LayerVersion], configured: list[str], settings: Settings
) -> LayerVersion:
    """The newest version older than the configured one that runs here."""
    ours = [arn for arn in configured if f":layer:{settings.layer}:" in arn]
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
