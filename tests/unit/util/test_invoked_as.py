"""tasks/util/invoked_as.py: messages name the command that a person can type where they are."""

from pathlib import Path

import pytest

from tasks.util import invoked_as
from tasks.util.invoked_as import called, typed


@pytest.mark.parametrize(
    ("program", "package", "said"),
    [
        ("/checkout/tasks/__main__.py", "tasks", "./doitw"),
        ("{bin}/doit", "doit_lambda_layer", "doit"),
        ("{bin}/doit-lambda-layer", "doit_lambda_layer", "doit"),
        ("/home/me/.local/bin/doit-lambda-layer", "doit_lambda_layer", "doit-lambda-layer"),
        ("/site-packages/doit_lambda_layer/__main__.py", "doit_lambda_layer", "doit"),
        ("{bin}/doit", "tasks", "doit"),
    ],
)
def test_as_it_was_called(tmp_path: Path, program: str, package: str, said: str) -> None:
    """pipx shows one program, an app's environment two, a checkout a third."""
    (tmp_path / "doit").touch()
    assert called(program.format(bin=tmp_path), package) == said


def test_messages_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command alone, and nothing that only looks like it."""
    monkeypatch.setattr(invoked_as, "CALL", "doit")
    assert typed("run ./doitw, then `./doitw deploy stage=dev`") == (
        "run doit, then `doit deploy stage=dev`"
    )
    assert typed("see a/./doitw and ./doitwater") == "see a/./doitw and ./doitwater"
