"""tasks/report/deploy_summary.py: the way back from a first deploy (the others:
functional/test_outcome)."""

from pathlib import Path

import pytest

from tasks.report import deploy_summary
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.util import files


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


@pytest.mark.parametrize(
    ("code", "former", "way"),
    [
        ("new", 2, "./doitw undo stage=dev"), ("new", 1, "./doitw undo stage=dev"),
        ("old", 2, "./doitw undo stage=dev"),  # its variables, say
        ("old", 1, "./doitw rollback version=1 stage=dev"),
        ("old", 0, "./doitw undo stage=dev"),  # a layer of another name
    ],
)  # fmt: skip
def test_the_way_back_brings_back_all_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, former: int, way: str
) -> None:
    """A rollback only the layer. What config.json had before an earlier deploy says nothing."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(stage="dev", layer="deps")
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:deps:"
    layers = [f"{arn}{former}" if former else arn.replace("deps", "old") + "1"]
    undoes = {"functions": {"shop-dev": "old"}, "layers": layers}
    now = {"shop-dev": {"sha256": code, "layers": [f"{arn}2"]}}
    records: dict[str, files.Record] = {
        "attempt": {"undoes": undoes}, "chalice-deploy": {"functions": now},
        "patch-config": {"before": [f"{arn}1"], "after": []},
    }  # fmt: skip
    for step, record in records.items():
        files.write_record(paths.stage_record(settings, step), record)
    assert deploy_summary.undo(settings, [f"{arn}2"]) == way
