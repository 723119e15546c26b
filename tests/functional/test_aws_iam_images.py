"""The same for a stage of images: each command with its policy alone, then without each statement.

ECR's registry is asked over HTTP; what each of its requests is to IAM stands in enforced_iam.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.aws.iam.image_statements import CONVERT_NEEDS, IMAGE_NEEDS, needs_of
from tasks.aws.iam.statements import CALL, CONVERT, DEPLOY, GC, ROLLBACK, STATUS, Need
from tasks.commands import iam_policy
from tasks.context import settings
from tasks.settings import paths
from tasks.ui import console
from tasks.util import files
from tests import converted_stage, deployed_project, docker_registry, enforced_iam, image_stage
from tests.iam_life import KEY, Life, configure
from tests.moto_server import ACCOUNT, serving
from tests.project import small

pytestmark = pytest.mark.long
PURPOSES = (DEPLOY, ROLLBACK, STATUS, GC, CALL, CONVERT)
SETTINGS = f'bucket = "deps-bucket"\naccount = "{ACCOUNT}"\n'
MAKING = (
    "Stage Key Images Bucket MakeBucket LookAtBucket+MakeBucket Repository MakeRepository Registry "
    "Push Role MakeRole PassRole MakeFunction Function Api Logs FindLogs"
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
        made.project.write("pyproject.toml", text)
        patch.chdir(made.project.path)
        for name, value in server.environment().items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
            patch.delenv(name, raising=False)
        files.write_record(paths.LOCAL_RUNTIME, {"builder": "docker"})
        live(made)
        yield made
    console.console.cache_clear()  # it has the last command's output


def live(life: Life) -> None:
    assert life.doit("build")[0] == 0
    configure(life.project, tags={"team": "shop"}, reserved_concurrency=1, log_retention_in_days=7)
    life.dropping(DEPLOY, MAKING, "deploy")
    life.run(DEPLOY, "deploy")
    life.run(DEPLOY, "package")
    life.project.write("app.py", life.project.read("app.py") + "\n# a line\n")
    configure(life.project, tags={})
    life.run(DEPLOY, "deploy")
    life.dropping(ROLLBACK, GOING_BACK, "rollback")
    life.run(ROLLBACK, "rollback")
    life.dropping(STATUS, "Bucket Read ReadKey Look ReadImages Registry Repository FindApi", "plan")
    life.dropping(STATUS, "Functions", "history")
    for command in ("plan", "status", "history", "show", "diff", "fetch"):
        life.run(STATUS, command)
    life.run(ROLLBACK, "undo")
    life.dropping(CALL, "Bucket State ReadKey", "logs")
    life.dropping(CALL, "ReadLogs", "logs")
    life.run(CALL, "logs")
    convert(life)


def convert(life: Life) -> None:
    converted_stage.set_package(life.project, "layer")
    life.dropping(CONVERT, "OldFunctions EventSources", "convert")
    life.run(CONVERT, "convert")
    life.dropping(CONVERT, "OldFunctions", "convert", "finish=1")
    life.run(CONVERT, "convert", "finish=1")
    converted_stage.set_package(life.project, "image")
    life.dropping(CONVERT, "LeftBehind", "convert")
    life.run(CONVERT, "convert", "keep-name=1")
    for number in (1, 2):
        life.project.write("app.py", life.project.read("app.py") + f"\n# {number} more\n")
        code, said = life.doit("deploy", "stage=prod")
        assert code == 0, (said, life.alone["convert keep-name=1"])
    clean = ("gc", "keep=1", "yes=1")
    life.dropping(GC, "Bucket Read Key Stage Images Functions EveryObject DeleteImages", *clean)
    life.run(GC, *clean)


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
    missing = {x.sid for x in needs(purpose)} - {
        sid for asked, sid in life.said if asked == purpose
    }
    assert not missing


def test_every_action_is_asked_for(life: Life) -> None:
    allowed = {action for need in (*IMAGE_NEEDS, *CONVERT_NEEDS) for action in need.actions}
    assert allowed - {action for action, _ in life.guard.asked} == set()


def needs(purpose: str) -> list[Need]:
    within = iam_policy.scope(settings.load_settings(Path(), {}, {"stage": "prod"}), KEY)
    return needs_of(within, purpose)
