"""show and fetch against an AWS over HTTP: one version, by its manifest."""

from pathlib import Path

import pytest

from tasks.aws import s3
from tasks.aws.client import Aws
from tasks.commands import fetch, show
from tasks.context.arguments import Arguments
from tasks.release import listing
from tasks.settings import paths, s3_keys
from tasks.steps import publish, upload
from tasks.util.errors import AwsError, InputError
from tests import lambda_function
from tests.finished_layer import build
from tests.moto_server import Refusal, Server


@pytest.fixture
def two(aws: Aws) -> Aws:
    """Two versions of ours."""
    for number, six in ((1, "1.16.0"), (2, "1.17.0")):
        Path("requirements-all.txt").write_text(f"six=={six}\n", encoding="utf-8")
        build(aws.settings, f"six = '{six}'\n", f"20250102-{number:06}", {"six": six})
        upload.run(aws)
        publish.run(aws)
    return aws


def said(aws: Aws, capfd: pytest.CaptureFixture[str], version: str = "") -> str:
    capfd.readouterr()
    show.show_version(aws.settings, Arguments(version=version))
    return " ".join(capfd.readouterr().out.split())


def key(number: int) -> str:
    return s3_keys.zip_key("deps", f"20250102-{number:06}")


def test_everything_that_is_known_of_a_version(two: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """Packages, sizes, settings, what made it, who uses it, where its zip lies."""
    lambda_function.make(two, "shuking-prod", listing.arn(two, 1))
    told = said(two, capfd, "1")
    for words in (
        "layer deps, version 1", "six * 1.16.0", "zipped,", "unzipped, 1 file;",
        "built 20250102-000001 UTC by host, for python3.12 on x86_64",
        "setting requirements = requirements-all.txt", "sha256 ", "used by: shuking-prod",
        f"zip s3://deps-bucket/{key(1)}",
    ):  # fmt: skip
        assert words in told
    newest = said(two, capfd)
    assert "layer deps, version 2" in newest
    assert "used by: nobody" in newest


def test_a_deleted_version_is_shown_too(two: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """AWS has forgotten it, S3 has not; where the zip went, that is said."""
    listing.delete(two, 1)
    two.client("s3").delete_object(**s3.bucket_of(two), Key=key(1))
    told = said(two, capfd, "1")
    assert "deleted in AWS" in told
    assert f"its zip is gone from s3://deps-bucket/{key(1)}" in told


def test_one_that_nobody_knows(aws: Aws, two: Aws) -> None:
    """In words, with what there is."""
    with pytest.raises(InputError, match="version 7 of deps is not known"):
        show.show_version(aws.settings, Arguments(version="7"))


def test_nothing_is_published_yet(aws: Aws) -> None:
    """There is no newest one."""
    for command in (show.show_version, fetch.fetch):
        with pytest.raises(InputError, match="layer deps has no versions yet"):
            command(aws.settings, Arguments())


def test_what_may_not_be_seen_is_unknown(
    two: Aws, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """The rest is shown."""
    denied = Refusal(status=403, code="AccessDeniedException")
    server.refused = lambda request: denied if request.path.endswith("/functions") else None
    told = said(two, capfd, "1")
    assert "layer deps, version 1" in told
    assert "lambda:ListFunctions" in told


def test_a_zip_is_fetched_and_compared(two: Aws, capfd: pytest.CaptureFixture[str]) -> None:
    """Out of S3, under its version's number; the manifest's sha256 is that of the file."""
    target = fetch.fetch(two.settings, Arguments(version="2"))
    assert target == Path("build/fetch/deps/2/deps.zip")
    assert target.read_bytes() == paths.layer_zip(two.settings).read_bytes()
    assert "exactly what its manifest says" in capfd.readouterr().out


def test_a_zip_that_is_another_is_not_kept(two: Aws) -> None:
    """Nor is an earlier file of that name, which it would be taken for."""
    fetch.fetch(two.settings, Arguments(version="2"))
    s3.put_bytes(two, key(2), b"something else")
    with pytest.raises(AwsError, match="is not the zip that its manifest describes"):
        fetch.fetch(two.settings, Arguments(version="2"))
    assert not Path("build/fetch/deps/2/deps.zip").exists()


def test_where_s3_has_it_no_more_lambda_is_asked(two: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps its own copy; where that is gone as well, both are named."""
    content = paths.layer_zip(two.settings).read_bytes()
    two.client("s3").delete_object(**s3.bucket_of(two), Key=key(2))
    monkeypatch.setattr(listing, "download", lambda aws, arn: content)
    assert fetch.fetch(two.settings, Arguments(version="2")).read_bytes() == content
    monkeypatch.setattr(listing, "download", lambda aws, arn: None)
    with pytest.raises(AwsError, match="is neither in S3 nor in Lambda any more"):
        fetch.fetch(two.settings, Arguments(version="2"))
