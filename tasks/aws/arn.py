"""ARNs of layer versions: read, taken apart, and put among a stage's layers."""

import re
from collections.abc import Iterable

from ..util.errors import InputError

LAYER_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:"
    r"(?P<name>[A-Za-z0-9_-]+):(?P<version>[1-9]\d*)"
)


def parse_arns(typed: str) -> list[str]:
    """`A[,B…]` as a list. InputError names every piece that is no layer version's ARN."""
    pieces = [piece.strip() for piece in typed.split(",") if piece.strip()]
    wrong = [piece for piece in pieces if not LAYER_ARN.fullmatch(piece)]
    if wrong or not pieces:
        raise InputError(
            f"not the ARN of a layer version: {', '.join(wrong) or 'arn= is empty'}",
            fix="write arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION, several with commas",
        )
    return pieces


def layer_of(arn: str) -> str:
    """An ARN without its version: which layer it is."""
    return arn.rpartition(":")[0]


def number_of(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def place_of(arn: str) -> tuple[str, str, str] | None:
    """(region, account, layer's name). None for what is no layer version's ARN."""
    match = LAYER_ARN.fullmatch(arn)
    return (match["region"], match["account"], match["name"]) if match else None


def is_of(arn: str, layer: str) -> bool:
    """Is this a version of the layer with that name, in whatever account and region?"""
    match = LAYER_ARN.fullmatch(arn)
    return match is not None and match["name"] == layer


def misplaced(arns: Iterable[str], region: str) -> list[str]:
    """What Lambda would refuse: no ARN of a layer version, or of another region than `region`."""
    problems = []
    for arn in arns:
        match = LAYER_ARN.fullmatch(arn)
        if match is None:
            problems.append(f"{arn!r} is not the ARN of a layer version")
        elif match["region"] != region:
            problems.append(f"{arn} is in {match['region']}, the function in {region}")
    return problems


def strange(arns: Iterable[str], layer: str, region: str, account: str) -> list[str]:
    """Those that have this layer's name and lie elsewhere: a fork's, or of a stage that moved. None
    of them would be replaced by the layer's own version."""
    return [arn for arn in arns if is_of(arn, layer) and place_of(arn) != (region, account, layer)]


def replaced(configured: Iterable[str], arn: str) -> list[str]:
    """The stage's layers with this version in the place of its layer's older one.

    Other layers keep their places. Ours twice becomes once. Ours missing goes last.
    """
    result: list[str] = []
    for each in configured:
        ours = layer_of(each) == layer_of(arn)
        if not ours or arn not in result:
            result.append(arn if ours else each)
    return result if arn in result else [*result, arn]


def placed(configured: Iterable[str], arns: list[str]) -> list[str]:
    """One ARN takes its layer's place among the configured. Several are the list as it is."""
    return arns if len(arns) > 1 else replaced(configured, arns[0])
