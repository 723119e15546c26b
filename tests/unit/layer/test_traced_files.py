"""tasks/layer/traced_files.py: which files a trace's command needs."""

from pathlib import Path

import pytest

from tasks.layer import traced_files
from tasks.settings.model import Settings

TESTS = ["tests/__init__.py", "tests/data/x.json", "tests/test_app.py"]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        # the forms of unittest's and pytest's documentation
        ("python -m unittest tests.test_app", TESTS),
        ("python -m unittest -v tests.test_app.TestApp.test_index", TESTS),
        ("python -m unittest tests/test_app.py", ["tests/test_app.py"]),
        ("python -m smoke_calls", ["smoke_calls.py"]),
        ("python -m pytest tests/test_app.py::test_index", ["tests/test_app.py"]),
        ("pytest tests", TESTS),
        ("smoke_calls.py", ["smoke_calls.py"]),
        ("python -m json.tool", []),
        ("python -m", []),
        ("python -m ..tests", []),
    ],
)
def test_the_commands_files_go_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, named: list[str]
) -> None:
    """Named as files, or as modules: those of a package with what lies beside them."""
    monkeypatch.chdir(tmp_path)
    for each in ("app.py", "smoke_calls.py", "other.py", *TESTS):
        Path(each).parent.mkdir(exist_ok=True, parents=True)
        Path(each).write_text("")
    assert [*traced_files.named(Settings(trace=command))] == ["app.py", *named]
