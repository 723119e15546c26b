"""verify: Lambda's limit, warnings before it, and growth."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer.archive import size_limit
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import files as file_tools
from tests import handmade_layers
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
    monkeypatch.setattr(size_limit, "LAMBDA_LIMIT", 50_000)
    found = refused(replace(settings, bytecode="none", strip=False))
    lines = found.problem.splitlines()
    assert "is over Lambda's 50.0 kB; the heaviest:" in lines[0]
    assert [line.split()[-1] for line in lines[1:]] == [f"p{n}" for n in range(11, 1, -1)]
    assert "`drop` and `recipes`" in found.fix


def test_the_function_counts_as_well(settings: Settings) -> None:
    """The limit is for all layers and the function together."""
    Path("app.py").write_text("#" * 5000, encoding="utf-8")
    with_app = size_limit.function_size()
    Path("app.py").unlink()
    assert with_app == size_limit.function_size() + 5000


def test_over_90_percent_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """It still ships."""
    lay(settings, {"pkg/__init__.py": "#" * 9000})
    monkeypatch.setattr(size_limit, "function_size", lambda: 0)
    monkeypatch.setattr(size_limit, "LAMBDA_LIMIT", 10_000)
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
    published = {"unzipped": 1000, "arn": ARN}
    file_tools.write_record(paths.stage_record(settings, "publish"), published)
    limited = replace(settings, max_growth=allowed, bytecode="none", strip=False)
    if passes:
        assert build(limited)
    else:
        found = refused(limited)
        assert f"% over {ARN} (1.0 kB → 3." in found.problem
        assert "max-growth is 50 %" in found.problem
