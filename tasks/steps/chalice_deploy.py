"""chalice-deploy: `chalice deploy`, only when app, config or layers changed or AWS disagrees."""

import json
import time
from pathlib import Path
from typing import Any

from tasks.clients import chalice_app, layers, rest_apis, s3
from tasks.clients.aws import Aws, connect, errors
from tasks.core import chalice_config, paths, records, trees
from tasks.core.actions import action
from tasks.core.console import duration, say
from tasks.core.errors import DeployError, LayerError
from tasks.core.settings import Settings, current

APP = ("app.py", "chalicelib", "vendor", "requirements.txt")  # what Chalice packs
TRIES = 3  # of a deploy that meets a function which is still updating


def task_chalice_deploy() -> dict[str, object]:
    """Deploy the app with Chalice; wait until the function is updated."""
    settings = current()
    return {
        "basename": "chalice-deploy",
        "actions": [action(lambda: run(connect(settings)))],
        "task_dep": ["patch-config"],
        "setup": ["deploy-lock"],
        "uptodate": [lambda: is_deployed(settings)],
    }


def is_deployed(settings: Settings) -> bool:
    """Our record and AWS agree that exactly this is running."""
    record = records.read(paths.stage_record(settings, "chalice-deploy")) or {}
    try:
        if record.get("fingerprint") != fingerprint(settings) or not record.get("functions"):
            return False
        return bool(observed(connect(settings)) == record["functions"])
    except LayerError:
        return False  # the action says what is wrong


def fingerprint(settings: Settings) -> str:
    """sha256 of the app's files and of what config.json says about this stage."""
    config = chalice_config.load(paths.CHALICE_CONFIG)
    stage = chalice_config.stage(paths.CHALICE_CONFIG, settings.stage)
    files = [Path(name) for name in APP if Path(name).is_file()]
    files += [path for name in APP if Path(name).is_dir() for path in trees.walk(Path(name))]
    contents = {str(path): records.file_digest(path) for path in files if path.suffix != ".pyc"}
    return records.digest([{**config, "stages": {}}, stage, contents])


def observed(aws: Aws) -> dict[str, Any]:
    """{function: {"sha256", "layers"}} as AWS has them now; None for one that is gone."""
    return {
        name: _observed(layers.function(aws, name))
        for name in sorted(chalice_app.functions(aws.settings.stage).values())
    }


def _observed(configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    if configuration is None:
        return None
    arns = [layer["Arn"] for layer in configuration.get("Layers", [])]
    return {"sha256": configuration["CodeSha256"], "layers": arns}


def run(aws: Aws) -> records.Record:
    """Deploy, wait, keep Chalice's state in S3, record what runs. DeployError, AwsError."""
    settings, started = aws.settings, time.monotonic()
    made_from = fingerprint(settings)
    restore_state(aws)
    _deploy(aws)
    _wait(aws)
    save_state(aws)
    url = chalice_app.api_url(settings.stage)
    record = {"fingerprint": made_from, "functions": observed(aws), "url": url}
    records.write(paths.stage_record(settings, "chalice-deploy"), record)
    say(f"{', '.join(record['functions'])} updated in {duration(time.monotonic() - started)}")
    return record


def _deploy(aws: Aws) -> None:
    """A function that is still updating refuses the next change (chalice#1844): wait, again."""
    for attempt in range(1, TRIES + 1):
        try:
            chalice_app.deploy(aws.settings.stage, aws.exported())
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


def state_key(settings: Settings) -> str:
    return f"chalice/{_app()}/{settings.stage}/deployed.json"


def _app() -> str:
    return str(chalice_config.load(paths.CHALICE_CONFIG).get("app_name", "app"))


def save_state(aws: Aws) -> None:
    """Beside the layers in S3: without it a fresh CI runner makes a second API (chalice#1570)."""
    s3.ensure_bucket(aws)
    state = chalice_app.deployed_file(aws.settings.stage).read_bytes()
    s3.put_bytes(aws, state_key(aws.settings), state)


def known_state(aws: Aws) -> records.Record:
    """Chalice's record of the stage, here or in S3, for who only looks; {} where there is none."""
    local = records.read(chalice_app.deployed_file(aws.settings.stage))
    state = None if local else s3.get_bytes(aws, state_key(aws.settings))
    return local or (json.loads(state) if state else {})


def function_name(settings: Settings) -> str:
    """As Chalice calls the function of an app's routes."""
    return f"{_app()}-{settings.stage}"


def restore_state(aws: Aws) -> None:
    """What this machine does not know of earlier deploys: out of S3, else out of AWS itself."""
    local = chalice_app.deployed_file(aws.settings.stage)
    if local.exists():
        return
    state = s3.get_bytes(aws, state_key(aws.settings))
    if state is not None and json.loads(state).get("resources"):
        records.write_atomic(local, state)
        say(f"{local} taken from S3: the app was deployed from another machine")
    else:
        adopt(aws)


def adopt(aws: Aws) -> None:
    """The REST API of a deploy that ended before Chalice wrote its state down: Chalice finds
    functions and roles by name, APIs it would make anew."""
    function = function_name(aws.settings)
    if layers.function(aws, function) is None:
        return
    for api in rest_apis.of_function(aws, _app(), function)[:1]:
        records.write(chalice_app.deployed_file(aws.settings.stage), chalice_app.state_of(api))
        say(f"REST API {api} calls {function} already: it is updated, no second one is made")
