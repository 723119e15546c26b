"""history and diff against an AWS over HTTP: what is listed, what changed, who uses it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.chalice_project import config
from tasks.commands import diff, history
from tasks.context.arguments import Arguments
from tasks.release import compare
from tasks.release.stage import chalice_state, rollback_pin, store
from tasks.release.stage.rollback_pin import RollbackPin
from tasks.settings import paths, s3_keys
from tasks.steps import publish, upload
from tasks.util.errors import AwsError, InputError
from tests import deployed_project as deployed_copy
from tests import lambda_function
from tests.api_operations import operation
from tests.finished_layer import build, zipped
from tests.moto_server import Refusal, Server
from tests.project import Project

TYPED = Arguments()


def deployed(aws: Aws, number: int, **pins: str) -> str:
    """One more version of ours."""
    text = "".join(f"{name}=={version}\n" for name, version in pins.items())
    Path("requirements-all.txt").write_text(text, encoding="utf-8")
    build(aws.settings, text, f"20250102-{number:06}", pins)
    upload.run(aws)
    return str(publish.run(aws).arn)


def by_hand(aws: Aws, description: str = "") -> None:
    aws.client("lambda").publish_layer_version(
        LayerName="deps", Description=description, Content={"ZipFile": zipped(description)}
    )


def shown(renderable: Any) -> str:
    with Path("seen").open("w") as file:
        console = Console(record=True, width=200, file=file)
        console.print(renderable)
        return console.export_text()


def listed(aws: Aws, **typed: str) -> list[int]:
    return [each.number for each in history.gather_history(aws, Arguments(**typed)).entries]  # type: ignore[arg-type] # text


def entry(aws: Aws, number: int) -> history.HistoryRow:
    entries = history.gather_history(aws, TYPED).entries
    return next(each for each in entries if each.number == number)


# ---- history ------------------------------------------------------------------------------------


def test_each_version_says_what_changed_against_the_one_before(aws: Aws) -> None:
    """Newest first, with date, sizes and the distributions that came, went, moved."""
    deployed(aws, 1, six="1.16.0", idna="3.10")
    deployed(aws, 2, six="1.17.0", certifi="2025.1")
    assert listed(aws) == [2, 1]
    seen = shown(history.table(aws.settings, history.gather_history(aws, TYPED).entries))
    for words in ("six 1.16.0 → 1.17.0 (upgraded)", "idna 3.10 (removed)",
                  "certifi 2025.1 (added)", "2 distributions"):  # fmt: skip
        assert words in seen
    second = entry(aws, 2)
    assert second.published is not None
    assert second.manifest is not None
    assert second.published.date in seen
    assert second.zipped == second.manifest.bytes == paths.layer_zip(aws.settings).stat().st_size


def test_it_says_who_uses_what(aws: Aws) -> None:
    """Stages by what was deployed, whatever config.json is here; every function of the region,
    published versions of functions; what was deleted runs on."""
    first, second = deployed(aws, 1, six="1.16.0"), deployed(aws, 2, six="1.17.0")
    config.write_layers(paths.CHALICE_CONFIG, "prod", [first])
    lambda_function.make(aws, "shuking-prod", second)
    chalice_state.save(aws, {"functions": {"shuking-prod": {"layers": [second]}}})
    lambda_function.make(aws, "other", first)
    aws.client("lambda").publish_version(FunctionName="other")
    assert entry(aws, 2).used_by == ["stage prod", "shuking-prod"]
    assert entry(aws, 1).used_by == ["other", "other:1"]
    seen = shown(history.table(aws.settings, history.gather_history(aws, TYPED).entries))
    assert "stage prod" in seen
    assert "other:1" in seen
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    assert entry(aws, 1).used_by == ["other", "other:1"]


def test_a_pin_is_a_use(aws: Aws) -> None:
    """As long as it stands; another app's stage of the same name has its own."""
    first, second = deployed(aws, 1, six="1.16.0"), deployed(aws, 2, six="1.17.0")
    pin = RollbackPin(arns=[first], by="anna", at="2025-01-02", reason="crashes", inputs=["a" * 64])
    store.put_pin(aws, pin)
    of_another_app = store.key(aws.settings, "pin-deps.json").replace("shuking", "zebra")
    s3.put_bytes(aws, of_another_app, rollback_pin.to_json(replace(pin, arns=[second])))
    assert entry(aws, 1).used_by == ["pin of stage prod"]
    assert entry(aws, 2).used_by == ["pin of stage prod"]
    store.put_pin(aws, pin.lift("anna did"))
    assert entry(aws, 1).used_by == []


def test_a_version_by_hand_is_listed_as_one(aws: Aws) -> None:
    """With its size and description; the next of ours is compared with the last of ours."""
    deployed(aws, 1, six="1.16.0")
    by_hand(aws, "a quick fix")
    deployed(aws, 3, six="1.17.0")
    assert listed(aws) == [3, 2, 1]
    assert entry(aws, 2).zipped == len(zipped("a quick fix"))
    seen = shown(history.table(aws.settings, history.gather_history(aws, TYPED).entries))
    assert "by hand or another tool: a quick fix" in seen
    assert "six 1.16.0 → 1.17.0 (upgraded)" in seen


def test_a_deleted_version_is_still_listed(aws: Aws) -> None:
    """With what it held, and whether its zip is kept."""
    deployed(aws, 1, six="1.16.0")
    deployed(aws, 2, six="1.17.0")
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    assert listed(aws) == [2, 1]
    gone = entry(aws, 1)
    assert gone.published is None
    assert gone.zip_kept
    assert [each.version for each in gone.manifest.distributions] == ["1.16.0"]  # type: ignore[union-attr] # it is there
    assert "deleted; its zip is kept" in shown(history.table(aws.settings, [gone]))
    key = s3_keys.zip_key("deps", "20250102-000001")
    aws.client("s3").delete_object(Bucket="deps-bucket", Key=key)
    assert not entry(aws, 1).zip_kept


def test_sixty_versions_are_twenty_and_few_calls(aws: Aws, server: Server) -> None:
    """One manifest per version that is shown, and the one before the last."""
    for number in range(60):
        deployed(aws, number, six=f"1.{number}")
    server.seen.clear()
    found = history.gather_history(aws, TYPED)
    calls = [operation(seen)[1] for seen in server.seen]
    assert [each.number for each in found.entries] == list(range(60, 40, -1))
    assert found.older == 40
    assert calls.count("GetObject") == 21
    # two pages of versions, the layer's objects, the stages' twice, the functions, who we are
    assert len(calls) - 21 <= 7
    assert changes(found.entries[-1]) == ["six 1.39 → 1.40 (upgraded)"]
    assert listed(aws, to="40") == list(range(40, 20, -1))
    assert listed(aws, from_="1") == list(range(60, 0, -1))
    assert listed(aws, from_="5", to="7") == [7, 6, 5]


def changes(entry: history.HistoryRow) -> list[str]:
    return compare.shortly(entry.before, entry.manifest)


def test_what_is_older_can_be_asked_for(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """The line below the table says how."""
    for number in range(22):
        by_hand(aws, str(number))
    history.show_history(aws.settings, TYPED)
    assert "2 older: ./doitw history to=2, or all: ./doitw history from=1" in capfd.readouterr().out


def test_nothing_published_is_an_answer(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """With the command that changes it."""
    history.show_history(aws.settings, TYPED)
    assert "layer deps has no versions here: ./doitw deploy" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("path", "what", "action"),
    [("/functions", "functions", "lambda:ListFunctions"),
     ("manifest.json", "manifests", "s3:GetObject (and s3:ListBucket)")],
)  # fmt: skip
def test_what_may_not_be_seen_says_why(
    aws: Aws, server: Server, capfd: pytest.CaptureFixture[str], path: str, what: str, action: str
) -> None:
    """The rest is there."""
    deployed(aws, 1, six="1.16.0")
    denied = Refusal(status=403, code="AccessDenied")
    server.refused = lambda request: denied if path in request.path else None
    history.show_history(aws.settings, TYPED)
    said = capfd.readouterr().out
    assert f"{what}: unknown: " in said
    assert f"allow {action} to this identity" in said
    assert "versions of layer deps" in said
    assert ("nobody" in said) == (what != "functions")


def test_without_the_list_there_is_nothing_to_show(aws: Aws, server: Server) -> None:
    """An error, not an empty history."""
    denied = Refusal(status=403, code="AccessDeniedException")
    server.refused = lambda request: denied if "/layers/" in request.path else None
    with pytest.raises(AwsError, match="listing the versions of layer deps: no permission"):
        history.gather_history(aws, TYPED)


@pytest.mark.parametrize("typed", [{"from_": "99"}, {"from_": "5", "to": "3"}])
def test_a_range_with_nothing_in_it(
    aws: Aws, capfd: pytest.CaptureFixture[str], typed: dict[str, str]
) -> None:
    """Says what there is."""
    for number in range(2):
        by_hand(aws, str(number))
    history.show_history(aws.settings, Arguments(**typed))  # type: ignore[arg-type] # text
    said = capfd.readouterr().out
    assert "no version of layer deps is in that range; there are 2, 1" in said


@pytest.mark.parametrize("typed", ["0", "x", "-1", "1.5"])
def test_a_range_that_is_none(aws: Aws, typed: str) -> None:
    """Says which name."""
    with pytest.raises(InputError, match=f"to={typed} is not a layer version"):
        history.gather_history(aws, Arguments(to=typed))


# ---- diff ---------------------------------------------------------------------------------------


def compared(aws: Aws, capfd: pytest.CaptureFixture[str], **typed: str) -> str:
    capfd.readouterr()
    diff.show_diff(aws.settings, Arguments(**typed))  # type: ignore[arg-type] # text
    return capfd.readouterr().out


def test_two_versions_are_compared(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """Packages with versions and sizes, totals, inputs, where they came from."""
    deployed(aws, 1, six="1.16.0", idna="3.10")
    deployed(aws, 2, six="1.17.0", certifi="2025.1.1")
    said = compared(aws, capfd, from_="1", to="2")
    assert "layer deps, version 1 → 2" in said
    for words in (r"six  +1\.16\.0  +1\.17\.0", r"idna  +3\.10  +–", r"certifi  +–  +2025\.1\.1",
                  "unzipped 23 bytes → 30 bytes", "requirements changed",
                  "from: built 20250102-000001 UTC by host, tool 0.1.0"):  # fmt: skip
        assert re.search(words, said), words
    assert compared(aws, capfd) == said
    assert compared(aws, capfd, to="2") == said


def test_a_deleted_version_can_be_compared(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """What was in version 1?"""
    deployed(aws, 1, six="1.16.0")
    deployed(aws, 2, six="1.17.0")
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    assert "version 1 → 2" in compared(aws, capfd, from_="1", to="2")


def test_the_same_content_is_said_to_be(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """A version with itself."""
    deployed(aws, 1, six="1.16.0")
    said = compared(aws, capfd, from_="1", to="1")
    assert "both have exactly the same content" in said
    assert "made from the same inputs" in said


@pytest.mark.parametrize(
    ("typed", "problem"),
    [({}, "no two versions to compare: there is none before 1"),
     ({"from_": "1", "to": "9"}, "version 9 of deps is not known"),
     ({"from_": "two"}, "from=two is not a layer version")],
)  # fmt: skip
def test_what_cannot_be_compared(aws: Aws, typed: dict[str, str], problem: str) -> None:
    """Says why, and where to look."""
    deployed(aws, 1, six="1.16.0")
    with pytest.raises(InputError, match=problem) as caught:
        diff.show_diff(aws.settings, Arguments(**typed))  # type: ignore[arg-type] # text
    assert "./doitw history" in caught.value.fix


def test_a_version_by_hand_cannot_be_compared(aws: Aws) -> None:
    """Nobody knows what is in it."""
    deployed(aws, 1, six="1.16.0")
    by_hand(aws)
    with pytest.raises(InputError, match="version 2 of deps was not published by this tool"):
        diff.show_diff(aws.settings, TYPED)


def test_nothing_to_compare(aws: Aws) -> None:
    """Before the first deploy."""
    with pytest.raises(InputError, match="layer deps has no versions yet"):
        diff.show_diff(aws.settings, TYPED)


# ---- two machines -------------------------------------------------------------------------------


def table_of(output: str) -> list[str]:
    """What a command printed, without doit's own lines and what was built on this machine."""
    lines = [line.rstrip() for line in output.splitlines()]
    return [line for line in lines if not line.startswith(("▶", "✓", " built "))]


def test_history_and_status_say_the_same_on_every_machine(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One deploys, another deploys a changed pin: AWS is the memory of both."""
    first = deployed_copy.copy(tmp_path / "first", server, monkeypatch)
    second = deployed_copy.copy(tmp_path / "second", server, monkeypatch)

    def deploy(machine: Project) -> list[str]:
        monkeypatch.chdir(machine.path)  # where this process's AWS runs the function
        return machine.deploy("builder=host").steps

    deploy(first)
    assert "install" not in deploy(second)
    for machine in (second, first):
        machine.write("requirements-all.txt", "six==1.17.0\n")
    assert "install" in deploy(second)
    assert "install" not in deploy(first)
    for command in ("history", "status", "diff"):
        said = [machine.doit(command, "stage=local", "builder=host") for machine in (first, second)]
        assert [run.code for run in said] == [0, 0], said[0].output
        assert table_of(said[0].output) == table_of(said[1].output)
    assert "all agree: nothing to do" in first.doit("status", "stage=local", "builder=host").output
