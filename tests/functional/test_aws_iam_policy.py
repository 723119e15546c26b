"""Each command with its policy alone, then without each of its statements, in moto's IAM.

One stage's life: published, deployed, changed, rolled back to a deleted version, cleaned up. Every
command is the real one; an identity of moto's IAM has what `doit iam-policy` prints for it, and
before the command succeeds so, it fails once for each statement that is taken out.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tasks.aws.iam import needed_actions as iam_statements
from tasks.aws.iam.needed_actions import CALL, DEPLOY, GC, MAKE_BUCKET, PUBLISH, ROLLBACK, STATUS
from tasks.release.stage import lease
from tasks.ui import console
from tests import deployed_project, project
from tests.enforced_iam import adjust
from tests.iam_life import ASSUME, KEY, Life, configure, printed, put
from tests.moto_server import ACCOUNT, Refusal, serving

pytestmark = pytest.mark.long  # test_aws_iam.py tells in each run which operations are called
SECRET = "shuking/prod"  # noqa: S105 - its name
SETTINGS = (
    f'bucket = "deps-bucket"\nlifecycle-days = 90\naccount = "{ACCOUNT}"\nsecret = "{SECRET}"\n'
)


# Without the right to look at the bucket all goes on, so one more is taken there.
ALONE = [
    "publish", "deploy", "rollback version=1", "rollback version=3", "history", "plan", "status",
    "diff from=1 to=2", "gc keep=1 yes=1", "patch-config", "unlock yes=1", "unpin", "adopt-state",
    "invoke event=http", "logs", "package",
]  # fmt: skip
ROLES = "Secret Role PassRole"
LOGS = "Logs FindLogs"  # last: Chalice writes them once all else is there
# Each run gets further than the one before.
MAKING = f"Version Secret Role MakeRole PassRole MakeFunction Function Api {LOGS}"
BUILDING = "Lifecycle+StoreExpiry Key Zips Tag Untag LookAtBucket+Publish Publish"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        deployed_project.adjust(patch, server)
        adjust(patch)
        made = Life(
            project=project.small(tmp_path_factory.mktemp("iam") / "copy"),
            server=server,
            patch=patch,
        )
        text = made.project.read("pyproject.toml")
        made.begin(text + SETTINGS, "host")
        made.client("secretsmanager").create_secret(Name=SECRET, SecretString='{"WORD": "x"}')
        live(made)
        yield made
    console.console.cache_clear()  # it has the last command's output


def live(life: Life) -> None:
    assert life.doit("build")[0] == 0
    # both need the same until it is published; each of these runs gets further than the last
    for sid in ("Versions", "Stage", "Bucket"):
        life.run(DEPLOY, "deploy", without=sid)
        life.run(PUBLISH, "publish", without=sid)
    life.run(MAKE_BUCKET, "publish", without="MakeBucket", beside=PUBLISH)
    life.run(MAKE_BUCKET, "publish", without="Lifecycle+StoreExpiry", beside=PUBLISH)
    for sid in BUILDING.split():
        life.run(DEPLOY, "deploy", without=sid)
        life.run(PUBLISH, "publish", without=sid)
    life.run(PUBLISH, "publish")
    keeping = {"Status": "Enabled"}  # from here on Lambda reads versions of objects
    life.client("s3").put_bucket_versioning(Bucket="deps-bucket", VersioningConfiguration=keeping)
    life.dropping(PUBLISH, "Version", "publish")
    configure(life.project, tags={"team": "shop"}, reserved_concurrency=1, log_retention_in_days=7)
    life.dropping(STATUS, "FindApi", "plan")
    life.dropping(DEPLOY, MAKING, "deploy")
    life.run(DEPLOY, "deploy")
    life.run(DEPLOY, "package")
    life.project.write("requirements-all.txt", "six==1.17.0\n")
    configure(life.project, tags={}, reserved_concurrency=None)
    life.run(DEPLOY, "deploy")
    life.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    back = ("rollback", "version=1")
    life.dropping(
        ROLLBACK,
        f"Stage Versions Key Zips Untag Publish Version {ROLES} Function Api {LOGS} Bucket",
        *back,
    )
    life.run(ROLLBACK, *back)
    life.dropping(
        STATUS, "Bucket Read ReadKey Versions Version Look SecretVersion", "status", "check=1"
    )
    life.dropping(STATUS, "Functions", "history")
    for command in ("history", "plan", "status"):
        life.run(STATUS, command)
    life.run(STATUS, "diff", "from=1", "to=2")
    call(life)
    clean = ("gc", "keep=1", "yes=1")
    life.dropping(
        GC, "Bucket Read Key Stage Versions Functions EveryObject Delete DeleteVersion", *clean
    )
    life.run(GC, *clean)
    with_a_role_made_by_hand(life)
    as_somebody_who_takes_a_role(life)
    lay_a_lock(life)
    life.run(ROLLBACK, "unlock", "yes=1")
    life.run(ROLLBACK, "unpin")
    lose_the_state(life)
    life.run(ROLLBACK, "adopt-state")


def call(life: Life) -> None:
    """From a checkout that did not deploy it."""
    state = life.project.path / ".chalice/deployed/prod.json"
    kept = state.read_bytes()
    state.unlink()
    life.dropping(CALL, "Bucket+State State ReadKey Invoke Deployed Secret", "invoke", "event=http")
    life.dropping(CALL, "ReadLogs", "logs")
    life.run(CALL, "invoke", "event=http")
    life.run(CALL, "logs")
    state.write_bytes(kept)


def with_a_role_made_by_hand(life: Life) -> None:
    """The functions', which is passed on and not written. The deploy that changes over to it
    deletes the one that Chalice had made, for which no policy of ours has the rights."""
    iam, role = life.client("iam"), f"arn:aws:iam::{ACCOUNT}:role/functions"
    iam.create_role(RoleName="functions", AssumeRolePolicyDocument="{}")
    configure(life.project, manage_iam_role=False, iam_role_arn=role)
    assert life.doit("deploy", "stage=prod")[0] == 0
    configure(life.project, environment_variables={"MORE": "1"})
    life.dropping(DEPLOY, "PassRole", "deploy")
    life.run(DEPLOY, "patch-config")
    life.run(DEPLOY, "deploy")
    configure(life.project, environment_variables={"MORE": "2"})
    life.dropping(ROLLBACK, "PassRole", "rollback", "version=3")
    life.run(ROLLBACK, "rollback", "version=3")


def as_somebody_who_takes_a_role(life: Life) -> None:
    """The deployer's: it has the policy, whoever takes it only the right to do so."""
    text, iam = life.project.read("pyproject.toml"), life.client("iam")
    policy = json.dumps(printed(STATUS))
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument="{}")
    iam.put_role_policy(RoleName="deployer", PolicyName="looks", PolicyDocument=policy)
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    life.project.write("pyproject.toml", f'{text}role = "{role}"\n')
    life.dropping(ASSUME, "Assume", "status")
    life.run(ASSUME, "status")
    life.project.write("pyproject.toml", text)


def lay_a_lock(life: Life) -> None:
    """Somebody's who died."""
    found = lease.taken("anna@laptop", datetime.now(UTC))
    put(life, "lock.json", found.written())


def lose_the_state(life: Life) -> None:
    """Chalice's, here and in S3."""
    (life.project.path / ".chalice/deployed/prod.json").unlink()
    put(life, "deployed.json", b"{}")


def cases() -> list[tuple[str, str]]:
    """Every statement that a stage with all features needs, and that of who takes its role."""
    needs = iam_statements.NEEDS
    found = [(purpose, need.sid) for purpose in iam_statements.PURPOSES for need in needs
             if purpose in need.of]  # fmt: skip
    return [*found, (ASSUME, "Assume")]


@pytest.mark.parametrize("command", ALONE)
def test_each_command_runs_with_its_policy_alone(life: Life, command: str) -> None:
    """`plan` says by its exit status that there is something to do."""
    code, said = life.alone[command]
    assert code in ((0, 2) if command == "plan" else (0,)), said
    assert "no permission" not in said
    assert "unknown" not in said


def test_every_command_that_was_run_is_looked_at(life: Life) -> None:
    assert sorted(life.alone) == sorted(ALONE)


@pytest.mark.parametrize(("purpose", "sid"), cases())
def test_without_one_statement_it_fails_and_says_which_action(
    life: Life, purpose: str, sid: str
) -> None:
    """So each of them is needed, and whoever forgets one is told its name. What only looks shows
    the rest, and a bucket that cannot be looked at stops nothing."""
    code, said = life.said[purpose, sid]
    needs = [need for need in iam_statements.NEEDS if need.sid in life.gone[purpose, sid]]
    actions = [action for need in needs for action in need.actions]
    assert any(action in said for action in actions or ["sts:AssumeRole"]), said
    assert code == 1 or (purpose in (STATUS, ASSUME) and "unknown" in said), said


def test_every_action_is_asked_for(life: Life) -> None:
    """None is allowed that no command needs."""
    unasked = {
        "s3:DeleteObject",  # S3 may ask for it where a bucket keeps no versions
        "s3:AbortMultipartUpload",  # after an upload that failed (test_aws_s3)
        "logs:DeleteRetentionPolicy",  # when config.json no longer has `log_retention_in_days`
    }
    allowed = {action for need in iam_statements.NEEDS for action in need.actions}
    assert allowed - {action for action, _ in life.guard.asked} == unasked


def test_the_command_prints_and_writes_what_was_proven(life: Life) -> None:
    """With the account in pyproject.toml it asks nobody; one file a policy."""
    life.server.seen.clear()
    code, said = life.doit(
        "iam-policy", "stage=prod", "repository=me/shop", "branch=release", f"key={KEY}"
    )
    assert (code, life.server.seen) == (0, [])
    folder = life.project.path / "build/iam/deps/prod"
    written = {path.stem: json.loads(path.read_text()) for path in folder.iterdir()}
    assert written.keys() == {*iam_statements.PURPOSES, "trust", "bucket"}
    for purpose in iam_statements.PURPOSES:
        assert written[purpose] == printed(purpose)
    assert '"repo:me/shop:environment:prod"' in said
    assert "refs/heads/release" in said


def test_an_account_that_nobody_knows(life: Life) -> None:
    """A word that IAM refuses stands for it, and that is said."""
    text = life.project.read("pyproject.toml")
    life.project.write("pyproject.toml", text.replace(f'account = "{ACCOUNT}"', ""))
    life.server.refused = lambda request: Refusal(status=403, code="ExpiredToken")
    code, said = life.doit("iam-policy", "stage=prod")
    life.server.refused = lambda request: None
    life.project.write("pyproject.toml", text)
    assert code == 0
    assert '"arn:aws:lambda:ap-northeast-2:ACCOUNT_ID:layer:deps"' in said
    assert "ACCOUNT_ID stands for the account's number" in said
    assert "write `account` into pyproject.toml" in said


def test_one_policy_alone(life: Life) -> None:
    """For a pipe: JSON, and nothing else."""
    for purpose in (*iam_statements.PURPOSES, "trust"):
        code, said = life.doit("iam-policy", "stage=prod", f"for={purpose}", f"key={KEY}")
        assert code == 0
        found = json.loads(said)["Statement"]
        keyless = purpose in ("trust", MAKE_BUCKET)
        assert any(KEY in each.get("Resource", "") for each in found) is not keyless
    assert life.doit("iam-policy", "stage=prod", "for=assume")[0] == 1  # it has no role
    assert life.doit("iam-policy", "stage=prod", "for=deplyo")[0] == 3
