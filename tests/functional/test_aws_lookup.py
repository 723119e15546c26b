"""lookup with a checkout and credentials alone: how often AWS is asked, and what it notices."""

from pathlib import Path

import pytest

from tasks.aws import arn as arns
from tasks.aws import s3, s3_versions
from tasks.aws.client import Aws
from tasks.chalice_project import config
from tasks.release import listing, manifest, registry
from tasks.settings import paths, s3_keys
from tasks.settings.step_records import PublishRecord, UploadRecord
from tasks.steps import lookup, publish, upload
from tasks.util.errors import AwsError
from tests.api_operations import operation
from tests.finished_layer import build, zipped
from tests.moto_server import ACCOUNT, REGION, Refusal, Server


def deployed(aws: Aws, text: str = "x = 1\n", built: str = "20250102-030405") -> PublishRecord:
    """Built, uploaded, published: publish's record."""
    build(aws.settings, text, built)
    upload.run(aws)
    return publish.run(aws)


def by_hand(aws: Aws, count: int) -> None:
    """So many versions that are not ours."""
    for number in range(count):
        aws.client("lambda").publish_layer_version(
            LayerName="deps", Content={"ZipFile": zipped(str(number))}
        )


def fresh_machine() -> None:
    """Only what is in the repository is left."""
    for path in (*paths.BUILD.rglob("*.json"), paths.LAYER_ARN):
        path.unlink(missing_ok=True)


def noted(aws: Aws) -> list[int]:
    return s3_keys.noted("deps", s3.objects(aws, "layers/"))


PIN = ["GetObject"]  # is the stage pinned?


def calls(server: Server) -> list[str]:
    """The operations asked for since the last look, in order; who we are is asked once a run."""
    asked = [operation(seen)[1] for seen in server.seen]
    server.seen.clear()
    return [name for name in asked if name != "GetCallerIdentity"]


def test_a_hit_that_is_known_here_takes_three_calls(aws: Aws, server: Server) -> None:
    """The pin, the list, and a look whether the bytes are the described ones."""
    deployed(aws)
    server.seen.clear()
    assert lookup.run(aws, "host").arn
    assert calls(server) == [*PIN, "ListLayerVersions", "GetLayerVersion"]


def test_a_fresh_machine_asks_for_the_manifest_as_well(aws: Aws, server: Server) -> None:
    """Once: what it told is remembered."""
    deployed(aws)
    fresh_machine()
    server.seen.clear()
    assert lookup.run(aws, "host").arn
    assert calls(server) == [*PIN, "ListLayerVersions", "GetLayerVersion", "GetObject", "PutObject"]
    assert lookup.run(aws, "host").arn
    assert calls(server) == [*PIN, "ListLayerVersions", "GetLayerVersion"]


def test_the_list_ends_at_the_page_with_the_hit(aws: Aws, server: Server) -> None:
    """Newest first, fifty at a time: a hit among the newest needs no second page."""
    by_hand(aws, 70)
    deployed(aws)
    server.seen.clear()
    assert str(lookup.run(aws, "host").arn).endswith(":71")
    assert calls(server).count("ListLayerVersions") == 1
    by_hand(aws, 49)
    assert str(lookup.run(aws, "host").arn).endswith(":71")
    assert calls(server).count("ListLayerVersions") == 1
    by_hand(aws, 1)
    assert str(lookup.run(aws, "host").arn).endswith(":71")
    assert calls(server).count("ListLayerVersions") == 2


def test_a_miss_goes_through_every_page_once(aws: Aws, server: Server) -> None:
    """And asks for the note of who had these inputs: to find it, and to find its zip."""
    by_hand(aws, 101)
    server.seen.clear()
    assert lookup.run(aws, "host").arn is None
    assert calls(server) == PIN + ["ListLayerVersions"] * 3 + ["GetObject"] * 2


def test_the_whole_list_is_newest_first_across_pages(aws: Aws) -> None:
    """What history and status show."""
    by_hand(aws, 101)
    assert [each.number for each in listing.versions(aws)] == list(range(101, 0, -1))


def test_content_is_asked_for_after_the_build(aws: Aws, server: Server) -> None:
    """By the content hash in the description, ending at the hit as well."""
    first = deployed(aws)
    by_hand(aws, 10)
    Path("requirements-all.txt").write_text("six~=1.17.0\n", encoding="utf-8")
    assert lookup.run(aws, "host").arn is None
    build(aws.settings, built="20250909-090909")
    server.seen.clear()
    assert upload.run(aws).arn == first.arn
    assert calls(server).count("ListLayerVersions") == 1
    fresh_machine()
    assert lookup.run(aws, "host").arn == first.arn


def test_an_older_version_with_the_right_bytes_is_found_behind_a_wrong_one(aws: Aws) -> None:
    """By input hash and by content hash alike."""
    first = deployed(aws)
    described = listing.versions(aws)[0].description
    aws.client("lambda").publish_layer_version(
        LayerName="deps", Description=described, Content={"ZipFile": zipped("evil = 1")}
    )
    assert lookup.run(aws, "host").arn == first.arn
    twin = registry.by_content(aws, first.sha256)
    assert twin is not None
    assert twin.arn == first.arn


def test_a_recorded_version_that_was_deleted_is_noticed(
    aws: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    """The records and config.json speak of it; it is made again."""
    arn = deployed(aws).arn
    config.write_layers(paths.CHALICE_CONFIG, "prod", [arn])
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    capfd.readouterr()
    assert lookup.run(aws, "host").arn is None
    said = "note: version 1, which was used from here, has been deleted since"
    assert said in capfd.readouterr().out
    assert not publish.looked_up(aws.settings)
    assert lookup.deleted(aws, listing.Listing(aws)) == [1]
    by_hand(aws, 1)
    assert lookup.deleted(aws, listing.Listing(aws)) == [1]


def test_a_deleted_one_in_config_is_noticed_on_a_fresh_machine(aws: Aws) -> None:
    """The checkout says version 1, AWS has only version 2; other accounts' layers are not ours."""
    arn = deployed(aws).arn
    elsewhere = arn.replace(ACCOUNT, "210987654321").replace(":deps:1", ":deps:9")
    foreign = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:extension:7"
    config.write_layers(paths.CHALICE_CONFIG, "prod", [arn, elsewhere, foreign])
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    fresh_machine()
    second = deployed(aws, built="20250909-090909").arn
    fresh_machine()
    assert lookup.run(aws, "host").arn == second
    assert lookup.deleted(aws, listing.Listing(aws)) == [1]


def test_a_note_of_a_deleted_version_is_no_hit(aws: Aws) -> None:
    """Other inputs with the same content: the version they share is gone."""
    deployed(aws)
    Path("requirements-all.txt").write_text("six~=1.17.0\n", encoding="utf-8")
    deployed(aws, built="20250909-090909")
    by_hand(aws, 1)
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    assert lookup.run(aws, "host").arn is None


def test_versions_by_hand_are_listed_and_left_alone(aws: Aws) -> None:
    """Never taken, never written about."""
    by_hand(aws, 2)
    assert lookup.run(aws, "host").arn is None
    assert deployed(aws).arn.endswith(":3")
    assert [each.number for each in listing.versions(aws)] == [3, 2, 1]
    assert [each.is_ours for each in listing.versions(aws)] == [True, False, False]
    assert noted(aws) == [3]


# ---- the manifest, and the way from a number to it ----------------------------------------------


def test_what_it_says_fits_beside_its_name(aws: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """Hit or not: tasks/cli/step_reporter.py has 44 columns for it."""
    lookup.run(aws, "host")
    missed = capfd.readouterr().out.splitlines()[-1].strip()
    deployed(aws)
    capfd.readouterr()
    lookup.run(aws, "host")
    hit = capfd.readouterr().out.splitlines()[-1].strip()
    assert missed.endswith("are not published yet")
    assert hit.endswith("are version 1 already")
    assert max(len(missed), len(hit)) <= 44


def test_a_version_has_its_manifest(aws: Aws) -> None:
    """By the version, and by its number alone."""
    record = deployed(aws)
    [version] = listing.versions(aws)
    made = manifest.read_manifest(aws, version)
    assert made is not None
    assert (made.input, made.sha256) == (record.input, record.sha256)
    assert manifest.of_number(aws, 1) == made


def test_a_deleted_version_still_has_it_and_its_zip(aws: Aws) -> None:
    """Enough to say what was in it, and to publish it again."""
    record = deployed(aws)
    aws.client("lambda").delete_layer_version(LayerName="deps", VersionNumber=1)
    made = manifest.of_number(aws, 1)
    assert made is not None
    assert [(each.name, each.version) for each in made.distributions] == [("six", "1.17.0")]
    zip_key = s3_keys.zip_key("deps", made.built)
    assert s3.holds(aws, zip_key, record.sha256) is not None
    sent = UploadRecord(
        sha256=made.sha256, input=made.input, built=made.built, unzipped=made.unzipped, wishes=(),
        bucket=aws.settings.bucket, key=zip_key,
    )  # fmt: skip
    again = registry.publish(aws, sent)
    assert lookup.run(aws, "host").arn == again
    assert manifest.of_number(aws, arns.number_of(again)) == made


def test_no_manifest_is_none(aws: Aws) -> None:
    """By hand, unknown, or not readable as ours."""
    by_hand(aws, 1)
    assert manifest.read_manifest(aws, listing.versions(aws)[0]) is None
    assert manifest.of_number(aws, 1) is None
    assert noted(aws) == []
    deployed(aws)
    s3.put_bytes(aws, s3_keys.manifest_key("deps", "20250102-030405"), b"{}")
    assert manifest.read_manifest(aws, listing.versions(aws)[0]) is None


def test_a_publish_that_was_stopped_before_its_note_gets_it(aws: Aws, server: Server) -> None:
    """From the next lookup, on any machine; no second version is made."""
    build(aws.settings)
    upload.run(aws)
    denied = Refusal(status=403, code="AccessDenied")
    server.refused = lambda request: denied if "/deps/versions/1" in request.path else None
    with pytest.raises(AwsError, match="versions/1: no permission"):
        publish.run(aws)
    server.refused = lambda request: None
    assert noted(aws) == []
    fresh_machine()
    assert str(lookup.run(aws, "host").arn).endswith(":1")
    assert noted(aws) == [1]


def test_a_key_is_written_once(aws: Aws) -> None:
    """The second of two that write it hears so, and nothing changes."""
    s3.ensure_bucket(aws)
    assert s3_versions.write_object(aws, "some/key", b"first", "")
    assert s3_versions.write_object(aws, "some/key", b"second", "") is None
    assert s3.get_bytes(aws, "some/key") == b"first"
    assert s3.objects(aws, "some/") == {"some/key": 5}
