"""The same for a stage of images: each command with its policy alone, then without each statement.

ECR's registry is asked over HTTP; what each of its requests is to IAM stands in enforced_iam.py.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tasks.aws.iam.image_actions import CONVERT_NEEDS, IMAGE_NEEDS, needs_of
from tasks.aws.iam.needed_actions import (
    CALL,
    CONVERT,
    DEPLOY,
    GC,
    MAKE_BUCKET,
    ROLLBACK,
    STATUS,
    Need,
)
from tasks.aws.iam.store_actions import STORE_NEEDS
from tasks.commands import iam_policy
from tasks.context import settings
from tasks.ui import console
from tests import converted_stage, deployed_project, docker_registry, enforced_iam, image_stage
from tests.iam_life import KEY, Life, configure
from tests.moto_server import ACCOUNT, REGION, serving
from tests.project import small

pytestmark = pytest.mark.long
PURPOSES = (DEPLOY, ROLLBACK, STATUS, GC, CALL, CONVERT)
SETTINGS = f'bucket = "deps-bucket"\naccount = "{ACCOUNT}"\n'
MAKING = (
    "LookAtBucket+Repository Repository MakeRepository Registry Push Role MakeRole PassRole "
    "MakeFunction Function Api Logs FindLogs"
)
GOING_BACK = "Stage Key Images Bucket Registry Repository Function"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("iam")
    with (
        pytest.MonkeyPatch.context() as patch, serving() as server,
        docker_registry.serving(folder) as bases,
    ):  # fmt: skip
        deployed_project.adjust(patch, server)
        enforced_iam.adjust(patch)
        enforced_iam.adjust_registry(patch, server.url)
        image_stage.put_base(bases, folder, "one")
        made = Life(project=small(folder / "copy"), server=server, patch=patch)
        text = made.project.read("pyproject.toml").partition("[tool.lambda-layer]")[0]
        text += image_stage.SETTINGS.format(host=bases.host) + SETTINGS
        made.begin(text, "docker")
        live(made)
        yield made
    console.console.cache_clear()  # it has the last command's output


def live(life: Life) -> None:
    assert life.doit("build")[0] == 0
    configure(life.project, tags={"team": "shop"}, reserved_concurrency=1, log_retention_in_days=7)
    life.dropping(STATUS, "FindApi", "plan")
    life.dropping(DEPLOY, "Stage Key Images Bucket", "deploy")
    life.run(MAKE_BUCKET, "deploy", without="MakeBucket", beside=DEPLOY)
    life.run(MAKE_BUCKET, "deploy", without="Repository", beside=DEPLOY)
    life.dropping(DEPLOY, MAKING, "deploy")
    life.run(DEPLOY, "deploy")
    life.run(DEPLOY, "package")
    change(life)
    configure(life.project, tags={})
    life.run(DEPLOY, "deploy")
    life.dropping(ROLLBACK, GOING_BACK, "rollback")
    life.run(ROLLBACK, "rollback")
    look(life)
    life.dropping(ROLLBACK, "Api", "undo")
    life.run(ROLLBACK, "undo")
    assert life.alone["undo"][0] == 0, life.alone["undo"]
    convert(life)
    clean(life)


def change(life: Life) -> None:
    life.project.write("app.py", life.project.read("app.py") + "\n# a line\n")


def look(life: Life) -> None:
    life.dropping(STATUS, "Bucket Read ReadKey Look", "status", "check=1")
    life.dropping(STATUS, "ReadImages Registry Repository Functions", "show")
    for command in ("plan", "status", "history", "show", "diff", "fetch"):
        life.run(STATUS, command)
    state = life.project.path / ".chalice/deployed/prod.json"  # from a checkout without it
    kept = state.read_bytes()
    state.unlink()
    life.dropping(CALL, "Bucket+State State ReadKey ReadLogs", "logs")
    life.dropping(CALL, "Invoke", "invoke", "event=http")
    life.run(CALL, "logs")
    state.write_bytes(kept)


def convert(life: Life) -> None:
    """With what people gave to the function, which follows."""
    queue = life.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rpartition('/')[2]}"
    functions = life.client("lambda")
    functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="shuking-prod")
    functions.put_function_event_invoke_config(FunctionName="shuking-prod", MaximumRetryAttempts=1)
    for name in ("shuking-prod", "shuking-prod-layer"):  # Lambda makes them with the first line
        with suppress(ClientError):
            life.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    converted_stage.set_package(life.project, "layer")
    life.dropping(CONVERT, "OldFunctions EventSources LeadEvents", "convert")
    life.run(CONVERT, "convert")
    life.dropping(CONVERT, "OldFunctions", "convert", "finish=1")
    life.run(CONVERT, "convert", "finish=1")
    for kind, sid in (("image", "LogsLeft"), ("layer", "AlarmsLeft")):
        converted_stage.set_package(life.project, kind)
        life.run(CONVERT, "convert", without=sid)  # what stays behind is unknown then
        assert life.doit("convert", "finish=1", "stage=prod")[0] == 0
    converted_stage.set_package(life.project, "image")
    life.run(CONVERT, "convert", "keep-name=1")


def clean(life: Life) -> None:
    """In a bucket that another stage has something in, too."""
    other = "chalice/shuking/dev/attempt.json"
    life.client("s3").put_object(Bucket="deps-bucket", Key=other, Body=b"{}")
    for _ in range(2):
        change(life)
        code, said = life.doit("deploy", "stage=prod")
        assert code == 0, (said, life.alone["convert keep-name=1"])
    statements = "Bucket Read Key Stage Images Functions EveryObject DeleteImages DeleteNotes"
    life.dropping(GC, statements, "gc", "keep=1", "yes=1")
    life.run(GC, "gc", "keep=1", "yes=1")


ALONE = [
    "deploy", "package", "rollback", "plan", "status", "history", "show", "diff", "fetch", "undo",
    "logs", "convert", "convert finish=1", "convert keep-name=1", "gc keep=1 yes=1",
]  # fmt: skip


@pytest.mark.parametrize("command", ALONE)
def test_each_command_runs_with_its_policy_alone(life: Life, command: str) -> None:
    code, said = life.alone[command]
    assert code in ((0, 2) if command == "plan" else (0,)), said
    assert "no permission" not in said
    assert "unknown" not in said


@pytest.mark.parametrize("purpose", PURPOSES)
def test_without_one_statement_it_fails_and_says_which_action(life: Life, purpose: str) -> None:
    left_out = {sid for asked, sid in life.said if asked == purpose and sid}
    for sid in left_out:
        code, said = life.said[purpose, sid]
        gone = life.gone[purpose, sid]
        actions = [x for need in needs(purpose) if need.sid in gone for x in need.actions]
        assert any(each in said for each in actions), (sid, said)
        assert code == 1 or "unknown" in said, (sid, said)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_statement_was_left_out_once(life: Life, purpose: str) -> None:
    left_out = {sid for asked, sid in life.said if asked == purpose}
    if purpose == CONVERT:  # what is a deploy's is looked at there
        left_out |= {sid for asked, sid in life.said if asked == DEPLOY}
    never = {each.sid for each in STORE_NEEDS}  # nothing fails without the team's store
    assert {each.sid for each in needs(purpose)} - left_out - never == set()


def test_every_action_is_asked_for(life: Life) -> None:
    allowed = {action for need in (*IMAGE_NEEDS, *CONVERT_NEEDS) for action in need.actions}
    unasked = {"s3:DeleteObject"}  # S3 may ask for it where a bucket keeps no versions
    assert allowed - {action for action, _ in life.guard.asked} == unasked


def needs(purpose: str) -> list[Need]:
    within = iam_policy.scope(settings.load_settings(Path(), {}, {"stage": "prod"}), KEY)
    return needs_of(within, purpose)
