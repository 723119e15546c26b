"""Before a stage changes: what it runs, kept in S3, so that it can be brought back from anywhere.

Chalice's package lies beside the state under one of two names. The one that runs is never written
over, and nothing has to be deleted.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...aws import apigateway, lambda_functions, s3, s3_versions
from ...aws.client import Aws
from ...chalice_project import config as chalice_config
from ...chalice_project import deploy
from ...settings import paths, records, s3_keys
from ...settings.step_records import AskedRecord
from ...util import actor, files
from ...util.errors import LayerError
from ...util.files import Record
from .. import version, wishes
from ..images import conversion
from ..stage import chalice_state, store
from . import attempt
from .attempt import Attempt, Ran

# Of a function: what Chalice sets, and an undo sets back.
SETTINGS = (
    "Handler", "Runtime", "Timeout", "MemorySize", "Layers", "Environment", "TracingConfig",
    "VpcConfig", "Architectures", "PackageType", "ImageConfigResponse",
)  # fmt: skip

RESERVED = "ReservedConcurrentExecutions"  # which GetFunctionConfiguration does not say


def read(aws: Aws) -> Attempt | None:
    return attempt.from_json(s3.get_bytes(aws, _key(aws)))


def write(aws: Aws, found: Attempt) -> Attempt:
    """Only with the stage's lock."""
    s3.put_bytes(aws, _key(aws), attempt.to_json(found))
    remember(aws, found)
    return found


def end(aws: Aws, state: str, why: str = "") -> None:
    """Of one that has not ended well. Needs no lock: what somebody wrote meanwhile stays."""
    there = s3_versions.read_object(aws, _key(aws))
    found = attempt.from_json(there.data)
    if found and not found.ended_well:
        found = found.now(state, why)
        s3_versions.write_object(aws, _key(aws), attempt.to_json(found), there.etag)
        remember(aws, found)


def remember(aws: Aws, found: Attempt) -> None:
    """For the next question, which asks no AWS."""
    record: Record = {"ended_well": found.ended_well}
    if found.before and found.before.is_kept and found.state != attempt.UNDONE:
        ran = {name: each.get("CodeSha256") for name, each in found.before.functions.items()}
        record["undoes"] = {"functions": ran, "layers": [*found.before.layers]}
    files.write_record(_local(aws), record)


def ended_well(aws: Aws) -> bool:
    """As far as this checkout knows."""
    return bool((files.read_record(_local(aws)) or {}).get("ended_well", True))


def _local(aws: Aws) -> Path:
    return paths.stage_record(aws.settings, "attempt")


def _key(aws: Aws) -> str:
    return store.key(aws.settings, s3_keys.ATTEMPT)


def begin(
    aws: Aws, asked: AskedRecord | None, former: Attempt | None = None, image: str = ""
) -> Attempt:
    """Before Chalice changes anything. `former`: the last change. One that was cut short goes on:
    what ran before it is what it goes back to. `asked`: about what runs now.
    `image`: by digest, for a stage of images."""
    arns = [] if image else chalice_config.layers(paths.CHALICE_CONFIG, aws.settings.stage)
    by, at = actor.current_actor(aws.environ), actor.written(datetime.now(UTC))
    if conversion.read(aws).is_open:
        before, blocked = None, way_back(aws)
    elif former and former.is_open:
        before, blocked = former.before, former.blocked
    else:
        before = _before(aws)
        blocked = _blocked(before, asked)
    begun = Attempt(
        by=by, at=at, state=attempt.DEPLOYING, arns=arns, before=before, blocked=blocked,
        app=wishes.app(aws.settings), image=image,
    )  # fmt: skip
    return write(aws, begun)


def way_back(aws: Aws) -> str:
    """Of a conversion, which no undo brings back."""
    former, stage = "layer" if aws.settings.is_image else "image", aws.settings.stage
    return f'a conversion goes back by package = "{former}" and ./doitw convert stage={stage}'


def take_back(aws: Aws, begun: Attempt, former: Attempt | None) -> None:
    """It was refused before anything was changed: the last change is the one before it."""
    write(aws, former or begun.now(attempt.REFUSED))


def _before(aws: Aws) -> Ran | None:
    """None where nothing runs."""
    last = chalice_state.last(aws)
    state = chalice_state.read_state(aws)
    named = deploy.functions_of(state)
    found = {name: lambda_functions.configuration(aws, name) for name in sorted(named.values())}
    there = {name: each for name, each in found.items() if each}
    if not there:
        return None
    secret = (last.get("secret") or {}).get("names", [])
    package = last.get("package") or {}
    kept = {each["CodeSha256"] for each in there.values()} == {package.get("sha256")}
    return Ran(
        functions={
            name: _settings(each, secret) | {RESERVED: lambda_functions.reserved(aws, name)}
            for name, each in there.items()
        },
        package=package["name"] if kept else "",
        record=last,
        layers=last.get("layers") or [],
        api=_api(aws, state),
        resources={each["name"]: each["resource_type"] for each in state.get("resources", [])},
    )


def _settings(found: Mapping[str, Any], secret: list[str]) -> dict[str, Any]:
    """Without the secret's values, which no file may hold."""
    kept: dict[str, Any] = {name: found[name] for name in SETTINGS if name in found}
    kept["Layers"] = [each["Arn"] for each in found.get("Layers", [])]
    variables = found.get("Environment", {}).get("Variables", {})
    plain = {name: value for name, value in variables.items() if name not in secret}
    return kept | {"Environment": {"Variables": plain}, "CodeSha256": found["CodeSha256"]}


def _api(aws: Aws, state: Mapping[str, Any]) -> dict[str, str]:
    """Which deployment of the REST API the stage has."""
    ids = [each["rest_api_id"] for each in state.get("resources", []) if "rest_api_id" in each]
    if not ids:
        return {}
    stage = api_stage(aws)
    deployment = apigateway.deployment(aws, ids[0], stage)
    return {"id": ids[0], "stage": stage, "deployment": deployment} if deployment else {}


def api_stage(aws: Aws) -> str:
    """What API Gateway calls the stage. Chalice's default is `api`."""
    app = chalice_config.load_config(paths.CHALICE_CONFIG)
    own = chalice_config.stage(paths.CHALICE_CONFIG, aws.settings.stage)
    return str(own.get("api_gateway_stage") or app.get("api_gateway_stage") or "api")


def _blocked(before: Ran | None, asked: AskedRecord | None) -> str:
    if before is None:
        return "nothing ran before"
    if not before.is_kept:
        return "no package of what ran before is kept in S3: this tool did not deploy it"
    if not (asked and asked.answered):
        said = attempt.short((asked and asked.said) or "nobody asked it")
        return f"what ran before did not answer either: {said}"
    return ""


def keep_package(aws: Aws, before: Ran | None, sha256: str) -> dict[str, str] | None:
    """The package that was just deployed, into S3: {"name", "sha256"}. None where it is not here.
    `sha256`: as Lambda says it."""
    if before and before.package and before.sha256 == sha256:
        return {"name": before.package, "sha256": sha256}
    for path in sorted(Path(".chalice/deployments").glob("*.zip")):
        digest = files.file_digest(path)
        if version.code_sha256(digest) == sha256:
            runs = before.package if before else ""
            name = next(each for each in s3_keys.PACKAGES if each != runs)
            key = store.key(aws.settings, name)
            if s3.holds(aws, key, digest) is None:
                s3.put_file(aws, key, path, digest)
            return {"name": name, "sha256": sha256}
    return None


def everybodys(aws: Aws) -> Iterator[tuple[str, str]]:
    """(ARN, stage) of what an unfinished change of any app and stage may go back to."""
    for stage, text in store.everybodys(aws, s3_keys.ATTEMPT):
        found = attempt.from_json(text)
        if found and found.before and not found.ended_well:
            for each in found.before.functions.values():
                for arn in each.get("Layers", []):
                    yield arn, stage


def ask_before(aws: Aws, ask: Any) -> AskedRecord:
    """Does what runs now answer? A change that was cut short has asked already."""
    former = read(aws)
    record = AskedRecord(answered=False, said="nothing ran before")
    if former and former.is_open:
        record = AskedRecord(answered=False, said=f"{former} was cut short")
    elif deploy.functions_of(chalice_state.read_state(aws)):
        record = _asked(aws, ask)
    records.write(aws.settings, record)
    return record


def _asked(aws: Aws, ask: Any) -> AskedRecord:
    try:
        if not deploy.deployed_file(aws.settings.stage).exists():
            chalice_state.fetch_state(aws)
        ask(aws)
    except LayerError as error:
        return AskedRecord(answered=False, said=attempt.short(error.problem))
    return AskedRecord(answered=True, said="")
