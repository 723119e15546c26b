"""tasks/aws/arn.py: ARNs taken apart, and where one goes in a list."""

import pytest

from tasks.aws import arn as layer_arns
from tasks.util.errors import InputError

BASE = "arn:aws:lambda:ap-northeast-2:123456789012:layer"


def test_arns_are_parsed_with_spaces_and_commas() -> None:
    """As people paste them."""
    assert layer_arns.parse_arns(f" {BASE}:a:1 ,{BASE}:b:20,") == [f"{BASE}:a:1", f"{BASE}:b:20"]


@pytest.mark.parametrize(
    "arn", ["x", f"{BASE}:a", f"{BASE}:a:0", f"{BASE}:a:01", f"{BASE}:a:1x",
            "arn:aws:lambda:r:12:layer:a:1"]
)  # fmt: skip
def test_every_wrong_piece_is_named(arn: str) -> None:
    """The right ones are not."""
    with pytest.raises(InputError) as caught:
        layer_arns.parse_arns(f"{BASE}:ok:1,{arn}")
    assert caught.value.problem == f"not the ARN of a layer version: {arn}"


def test_arns_of_other_partitions_are_arns() -> None:
    """China, GovCloud."""
    arns = [f"arn:aws{part}:lambda:r-1:123456789012:layer:a:1" for part in ("-cn", "-us-gov")]
    assert layer_arns.parse_arns(",".join(arns)) == arns


def test_parts_of_an_arn() -> None:
    """Name and number."""
    assert layer_arns.layer_of(f"{BASE}:a:12") == f"{BASE}:a"
    assert layer_arns.number_of(f"{BASE}:a:12") == 12
    assert layer_arns.is_of(f"{BASE}:a:12", "a")
    assert not layer_arns.is_of(f"{BASE}:a:12", "b")
    assert not layer_arns.is_of("a", "a")


def test_lambdas_refusals_are_foreseen() -> None:
    """Another region, no ARN."""
    assert layer_arns.misplaced([f"{BASE}:a:1"], "ap-northeast-2") == []
    [other, none] = layer_arns.misplaced([f"{BASE}:a:1", "a"], "eu-west-1")
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
    assert layer_arns.replaced([f"{BASE}:{each}" for each in before], f"{BASE}:x:2") == [
        f"{BASE}:{each}" for each in after
    ]


def test_several_arns_are_the_list() -> None:
    """One is placed, two are all there is."""
    assert layer_arns.placed([f"{BASE}:a:1"], [f"{BASE}:b:1"]) == [f"{BASE}:a:1", f"{BASE}:b:1"]
    assert layer_arns.placed([f"{BASE}:a:1"], [f"{BASE}:b:1", f"{BASE}:c:1"]) == [
        f"{BASE}:b:1",
        f"{BASE}:c:1",
    ]
