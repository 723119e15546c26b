"""tasks/report/deploy_summary.py: the way back from a first deploy (the others:
functional/test_outcome)."""

from pathlib import Path

import pytest

from tasks.report import deploy_summary
from tasks.settings.model import Settings


@pytest.mark.parametrize(
    ("stage", "way"),
    [
        (
            "prod",
            "chalice delete --stage prod takes it down; what that leaves: "
            "./doitw status stage=prod",
        ),
        ("local", "./doitw local-stop ends the emulator"),
    ],
)
def test_a_first_deploy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, way: str
) -> None:
    """Typed in a person's shell, Chalice's command reaches the real AWS."""
    monkeypatch.chdir(tmp_path)
    said = deploy_summary.undo(Settings(stage=stage), [])
    assert said == f"nothing was there before; {way}"
