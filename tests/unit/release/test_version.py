"""tasks/release/version.py: hashes in descriptions, and keys in S3."""

import hashlib
from typing import Any

import pytest

from tasks.release import version as versions
from tasks.settings import s3_keys
from tasks.settings.step_records import UploadRecord

BASE = "arn:aws:lambda:ap-northeast-2:123456789012:layer"
PACKED: dict[str, Any] = {
    "unzipped": 119_100_000, "input": "a" * 64, "sha256": "b" * 64, "built": "20250102-030405",
}  # fmt: skip


def sent(**more: Any) -> UploadRecord:
    return UploadRecord(**(PACKED | {"wishes": [], "bucket": "b"} | more))


def version(description: str = "", **more: Any) -> versions.LayerVersion:
    entry = {"LayerVersionArn": f"{BASE}:x:1", "Version": 1, "Description": description}
    return versions.from_response(entry | more)


def test_what_publish_writes_can_be_read() -> None:
    """Both hashes and the date, within AWS's 256 characters."""
    text = versions.description(sent())
    found = version(text)
    assert (found.input_hash, found.content_hash) == ("a" * 64, "b" * 64)
    assert found.built == "20250102-030405"
    assert len(text) <= 256
    assert "119.1 MB unzipped" in text


@pytest.mark.parametrize("text", ["", "by hand", "input=abc, content=zz", "input= content="])
def test_other_descriptions_say_nothing(text: str) -> None:
    """And break nothing."""
    found = version(text)
    assert (found.input_hash, found.content_hash, found.built) == ("", "", "")


def test_newer_and_older_fields_beside_ours_are_passed_over() -> None:
    """The format may grow."""
    found = version(f"doit-lambda-layer/2 new=1, content={'b' * 64}, input={'a' * 64} (x)")
    assert (found.input_hash, found.content_hash) == ("a" * 64, "b" * 64)


@pytest.mark.parametrize(
    ("runtimes", "architectures", "fits"),
    [
        (["python3.12"], ["x86_64"], True),
        (["python3.11", "python3.12"], ["arm64", "x86_64"], True),
        ([], [], True),
        (["python3.11"], ["x86_64"], False),
        (["python3.12"], ["arm64"], False),
    ],
)
def test_a_version_fits_what_it_names(
    runtimes: list[str], architectures: list[str], fits: bool
) -> None:
    """One that names nothing may run anywhere."""
    found = version(CompatibleRuntimes=runtimes, CompatibleArchitectures=architectures)
    assert found.fits("3.12", "x86_64") is fits


def test_a_hash_as_aws_writes_it() -> None:
    """Base64 of the same bytes."""
    digest = hashlib.sha256(b"")
    assert versions.code_sha256(digest.hexdigest()) == (
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    )


def test_keys_are_the_seeds() -> None:
    """layers/<layer>/<time>/, and notes beside."""
    assert s3_keys.folder("deps", "20250102-030405") == "layers/deps/20250102-030405"
    assert s3_keys.alias_key("deps", "ff") == "layers/deps/inputs/ff"


def test_a_folder_apart_can_be_read_too() -> None:
    """Of a zip that met another one of its second; named so but once."""
    built = s3_keys.apart("20250102-030405", "b" * 64)
    assert s3_keys.apart(built, "b" * 64) == built == "20250102-030405-bbbbbbbb"
    text = versions.description(sent(built=built))
    assert (version(text).built, len(text) <= 256) == (built, True)
    assert version(text.replace(built, f"{built}-{built}")).built == ""
