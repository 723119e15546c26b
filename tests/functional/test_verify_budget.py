"""verify: Lambda's limit, warnings before it, and growth."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import bytecode
from tasks.layer.archive import size_limit
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.settings.step_records import PublishRecord
from tasks.steps import prune, verify
from tasks.util.errors import VerifyError
from tests import handmade_layers, made_records
from tests.elves import elf
from tests.handmade_layers import build, lay, lay_wheels, refused

ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:t:1"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return handmade_layers.project(tmp_path, monkeypatch)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return handmade_layers.listen(monkeypatch)


def test_over_the_limit_the_ten_largest_are_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Largest first, and no sandbox is started for it."""
    files = {f"p{n}": {f"p{n}/__init__.py": "#" * 1000 * (n + 1)} for n in range(12)}
    lay_wheels(settings, files)
    monkeypatch.setattr("tasks.settings.model.LAMBDA_LIMIT", 50_000)
    found = refused(replace(settings, bytecode="none", strip=False))
    lines = found.problem.splitlines()
    assert "is over Lambda's 50.0 kB. The heaviest:" in lines[0]
    assert [line.split()[-1] for line in lines[1:]] == [f"p{n}" for n in range(11, 1, -1)]
    assert "`drop` and `recipes`" in found.fix


def test_the_function_counts_as_well(settings: Settings) -> None:
    """The limit is for all layers and the function together."""
    Path("app.py").write_text("#" * 5000, encoding="utf-8")
    with_app = size_limit.function_size(settings)
    Path("app.py").unlink()
    assert with_app == size_limit.function_size(settings) + 5000


def test_over_90_percent_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """It still ships."""
    lay(settings, {"pkg/__init__.py": "#" * 9000})
    monkeypatch.setattr(size_limit, "function_size", lambda settings: 0)
    monkeypatch.setattr("tasks.settings.model.LAMBDA_LIMIT", 10_000)
    assert build(replace(settings, bytecode="none", strip=False))
    assert any(line.startswith("warning: over 90% of Lambda's limit") for line in said)


def test_another_layers_size_is_said_to_be_unknown(settings: Settings, said: list[str]) -> None:
    """Only AWS knows it."""
    foreign = ARN.replace(":t:", ":extension:")
    paths.CHALICE_CONFIG.parent.mkdir()
    config = {"stages": {"prod": {"layers": [ARN, foreign]}}}
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    lay(settings, {"pkg/__init__.py": ""})
    build(settings)
    assert f"not counted, its size is known to AWS only: {foreign}" in said
    assert not any(ARN in line for line in said)


@pytest.mark.parametrize(("allowed", "passes"), [(0, True), (400, True), (50, False)])
def test_growth_over_the_published_version(settings: Settings, allowed: int, passes: bool) -> None:
    """In percent; 0 is no limit."""
    lay(settings, {"pkg/__init__.py": "#" * 3000})
    made_records.put(settings, PublishRecord, unzipped=1000, arn=ARN)
    limited = replace(settings, max_growth=allowed, bytecode="none", strip=False)
    if passes:
        assert build(limited)
    else:
        found = refused(limited)
        assert f"% over {ARN} (1.0 kB → 3." in found.problem
        assert "max-growth is 50 %" in found.problem


def test_what_cannot_fit_is_said_before_anything_is_compiled(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind prune: how much is too much, and what each recipe would save."""
    files = {"sklearn/__init__.py": "", "sklearn/datasets/data/a.csv": "x" * 30_000,
             "sklearn/big.bin": "y" * 40_000}  # fmt: skip
    lay(settings, files)
    monkeypatch.setattr(
        "tasks.settings.model.LAMBDA_LIMIT", size_limit.function_size(settings) + 50_000
    )
    with pytest.raises(VerifyError) as caught:
        prune.run(settings)
    assert not paths.record(settings, "optimize").exists()
    assert "unzipped (stripped, without bytecode) is over Lambda's" in caught.value.problem
    assert "kB must go. recipes = " in caught.value.fix
    assert "leave packages out, or files with `drop`" in caught.value.fix
    assert 'recipes = ["scikit-learn-data"] saves up to 30.0 kB' in caught.value.fix
    assert prune.run(replace(settings, recipes=("scikit-learn-data",))).after.bytes < 50_000


def test_what_stripping_would_save_is_not_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Symbols and debug information: a layer that fits without them is built."""
    library = elf("libc.so.6", debug=80_000)
    lay(settings, {"pkg/__init__.py": "", "pkg/x.so": library})
    monkeypatch.setattr(
        "tasks.settings.model.LAMBDA_LIMIT", size_limit.function_size(settings) + 50_000
    )
    assert prune.run(settings)
    with pytest.raises(VerifyError, match="must go"):
        prune.run(replace(settings, strip=False))


def test_a_function_that_outgrew_the_reserve_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at again in a build that was good before; with more reserve bytecode makes room."""
    code = "x = [" + "1.5, " * 2000 + "]\n"
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": code, "pkg/b.py": code})
    monkeypatch.setattr(size_limit, "MB", 1000)
    monkeypatch.setattr(bytecode, "MB", 1000)
    before = settings_with(settings, function=size_limit.function_size(settings))
    record = build(before)
    whole, small = record.unzipped, size_limit.function_size(settings)
    limit = whole + small + 1000
    monkeypatch.setattr("tasks.settings.model.LAMBDA_LIMIT", limit)
    assert build(before).unzipped == whole
    fresh = verify.fingerprint(before)
    Path("app.py").write_text("#" * 5000, encoding="utf-8")
    assert verify.fingerprint(before) != fresh
    found = refused(before)
    needed = math.ceil(size_limit.function_size(settings) / 1000)
    assert "the function and other layers need" in found.problem
    assert f"reserve = {before.reserve} keeps" in found.problem
    assert f"set reserve = {needed} in [tool.lambda-layer]" in found.fix
    assert build(replace(before, reserve=needed)).unzipped < whole


def settings_with(settings: Settings, *, function: int) -> Settings:
    """Whose reserve is what the function needs now, in thousands of bytes."""
    return replace(settings, reserve=math.ceil(function / 1000))


def test_bytecode_that_was_left_out_is_a_warning_of_every_build(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the seconds; the layer is proven all the same."""
    lay(settings, {"pkg/__init__.py": "", "pkg/a.py": "x = 1\n"})
    monkeypatch.setattr(bytecode, "room", lambda settings: 0)
    assert build(settings).compiled_anew == 0
    (line,) = verify.last_words(settings)
    assert line.startswith("warning: no room for the bytecode of 2 modules")
    assert "s more at each cold start" in line


def test_published_and_uploaded_layers_are_looked_at_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the function as it is now."""
    made_records.put(settings, PublishRecord, unzipped=1000, packages={"pkg": 1000}, arn=ARN)
    Path("app.py").write_text("#" * 5000, encoding="utf-8")
    size_limit.check_published(settings)
    monkeypatch.setattr(
        "tasks.settings.model.LAMBDA_LIMIT", size_limit.function_size(settings) + 999
    )
    with pytest.raises(VerifyError, match="is over Lambda's"):
        size_limit.check_published(settings)
    with pytest.raises(VerifyError, match="is over Lambda's"):
        size_limit.check_again(settings, 1000, {})
    size_limit.check_again(settings, 999, {})
