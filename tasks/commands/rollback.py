"""`doit rollback`: the stage back to an earlier layer version. Nothing is rebuilt.

    rollback:check → deploy-lock → rollback:config → rollback:chalice-deploy → rollback:smoke

The same functions as the steps of `deploy`, entered at patch-config. And a pin, so that it holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ..aws import arn as layer_arns
from ..aws.client import Aws
from ..chalice_project import config
from ..context import arguments
from ..context.arguments import Arguments
from ..context.connection import connect
from ..context.doit_actions import behind_lock
from ..context.settings import current
from ..release import listing, manifest, version
from ..release.stage import attached_layers, pinning, rollback_pin, store
from ..release.undo import snapshot, watch
from ..report import deploy_summary
from ..settings import paths, records
from ..settings.model import Settings
from ..settings.step_records import RollbackRecord
from ..steps import chalice_deploy, import_app, patch_config, preflight, smoke
from ..ui.console import say
from ..util import files
from ..util.errors import AwsError, DeployError, InputError, LayerError
from . import image_rollback, rollback_target


def task_rollback() -> Iterator[dict[str, object]]:
    """Return to the previous layer version, or version=N."""
    settings, typed = current(), arguments.current()
    if settings.is_image:
        yield from image_rollback.tasks(settings, typed)
        return
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "check": ("Check what was typed.", lambda: check_typed(settings, typed)),
        "config": ("Pin the version, write config.json.", lambda: begin(settings, typed)),
        "chalice-deploy": ("Deploy the app with Chalice.", lambda: onward(settings, change)),
        "smoke": ("Call the app.", lambda: finish(settings)),
    }
    words = partial(deploy_summary.of_rollback, settings)
    for task in behind_lock("rollback", steps):
        yield task | ({"meta": {"last_words": words}} if task["name"] == "smoke" else {})


def begin(settings: Settings, said: Arguments) -> None:
    """Chalice deploys app.py as it is here: one that cannot be imported is refused before the stage
    is changed."""
    import_app.run(connect(settings))
    configure(settings, said)


def change(aws: Aws) -> None:
    """What would hide the layer is said, and stays: a way back is not refused."""
    chalice_deploy.run(aws, watch.UNASKED, refuses=False)


def check_typed(settings: Settings, said: Arguments) -> int | list[str] | None:
    """What was typed, as versions. InputError, before AWS is asked and the stage is locked."""
    typed = typed_versions(said)
    preflight.check_stage(settings)
    preflight.check_python(settings)
    if not (typed or unfinished(settings)):
        rollback_target.used(current_versions(settings), settings)
    return typed


def current_versions(settings: Settings) -> list[str]:
    """What the stage has by config.json. Where that names no version, by AWS. AwsError, which names
    the stages that have one by config.json, and chooses none of them."""
    configured = config.layers(paths.CHALICE_CONFIG, settings.stage)
    if any(layer_arns.is_of(arn, settings.layer) for arn in configured):
        return configured
    try:
        return attached_layers.now(connect(settings))
    except AwsError as error:
        raise AwsError(
            error.problem, fix=error.fix + rollback_target.or_of(settings.layer)
        ) from None


def unfinished(settings: Settings) -> bool:
    """Was a rollback stopped after it had begun, and nothing else been configured since?"""
    last = records.read(settings, RollbackRecord)
    configured = config.layers(paths.CHALICE_CONFIG, settings.stage)
    return bool(last and not last.done and last.to == configured)


def configure(settings: Settings, said: Arguments) -> None:
    """Find the version and write it to config.json, after `check`, which asked without the lock.
    Refused before anything is changed.

    The record and the pin are written before config.json is. So a run that was stopped is continued
    by the next and does not go back one version more.
    """
    typed = typed_versions(said)
    if not typed and unfinished(settings):
        say(f"note: continuing the rollback that was not finished; {further(settings)}")
        return
    aws = connect(settings)
    if not isinstance(typed, list):  # which is the whole list, whatever stands there
        preflight.check_places(aws)
    before = attached_layers.now(aws)
    stands = rollback_pin.own(store.pin(aws), before) if typed else before
    arns = rollback_target.target(aws, stands, typed)
    patch_config.refuse_bad_layers(settings, arns)
    reason = said.reason or "no reason given"
    pinned = pinning.make(aws, before, arns, reason, whole=names_layers(typed, settings))
    own = [*pinned.replaced]
    records.write(settings, RollbackRecord(before=before, to=arns, own=own, at=pinned.at))
    store.put_pin(aws, pinned)
    patch_config.run(settings, arns, before)
    if before == arns:
        say(f"stage {settings.stage} has these layers already; it is deployed again")


def typed_versions(typed: Arguments) -> int | list[str] | None:
    """`version=` or `arn=` as they were typed. InputError for both, or for neither's form."""
    if typed.version and typed.arn:
        raise InputError("version= and arn= are both given", fix="say one of them")
    if typed.arn:
        return layer_arns.parse_arns(typed.arn)
    return version.parse_number(typed.version) if typed.version else None


def names_layers(typed: int | list[str] | None, settings: Settings) -> bool:
    """Several ARNs, or one of another layer: the stage is to have just this list."""
    given = typed if isinstance(typed, list) else []
    return len(given) > 1 or any(not layer_arns.is_of(arn, settings.layer) for arn in given)


def onward(settings: Settings, step: Callable[[Aws], object]) -> None:
    """One more step. When it fails: what state things are in, and how to get out of it."""
    try:
        step(connect(settings))
    except LayerError as error:
        record = records.read(settings, RollbackRecord)
        before, to, own = (
            ([*record.before], [*record.to], [*record.own]) if record else ([], [], [])
        )
        state = f"stage {settings.stage} is configured for {', '.join(to) or 'no layers'}"
        way = way_to(before, own, settings)
        if is_kept(settings, to):
            way = f"./doitw undo stage={settings.stage}"
        raise DeployError(
            f"{error.problem}\n{state}. The rollback is not finished",
            fix=f"{error.fix}\n→ or go back to what was there before: {way}",
        ) from None


def is_kept(settings: Settings, to: list[str]) -> bool:
    """Is all that ran before this rollback kept, the code, too?"""
    try:
        found = snapshot.read(connect(settings))
    except LayerError:
        return False
    return bool(found and [*found.arns] == to and found.before and found.before.package)


def further(settings: Settings) -> str:
    """The way on from a version that is bad, too: a bare `rollback` would only continue this."""
    return f"go further back with ./doitw rollback version=N stage={settings.stage}"


def way_to(wanted: list[str], own: list[str], settings: Settings) -> str:
    """The command that makes these the stage's layers. `own`: those from before any rollback, in
    which `rollback version=N` puts that version."""
    ours = [arn for arn in wanted if layer_arns.is_of(arn, settings.layer)]
    if ours and layer_arns.replaced(own, ours[0]) == wanted:
        how = f"version={layer_arns.number_of(ours[0])}"
    elif len(wanted) > 1:
        how = f"arn={','.join(wanted)}"
    else:
        listed = f"stages.{settings.stage}.layers = {files.canonical(wanted).decode()}"
        by_hand = f"./doitw unpin stage={settings.stage} && chalice deploy --stage {settings.stage}"
        return f"set {listed} in {paths.CHALICE_CONFIG}, then {by_hand}"
    return f"./doitw rollback {how} stage={settings.stage}"


def finish(settings: Settings) -> None:
    """Call the function, then call the rollback done."""
    onward(settings, lambda aws: ask(aws, further(settings)))
    record = records.needed(settings, RollbackRecord)
    sizes = measured(connect(settings), [*record.to])
    records.write(settings, replace(record, done=True, sizes=sizes))
    say(f"stage {settings.stage} is back on {', '.join(record.to)}")
    until = f"./doitw unpin stage={settings.stage} or changed requirements"
    say(f"note: deploys keep it until {until}")


def ask(aws: Aws, way: str) -> None:
    """DeployError where it does not answer. That is left as it is."""
    try:
        smoke.run(aws, way)
    except DeployError as error:
        watch.give_up(aws, error.problem)
        raise
    watch.close(aws)


def measured(aws: Aws, arns: list[str]) -> dict[str, dict[str, int]]:
    """{ARN of this layer: {"bytes", "unzipped"}}, as far as S3 has its manifest."""
    ours = [arn for arn in arns if layer_arns.is_of(arn, aws.settings.layer)]
    made = {arn: manifest.read_manifest(aws, listing.by_arn(aws, arn)) for arn in ours}
    return {
        arn: {"bytes": each.bytes, "unzipped": each.unzipped} for arn, each in made.items() if each
    }
