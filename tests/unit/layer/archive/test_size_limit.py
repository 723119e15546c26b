"""tasks/layer/archive/size_limit.py: sums, shares, sentences. The limit:
tests/functional/test_verify_budget."""

import json
from pathlib import Path

import pytest

from tasks.layer.archive import size_limit
from tasks.settings import paths
from tasks.settings.model import LAMBDA_LIMIT, Settings
from tasks.settings.step_records import BytecodeReport, OptimizeRecord, PublishRecord
from tasks.util import files
from tasks.util.errors import VerifyError
from tests import made_records

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:x:1"


def test_everything_known_is_summed() -> None:
    """Layer, function, other layers; what AWS alone knows is not guessed."""
    spent = size_limit.Budget(layer=100, function=20, others={ARN: 3, f"{ARN}2": None})
    assert spent.total == 123
    assert spent.share == 123 / LAMBDA_LIMIT
    assert spent.sentences()[-1] == f"not counted, its size is known to AWS only: {ARN}2"
    assert len(spent.sentences()) == 2


def test_a_warning_comes_over_90_percent() -> None:
    """Not at it."""
    at, over = (
        size_limit.Budget(layer=int(LAMBDA_LIMIT * share), function=0) for share in (0.9, 0.91)
    )
    assert at.sentences() == ["235.9 MB of 262.1 MB unzipped (90%)"]
    assert over.sentences()[1].startswith("warning: over 90% of Lambda's limit")


def test_the_function_with_most_beside_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function has the stage's layers or its own, never both; all of them are asked for."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(layer="deps")
    heavy, light, ours = (ARN.replace(":x:", f":{name}:") for name in ("heavy", "light", "deps"))
    own = {"a": {"layers": [light, ours]}, "b": {"layers": [light, heavy]}, "c": {"layers": []}}
    config = {"stages": {"prod": {"layers": [ARN, ours], "lambda_functions": own}}}
    files.write_atomic(paths.CHALICE_CONFIG, json.dumps(config).encode())
    assert size_limit.others(settings) == [ARN, light, heavy]
    assert size_limit.other_sizes(settings) == {light: None, heavy: None}
    sizes = {"sizes": {ARN: 5, light: 1, heavy: 7}}
    files.write_record(paths.stage_record(settings, "preflight"), sizes)
    assert size_limit.other_sizes(settings) == {light: 1, heavy: 7}
    files.write_record(
        paths.stage_record(settings, "preflight"), {"sizes": {**sizes["sizes"], ARN: 9}}
    )
    assert size_limit.other_sizes(settings) == {ARN: 9}


def test_the_heaviest_come_first() -> None:
    """By size, then by name; ten unless told."""
    sizes = {"b": 5, "a": 5, "big": 2_000_000}
    assert [line.split()[-1] for line in size_limit.largest(sizes)] == ["big", "a", "b"]
    assert size_limit.largest(sizes, 1) == ["    2.0 MB  big"]
    assert len(size_limit.largest({str(n): n for n in range(30)})) == 10


@pytest.mark.parametrize(
    ("layer", "function", "bytecode", "reserve"),
    [
        (200_000_000, 70_000_000, 20_000_000, True),
        (200_000_000, 70_000_000, 1_000_000, False),
        (200_000_000, 70_000_000, None, False),
        (1_500, LAMBDA_LIMIT - 44, 200, False),
        (1_500, LAMBDA_LIMIT + 1, 200, False),
    ],
    ids=["enough", "not enough", "none was made", "function, nearly", "function alone"],
)
def test_reserve_is_offered_where_it_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: int, function: int,
    bytecode: int | None, *, reserve: bool,
) -> None:  # fmt: skip
    """Where bytecode is the difference."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(layer="deps")
    code = None if bytecode is None else made_records.made(BytecodeReport, bytes=bytecode)
    made_records.put(settings, OptimizeRecord, bytecode=code)
    spent = size_limit.Budget(layer=layer, function=function)
    with pytest.raises(VerifyError) as caught:
        size_limit.check_limit(settings, spent, {"pkg": layer})
    assert ("reserve" in caught.value.fix) is reserve
    assert "make the function smaller" in caught.value.fix


@pytest.mark.parametrize(("layer", "fits"), [(1500, True), (1501, False)])
def test_growth_may_reach_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: int, fits: bool
) -> None:
    """max-growth is what is allowed: 50 % of 1,000 bytes are 500 more."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(layer="deps", max_growth=50)
    made_records.put(settings, PublishRecord, unzipped=1000, arn=ARN)
    if fits:
        size_limit._check_growth(settings, layer)
    else:
        with pytest.raises(VerifyError, match=r"grew by 50\.1 %"):
            size_limit._check_growth(settings, layer)
