"""Stages of images that share a repository: what each ran, goes back to, and keeps."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.aws import lambda_functions, s3
from tasks.aws.client import Aws
from tasks.chalice_project import deploy
from tasks.commands import convert, image_history, image_rollback
from tasks.context.arguments import Arguments
from tasks.image import assemble
from tasks.image.assemble import Base
from tasks.release.images import (
    conversion,
    kept_images,
    releases,
    renaming,
    stage_images,
    switch,
)
from tasks.release.images import pin as image_pin
from tasks.release.images.conversion import Conversion, Kept
from tasks.release.images.parts import ImageParts, repository
from tasks.release.stage import chalice_state
from tasks.release.undo import attempt, restore
from tasks.release.undo.attempt import Attempt, Ran
from tasks.settings import paths, s3_keys
from tasks.steps import lookup
from tasks.util import files
from tasks.util.errors import AwsError, InputError
from tests import lambda_function
from tests.finished_layer import zipped
from tests.moto_server import ACCOUNT, REGION, Server

PARTS = ImageParts(
    input="1" * 64, base=Base(reference="b", digest="", config={}, layers=()), own=(),
    versions={"six": "1.17.0"}, modules=["six"], packages={"six": 9}, unzipped=9,
)  # fmt: skip
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shuking-prod"


@pytest.fixture
def images(aws: Aws) -> Aws:
    """Stage prod, of images."""
    made = Aws(replace(aws.settings, package="image"), aws.environ)
    s3.ensure_bucket(made)
    return made


def of(aws: Aws, stage: str) -> Aws:
    return Aws(replace(aws.settings, stage=stage), aws.environ)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def push(aws: Aws, number: int, parts: ImageParts = PARTS, **more: Any) -> None:
    named: Any = {"digest": digest(number), "uri": uri(number)} | more
    assert releases.note(aws, parts, **named, unpacked=5).number == number


def uri(number: int) -> str:
    return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shuking@{digest(number)}"


def deployed(aws: Aws, *numbers: int) -> None:
    for number in numbers:
        if number not in releases.numbers(aws):
            push(aws, number)
        stage_images.note_deploy(aws, digest(number))


def before(aws: Aws, runs: int, monkeypatch: pytest.MonkeyPatch, *others: int) -> int:
    """What `rollback` goes to."""
    monkeypatch.setattr(switch, "running", lambda aws: {digest(x) for x in (runs, *others)})
    return image_rollback._before(aws).number


# ---- back ---------------------------------------------------------------------------------------


def test_a_rollback_goes_to_what_the_stage_ran(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not to the newest of another stage: 4 to 9 are dev's, and were never tested for prod."""
    deployed(images, 1, 2, 3)
    deployed(of(images, "dev"), 4, 5, 6, 7, 8, 9)
    deployed(images, 10)
    assert before(images, 10, monkeypatch) == 3
    assert before(of(images, "dev"), 9, monkeypatch) == 8


def test_after_a_revert_it_goes_to_what_ran_before_it(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revert has the number of the image that it is again."""
    deployed(images, 1, 2, 1)
    assert before(images, 1, monkeypatch) == 2


def test_twice_goes_further_back_and_a_later_deploy_forgets_what_was_left(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(images, 1, 2, 3)
    stage_images.note_return(images, digest(2))
    assert before(images, 2, monkeypatch) == 1
    deployed(images, 4)
    assert before(images, 4, monkeypatch) == 2


@pytest.mark.parametrize(("runs", "expected"), [(3, 2), (4, 3)])
def test_a_run_that_died_before_it_was_noted(
    images: Aws, monkeypatch: pytest.MonkeyPatch, runs: int, expected: int
) -> None:
    """And one that has noted the same twice."""
    deployed(images, 1, 2, 3, 3)
    push(images, 4)
    assert before(images, runs, monkeypatch) == expected


def test_a_deploy_that_died_between_two_functions_goes_back_to_what_both_ran(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(images, 1, 2)
    push(images, 3)
    assert before(images, 3, monkeypatch, 2) == 2


def test_where_nothing_ran_before_a_number_is_asked_for(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage of an earlier release of the tool, and one that was deployed once."""
    push(images, 1)
    push(images, 2)
    with pytest.raises(InputError, match="an image that stage prod ran before") as error:
        before(images, 2, monkeypatch)
    assert "./doitw rollback version=N" in error.value.fix


def typed() -> Arguments:
    return Arguments(version="1")


def test_a_stage_of_layers_is_not_pinned_to_an_image(images: Aws) -> None:
    """The pin would stand after AWS has refused the rest, and a conversion would refuse that."""
    lambda_function.make(images, "shuking-prod")
    state = deploy.state_of({"api_handler": FUNCTION}, [])
    files.write_record(deploy.deployed_file("prod"), state)
    push(images, 1)
    with pytest.raises(InputError, match="shuking-prod runs from a layer"):
        image_rollback.go(images, typed())
    assert image_pin.read(images) is None


def test_nor_is_one_that_is_half_converted(images: Aws) -> None:
    push(images, 1)
    conversion.write(images, Conversion(functions={"shuking-prod": Kept()}))
    with pytest.raises(InputError, match="a conversion of stage prod is not done"):
        image_rollback.go(images, typed())
    assert image_pin.read(images) is None


def test_a_function_gets_the_images_architecture(images: Aws) -> None:
    """x86 until it was changed in config.json: the code alone would not start."""
    images.client("ecr").create_repository(repositoryName="shuking")
    lambda_function.make(images, "shuking-prod")
    bodies: list[Any] = []

    def look(params: Any, **_: Any) -> None:
        bodies.append(json.loads(params["body"]))

    images.client("lambda").meta.events.register("before-call.lambda.UpdateFunctionCode", look)
    push(Aws(replace(images.settings, architecture="arm64"), images.environ), 1)
    found = releases.by_number(images, 1)
    assert found.architecture == "arm64"
    for wanted in ((found.uri, found.architecture), (uri(2), "")):  # noted by an earlier release
        with suppress(AwsError):  # where moto has our changes: this function is no image's
            switch._function(images, "shuking-prod", *wanted)
    assert [each.get("Architectures") for each in bodies] == [["arm64"], None]


# ---- undo ---------------------------------------------------------------------------------------


def undo(aws: Aws, parts: ImageParts) -> None:
    """Of a deploy of image 2 over image 1."""
    push(aws, 1)
    push(aws, 2, parts)
    record = {"image": {"digest": digest(1), "uri": uri(1)}}
    functions = {"gone": {"CodeSha256": digest(1).removeprefix("sha256:")}}
    ran = Ran(functions=functions, package="", record=record, layers=[], api={}, resources={})
    found = Attempt(by="b", at="a", state=attempt.DEPLOYED, arns=[], before=ran, image=uri(2))
    restore.perform(aws, found, "it did not answer")


def test_an_undone_deploy_of_other_packages_is_not_made_again(images: Aws) -> None:
    """By the next run of the same pipeline."""
    undo(images, replace(PARTS, input="2" * 64))
    pinned = image_pin.holding(images)
    assert pinned
    assert (pinned.number, pinned.reason) == (1, "it did not answer")
    assert stage_images.read(images) == [digest(1)]


def test_one_of_the_app_alone_pins_nothing(images: Aws) -> None:
    """As a stage of layers: the app is corrected next."""
    undo(images, PARTS)
    assert image_pin.read(images) is None


def test_an_undone_rollback_pins_nothing(images: Aws) -> None:
    push(images, 1)
    push(images, 2, replace(PARTS, input="2" * 64))
    image_pin.make(images, releases.by_number(images, 2), "rolled back")
    undo(images, replace(PARTS, input="2" * 64))
    pinned = image_pin.read(images)
    assert pinned
    assert pinned.number == 2  # which `undo` lifts


def test_a_pinned_image_that_is_gone_says_what_ends_the_pin(images: Aws) -> None:
    """`deploy` builds no other one as long as the stage is pinned."""
    images.client("ecr").create_repository(repositoryName="shuking")
    push(images, 1)
    image_pin.make(images, releases.by_number(images, 1), "bad")
    with pytest.raises(InputError, match=r"that image is gone") as error:
        lookup.find_image(images, "1" * 64)
    assert "./doitw unpin stage=prod" in error.value.fix


def test_a_rollback_brings_the_images_own_handlers_back(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image after it calls a function otherwise. Chalice's own deploys follow app.py."""
    noted: Any = {"handlers": {"nightly": "app.run"}}
    push(images, 1, PARTS, **noted)
    state = {"resources": [{"resource_type": "lambda_function", "name": "nightly",
                            "lambda_arn": f"{FUNCTION}-nightly"}]}  # fmt: skip
    monkeypatch.setattr(chalice_state, "read_state", lambda aws: state)
    config: Any = {"ImageConfig": {"Command": ["app.run_all"], "WorkingDirectory": "/x"}}
    now: Any = {"CodeSha256": digest(1).removeprefix("sha256:"), "ImageConfigResponse": config}
    monkeypatch.setattr(lambda_functions, "configuration", lambda aws, name: now)
    updated, client_of = list[Any](), Aws.client
    functions: Any = SimpleNamespace(
        update_function_configuration=lambda **of: updated.append(of),
        get_waiter=lambda name: SimpleNamespace(wait=lambda **of: None),
    )
    begun = SimpleNamespace(now=lambda state: None)
    undo = SimpleNamespace(
        begin=lambda *of: begun, read=lambda aws: None, write=lambda aws, attempt: None
    )
    monkeypatch.setattr(switch, "snapshot", undo)
    monkeypatch.setattr(switch, "check", lambda aws, digest: None)
    with monkeypatch.context() as patched:
        patched.setattr(
            Aws,
            "client",
            lambda self, name: functions if name == "lambda" else client_of(self, name),
        )
        switch.switch(images, uri(1), asdict(releases.by_number(images, 1)), None)
    assert updated == [{
        "FunctionName": "shuking-prod-nightly",
        "ImageConfig": {"Command": ["app.run"], "WorkingDirectory": "/x"},
    }]  # fmt: skip


# ---- gc -----------------------------------------------------------------------------------------


def kept(aws: Aws, keep: int) -> list[int]:
    return [each.release.number for each in kept_images.fates(aws, keep) if each.kept]


def test_each_stage_keeps_its_newest(images: Aws) -> None:
    """Five pushes of dev would have left prod without any image to go back to."""
    deployed(images, 1, 2, 3)
    deployed(of(images, "dev"), 4, 5, 6, 7, 8)
    for number in (9, 10, 11):  # of an earlier release, or never deployed
        push(images, number)
    assert kept(images, 2) == [11, 10, 8, 7, 3, 2]


def test_images_of_pushes_that_were_killed_are_found(
    images: Aws, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the manifest and the note. Not what is younger than a day, runs, or is others'."""
    images.client("ecr").create_repository(repositoryName="shuking")
    made = [put_image(images, number) for number in range(4)]
    put_image(images, 4, tag="v1.0")
    releases.note(images, PARTS, f"shuking@{made[0]}", made[0], 5)
    monkeypatch.setattr(kept_images, "_functions", lambda aws: iter([(made[1], "function x")]))
    for each in made:
        releases.announce(images, each)
    assert kept_images.unnoted(images).ours == []
    monkeypatch.setattr(kept_images, "AGE", timedelta(0))
    assert sorted(kept_images.unnoted(images).ours) == sorted(made[2:])
    image_history.collect_garbage(images, 1, act=False)
    assert "2 images of pushes that were killed, to delete" in capfd.readouterr().out
    image_history.collect_garbage(images, 1, act=True)
    there = images.client("ecr").describe_images(repositoryName="shuking")["imageDetails"]
    assert len(there) == 3
    assert kept_images.unnoted(images).ours == []


def test_images_that_another_bucket_knows_stay(
    images: Aws, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stages of one app push to one repository. Each with a bucket of its own, or with a new
    one: the other's images are noted, pinned and gone back to there alone."""
    other = Aws(replace(images.settings, bucket="of-another-stage"), images.environ)
    s3.ensure_bucket(other)
    images.client("ecr").create_repository(repositoryName="shuking")
    theirs = put_image(images, 1)
    releases.announce(other, theirs)
    releases.note(other, PARTS, f"shuking@{theirs}", theirs, 5)
    monkeypatch.setattr(kept_images, "AGE", timedelta(0))
    image_history.collect_garbage(images, 1, act=True)
    assert "1 more image there, not pushed with bucket" in capfd.readouterr().out
    assert images.client("ecr").describe_images(repositoryName="shuking")["imageDetails"]


def put_image(aws: Aws, number: int, tag: str = "") -> str:
    """Its digest. In ECR alone."""
    manifest = json.dumps({"schemaVersion": 2, "layers": [], "config": {"digest": str(number)}})
    found = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    aws.client("ecr").put_image(
        repositoryName="shuking", imageManifest=manifest, imageDigest=found,
        imageTag=tag or assemble.tag_of(found), imageManifestMediaType=assemble.MANIFEST,
    )  # fmt: skip
    return found


def test_one_that_is_taken_meanwhile_stays(images: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another stage has another lock: it deployed an old image between the plan and the act."""
    images.client("ecr").create_repository(repositoryName="shuking")
    for number in (1, 2):
        push(images, number)
    going = [each.release for each in kept_images.fates(images, 0) if not each.kept]
    uses = [(digest(1), "function shuking-dev")]
    monkeypatch.setattr(kept_images, "_functions", lambda aws: iter(uses))
    kept_images.delete(images, going)
    assert releases.numbers(images) == [1]
    name = repository(images.settings)
    assert len(s3.objects(images, s3_keys.image_releases(name))) == 2


# ---- numbers ------------------------------------------------------------------------------------


def reads(server: Server) -> int:
    """Notes that are read."""
    return sum(
        each.method == "GET" and "/versions/" in each.path and "list-type" not in each.path
        for each in server.seen
    )


def test_a_push_does_not_read_the_notes_of_all_images(images: Aws, server: Server) -> None:
    for number in range(1, 6):
        push(images, number)
    server.seen.clear()
    push(images, 6)
    assert reads(server) == 0
    push(images, 3)
    assert reads(server) == 1


def test_notes_of_an_earlier_release_are_found_and_marked(images: Aws, server: Server) -> None:
    """Or of a run that was killed between the two."""
    name = repository(images.settings)
    for number in (1, 2):
        push(images, number)
        key = s3_keys.image_mark(name, number, digest(number))
        images.client("s3").delete_object(Bucket=images.settings.bucket, Key=key)
    push(images, 1)
    server.seen.clear()
    push(images, 2)
    assert reads(server) == 1


# ---- conversions --------------------------------------------------------------------------------


def test_what_an_earlier_conversion_left_is_deleted_in_the_end(images: Aws) -> None:
    """The app lost `foo` between two conversions: its old function was nobody's for ever."""
    back = Aws(replace(images.settings, package="layer"), images.environ)
    for name in ("shuking-prod", "shuking-prod-foo", "shuking-prod-image"):
        lambda_function.make(back, name)
    state = deploy.state_of({"api_handler": f"{FUNCTION}-image"}, [])
    files.write_record(deploy.deployed_file("prod"), state)
    pairs = {name: f"{name}-image" for name in ("shuking-prod", "shuking-prod-foo")}
    conversion.write(back, Conversion(renamed=pairs, done=True))
    begun = conversion.begin(back, ["shuking-prod-image"], {"shuking-prod-image": "shuking-prod"})
    assert begun.left == ["shuking-prod-foo"]
    files.write_record(deploy.deployed_file("prod"), deploy.state_of({"api_handler": FUNCTION}, []))
    conversion.write(back, replace(begun, done=True))
    assert "shuking-prod-image, shuking-prod-foo stay from" in conversion.sentences(back)[0]
    convert.finish(back)
    left = back.client("lambda").list_functions()["Functions"]
    assert [each["FunctionName"] for each in left] == ["shuking-prod"]
    assert conversion.read(back) == Conversion()


def test_one_that_came_back_meanwhile_is_not(images: Aws) -> None:
    """The app has `foo` again, and Chalice made it by its name."""
    for name in ("shuking-prod", "shuking-prod-foo"):
        lambda_function.make(images, name)
    running = deploy.state_of({"api_handler": FUNCTION, "foo": f"{FUNCTION}-foo"}, [])
    files.write_record(deploy.deployed_file("prod"), running)
    conversion.write(images, Conversion(left=["shuking-prod-foo"], done=True))
    convert.finish(images)
    assert len(images.client("lambda").list_functions()["Functions"]) == 2


def test_a_reservation_follows_a_conversion_that_is_turned_round(images: Aws) -> None:
    """It was taken from the old function, and not yet given to the new one."""
    for name in ("shuking-prod", "shuking-prod-image"):
        lambda_function.make(images, name)
    kept = Kept(reserved=500)
    there = Conversion(
        functions={"shuking-prod": kept}, renamed={"shuking-prod": "shuking-prod-image"}
    )
    conversion.write(images, there)
    turned = conversion.begin(
        images, ["shuking-prod-image"], {"shuking-prod-image": "shuking-prod"}
    )
    assert turned.functions["shuking-prod-image"].reserved == 500
    conversion.give_back(images, turned)
    found = images.client("lambda").get_function_concurrency(FunctionName="shuking-prod")
    assert found["ReservedConcurrentExecutions"] == 500


def test_a_new_function_is_made_for_what_was_built(images: Aws) -> None:
    """The layer was for x86_64; the image is for arm64."""
    lambda_function.make(images, "shuking-prod")
    made: list[Any] = []

    def look(params: Any, **_: Any) -> None:
        made.append(json.loads(params["body"]))

    arm = Aws(replace(images.settings, architecture="arm64"), images.environ)
    arm.client("lambda").meta.events.register("before-call.lambda.CreateFunction", look)
    code = renaming.code_of_zip("3.12", zipped("x"), [])
    client = images.client("lambda")
    arn = client.get_function(FunctionName="shuking-prod")["Configuration"]["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"team": "shop"})
    client.put_function_recursion_config(FunctionName="shuking-prod", RecursiveLoop="Allow")
    new, handlers = "shuking-prod-image", {"shuking-prod": "app.renamed"}
    renaming.create(arm, {"shuking-prod": new}, code, handlers)
    assert [each["Architectures"] for each in made] == [["arm64"]]
    assert [each["Tags"] for each in made] == [{"team": "shop"}]  # policies may want them (SCP)
    assert [each["Handler"] for each in made] == ["app.renamed"]  # what was tested
    looped = client.get_function_recursion_config(FunctionName=new)
    assert looped["RecursiveLoop"] == "Allow"


def test_new_functions_start_what_the_app_has_now(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was imported in this run, which tested that. A function that the app has no more keeps
    its own."""
    state = {
        "resources": [
            {"resource_type": "lambda_function", "name": each, "lambda_arn": f"{FUNCTION}-{each}"}
            for each in ("nightly", "gone")
        ]
    }
    monkeypatch.setattr(chalice_state, "read_state", lambda aws: state)
    imported = {"handlers": {"nightly": "chalicelib.jobs.run", "new": "app.new"}}
    files.write_record(paths.stage_record(images.settings, "import-app"), imported)
    assert convert._handlers(images) == {"shuking-prod-nightly": "chalicelib.jobs.run"}


def test_a_source_without_an_arn_is_led_like_others(
    images: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka of one's own is named by its servers."""
    led: list[Any] = []
    servers = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["k:9092"]}}
    mapping = {"UUID": "u-1", "FunctionArn": FUNCTION, "SelfManagedEventSource": servers}
    client = SimpleNamespace(
        get_paginator=lambda name: SimpleNamespace(
            paginate=lambda **of: [{"EventSourceMappings": [mapping]}]
        ),
        update_event_source_mapping=lambda **of: led.append(of),
    )
    monkeypatch.setattr(Aws, "client", lambda self, name: client)
    renaming._lead_mappings(images, "shuking-prod", "shuking-prod-image")
    assert led == [{"UUID": "u-1", "FunctionName": "shuking-prod-image"}]
