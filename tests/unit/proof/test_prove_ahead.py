"""What verify will try first is begun while other steps are at work."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.layer import builder
from tasks.layer import installed as installed_layer
from tasks.layer.installed import Installed
from tasks.layer.prune import plan
from tasks.proof import proof_plan, prove
from tasks.proof.cache import Look
from tasks.proof.proof_plan import ProofPlan
from tasks.settings.model import Settings


class Sandbox:
    isolation, kind = "none", "host"
    runs = True

    def __init__(self) -> None:
        self.begun: list[tuple[Path, ...]] = []

    def prepare(self, job: Any) -> None:
        self.begun.append(job.opt)


@pytest.mark.parametrize(
    ("missing", "runs", "begun"),
    [(["a"], True, [(Path("part.zip"),)]), ([], True, []), (["a"], False, [])],
)
def test_what_is_missing_is_begun(
    monkeypatch: pytest.MonkeyPatch, missing: list[str], runs: bool,
    begun: list[tuple[Path, ...]],
) -> None:  # fmt: skip
    """Where something is, and the layer can run here."""
    asked = ProofPlan(
        names=["a"], known={}, missing={name: {} for name in missing}, edges={}, keys={}, met=(),
        look=Look(Installed(()), {}, []), shown=missing, layer=Path("part.zip"),
    )  # fmt: skip
    sandbox = Sandbox()
    sandbox.runs = runs
    monkeypatch.setattr(builder, "running", lambda settings: SimpleNamespace(sandbox=sandbox))
    monkeypatch.setattr(installed_layer, "needed", lambda settings: Installed(()))
    monkeypatch.setattr(proof_plan, "prefetch", lambda *_: asked)
    monkeypatch.setattr(plan, "read_plans", lambda path: [])
    monkeypatch.setattr(prove, "without_bytecode", lambda settings: set())
    prove.prepare(Settings())
    assert sandbox.begun == begun
