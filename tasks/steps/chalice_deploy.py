"""chalice-deploy: `chalice deploy`, only when app, config or layers changed or AWS disagrees."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..clients import chalice_app, chalice_state, functions, secrets, stage_store
from ..clients.aws import Aws, connect
from ..clients.sdk_errors import errors
from ..core import chalice_config, paths, people, records, trees
from ..core.actions import action
from ..core.chalice_config import Member
from ..core.console import duration, say
from ..core.errors import DeployError, LayerError
from ..core.loading import current
from ..core.secret import Secret, shadowed
from ..core.settings import Settings

APP = ("app.py", "chalicelib", "vendor", "requirements.txt")  # what Chalice packs
TRIES = 3  # of a deploy that meets a function which is still updating


def task_chalice_deploy() -> dict[str, object]:
    """Deploy the app with Chalice; wait until the function is updated."""
    settings = current()
    return {
        "basename": "chalice-deploy",
        "actions": [action(lambda: deploy(connect(settings)))],
        "task_dep": ["patch-config"],
        "setup": ["deploy-lock"],
        "uptodate": [lambda: is_deployed(settings)],
    }


def is_deployed(settings: Settings) -> bool:
    """AWS runs exactly this, as our record says, or that of whoever deployed last; and no pin is
    left to be lifted, which a deploy does."""
    if _looked_up(settings).get("lifts"):
        return False
    path = paths.stage_record(settings, "chalice-deploy")
    try:
        aws = connect(settings)
        made_from = fingerprint(settings, secret=secrets.version(aws))
        # a CI cache brings our records back, and Chalice's state not
        known = chalice_app.deployed_file(settings.stage).exists()
        if known and _runs(settings, made_from, records.read(path) or {}):
            return True
        theirs = chalice_state.last(aws)
        if not (_runs(settings, made_from, theirs) and chalice_state.take(aws)):
            return False
    except LayerError:
        return False  # the action says what is wrong
    records.write(path, theirs)
    say("exactly this was deployed from another machine: its record is taken from S3")
    return True


def _looked_up(settings: Settings) -> records.Record:
    return records.read(paths.stage_record(settings, "lookup")) or {}


def _runs(settings: Settings, made_from: str, record: records.Record) -> bool:
    if record.get("fingerprint") != made_from or not record.get("functions"):
        return False
    return not differing(connect(settings), record)


def differing(aws: Aws, record: records.Record) -> list[str]:
    """The functions that AWS has otherwise than this record of a deploy."""
    now = observed(aws, record["functions"])
    return [name for name, was in record["functions"].items() if now[name] != was]


def fingerprint(
    settings: Settings,
    arns: list[str] | None = None,
    secret: str = "",
    more: Sequence[Member] = (),
) -> str:
    """sha256 of the app's files and of what config.json says about this stage; `arns` and `more`:
    as if patch-config had written them; `secret`: the version of the stage's secret, never its
    values."""
    config, place = (
        chalice_config.load(paths.CHALICE_CONFIG),
        (paths.CHALICE_CONFIG, settings.stage),
    )
    if arns is None:
        stage = chalice_config.stage(*place)
    else:
        stage = chalice_config.after(*place, arns, more)
    files = [Path(name) for name in APP if Path(name).is_file()]
    files += [path for name in APP if Path(name).is_dir() for path in trees.walk(Path(name))]
    contents = {str(path): records.file_digest(path) for path in files if path.suffix != ".pyc"}
    of_secret = [settings.secret, secret] if settings.secret else []
    return records.digest([{**config, "stages": {}}, stage, contents, *of_secret])


def observed(aws: Aws, names: Iterable[str]) -> dict[str, Any]:
    """{function: {"sha256", "layers"}} as AWS has them now; None for one that is gone."""
    return {name: _observed(functions.configuration(aws, name)) for name in sorted(names)}


def _observed(configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    if configuration is None:
        return None
    arns = [layer["Arn"] for layer in configuration.get("Layers", [])]
    return {"sha256": configuration["CodeSha256"], "layers": arns}


def deploy(aws: Aws) -> None:
    """The stage as lookup found that it should be. DeployError when it was rolled back since;
    what is deployed against a pin for other requirements lifts it."""
    looked_up = _looked_up(aws.settings)
    pin, wanted = stage_store.pin(aws), looked_up.get("input", "")
    if pin and pin.holds(wanted) and pin.at != looked_up.get("pin"):
        problem = f"stage {aws.settings.stage} was changed while this deploy was under way: {pin}"
        raise DeployError(problem, fix="run the same again: it keeps that version")
    run(aws)
    if pin and not pin.lifted and not pin.holds(wanted):
        why = f"other requirements ({wanted[:12]}) were deployed by {people.signature(aws.environ)}"
        stage_store.put_pin(aws, pin.lift(why))
        say(f"note: the pin is lifted: stage {aws.settings.stage} had been {pin}")


def run(aws: Aws) -> records.Record:
    """Deploy, wait, keep Chalice's state and the record in S3. DeployError, AwsError.

    Record {"fingerprint", "functions": {name: {"sha256", "layers"}}, "layers": the stage's ARNs,
    "url"[, "secret"]}."""
    settings, started = aws.settings, time.monotonic()
    secret = secrets.read(aws)
    _tell(settings, secret)
    made_from = fingerprint(settings, secret=secret.version if secret else "")
    chalice_state.restore(aws)
    _deploy(aws, secret.values if secret else {})
    _wait(aws)
    record: records.Record = {
        "fingerprint": made_from,
        "functions": observed(aws, chalice_app.functions(settings.stage).values()),
        "layers": chalice_config.layers(paths.CHALICE_CONFIG, settings.stage),
        "url": chalice_app.api_url(settings.stage),
    }
    if secret:
        record["secret"] = secret.facts
    chalice_state.save(aws, record)
    records.write(paths.stage_record(settings, "chalice-deploy"), record)
    say(f"{', '.join(record['functions'])} updated in {duration(time.monotonic() - started)}")
    return record


def _tell(settings: Settings, secret: Secret | None) -> None:
    """Which variables the functions get, by name."""
    if not secret:
        return
    say(f"variables out of secret {secret.name}: {', '.join(sorted(secret.values)) or 'none'}")
    for function, configured in secrets.configured(settings).items():
        for name in shadowed(secret, configured):
            say(f"note: {name} of function {function} is the secret's, not config.json's")


def _deploy(aws: Aws, secret: Mapping[str, str]) -> None:
    """A function that is still updating refuses the next change (chalice#1844): wait, again."""
    for attempt in range(1, TRIES + 1):
        try:
            chalice_app.deploy(aws.settings, aws.exported(), secret)
            return
        except DeployError as error:
            if chalice_app.CONFLICT not in str(error) or attempt == TRIES:
                raise
            say("the function is still updating: waiting, then once more")
            _wait(aws)


def _wait(aws: Aws) -> None:
    waiter = aws.client("lambda").get_waiter("function_updated_v2")
    for name in chalice_app.functions(aws.settings.stage).values():
        with errors(f"waiting for {name}"):
            waiter.wait(FunctionName=name)
