"""tasks/settings/paths.py: where the image's scripts are."""

from pathlib import Path

import pytest

from tasks.settings import paths


def test_a_checkout_has_them_beside_dodo(tmp_path: Path) -> None:
    """Relative, so that doit's keys are the same in any folder."""
    assert paths.docker(tmp_path / "tasks") == Path("docker")


def test_a_wheel_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app's own docker/ folder is something else; a .venv in the app keeps the keys relative."""
    package = tmp_path / "app" / ".venv" / "doit_lambda_layer"
    (package / "docker").mkdir(parents=True)
    (tmp_path / "app" / "docker").mkdir()
    monkeypatch.chdir(tmp_path / "app")
    assert paths.docker(package) == Path(".venv/doit_lambda_layer/docker")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert paths.docker(package) == package / "docker"
