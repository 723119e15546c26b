"""tasks/sandbox/job_kinds.py: one table of jobs, and the same in docs/security.md."""

import pytest

from tasks.sandbox import job_kinds
from tasks.sandbox.job_kinds import CELL, COMPILER, KINDS, NOBODY, ROOT, STORE, YOU, Kind
from tests.project import ROOT as CHECKOUT


def test_the_page_shows_the_table() -> None:
    """Word for word."""
    assert job_kinds.table() in (CHECKOUT / "docs/security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.job)
def test_whose_code_runs_decides(kind: Kind) -> None:
    """Ours alone is root, or has a volume; what packages bring is nobody in a cell."""
    ours = kind.code.startswith(("our ", "uv"))
    assert kind.is_ours == ours
    if kind.user == YOU:
        return
    assert (kind.container == STORE) == (kind.user == ROOT)
    if not ours:
        assert kind.user == NOBODY
        assert kind.container in (CELL, COMPILER)
        assert "cache" not in kind.mounts
        assert "password" not in kind.environment.replace("no password", "")
