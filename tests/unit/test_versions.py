"""tasks/core/versions.py: ARNs, hashes in descriptions, and where an ARN goes in a list."""

import hashlib
from typing import Any

import pytest

from tasks.core import versions
from tasks.core.errors import InputError

BASE = "arn:aws:lambda:ap-northeast-2:123456789012:layer"
PACKED = {
    "unzipped": 119_100_000, "input": "a" * 64, "sha256": "b" * 64, "built": "20250102-030405",
}  # fmt: skip


def version(description: str = "", **more: Any) -> versions.LayerVersion:
    entry = {"LayerVersionArn": f"{BASE}:x:1", "Version": 1, "Description": description}
    return versions.from_response(entry | more)


def test_what_publish_writes_can_be_read() -> None:
    """Both hashes and the date, within AWS's 256 characters."""
    text = versions.description(PACKED)
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


def test_arns_are_parsed_with_spaces_and_commas() -> None:
    """As people paste them."""
    assert versions.parse_arns(f" {BASE}:a:1 ,{BASE}:b:20,") == [f"{BASE}:a:1", f"{BASE}:b:20"]


@pytest.mark.parametrize(
    "arn", ["x", f"{BASE}:a", f"{BASE}:a:0", f"{BASE}:a:01", f"{BASE}:a:1x",
            "arn:aws:lambda:r:12:layer:a:1"]
)  # fmt: skip
def test_every_wrong_piece_is_named(arn: str) -> None:
    """The right ones are not."""
    with pytest.raises(InputError) as caught:
        versions.parse_arns(f"{BASE}:ok:1,{arn}")
    assert caught.value.problem == f"not the ARN of a layer version: {arn}"


def test_arns_of_other_partitions_are_arns() -> None:
    """China, GovCloud."""
    arns = [f"arn:aws{part}:lambda:r-1:123456789012:layer:a:1" for part in ("-cn", "-us-gov")]
    assert versions.parse_arns(",".join(arns)) == arns


def test_parts_of_an_arn() -> None:
    """Name and number."""
    assert versions.layer_of(f"{BASE}:a:12") == f"{BASE}:a"
    assert versions.number_of(f"{BASE}:a:12") == 12
    assert versions.is_of(f"{BASE}:a:12", "a")
    assert not versions.is_of(f"{BASE}:a:12", "b")
    assert not versions.is_of("a", "a")


def test_lambdas_refusals_are_foreseen() -> None:
    """Another region, no ARN."""
    assert versions.misplaced([f"{BASE}:a:1"], "ap-northeast-2") == []
    [other, none] = versions.misplaced([f"{BASE}:a:1", "a"], "eu-west-1")
    assert other == f"{BASE}:a:1 is in ap-northeast-2, the function in eu-west-1"
    assert none == "'a' is not the ARN of a layer version"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["x:2"]),
        (["x:1"], ["x:2"]),
        (["a:1", "x:1", "b:1"], ["a:1", "x:2", "b:1"]),
        (["x:1", "a:1", "x:3"], ["x:2", "a:1"]),
        (["a:1"], ["a:1", "x:2"]),
        (["x:2"], ["x:2"]),
        (["xx:1"], ["xx:1", "x:2"]),
    ],
)
def test_a_new_version_takes_its_layers_place(before: list[str], after: list[str]) -> None:
    """Others keep theirs; twice becomes once; a longer name is another layer."""
    assert versions.replaced([f"{BASE}:{each}" for each in before], f"{BASE}:x:2") == [
        f"{BASE}:{each}" for each in after
    ]


def test_several_arns_are_the_list() -> None:
    """One is placed, two are all there is."""
    assert versions.placed([f"{BASE}:a:1"], [f"{BASE}:b:1"]) == [f"{BASE}:a:1", f"{BASE}:b:1"]
    assert versions.placed([f"{BASE}:a:1"], [f"{BASE}:b:1", f"{BASE}:c:1"]) == [
        f"{BASE}:b:1",
        f"{BASE}:c:1",
    ]


def test_keys_are_the_seeds() -> None:
    """layers/<layer>/<time>/, and notes beside."""
    assert versions.folder("deps", "20250102-030405") == "layers/deps/20250102-030405"
    assert versions.alias_key("deps", "ff") == "layers/deps/inputs/ff"
