"""tasks/release/stage/deploy_plan.py: what the requirement lines want otherwise, and how a plan
reads."""

from pathlib import Path

import pytest

from tasks.release.stage import deploy_plan
from tasks.release.stage.deploy_plan import DeployPlan, RequirementChange
from tasks.requirements import file
from tasks.requirements.tags import marker_environment
from tasks.settings.model import Settings
from tests.unit.release.test_compare import manifest


def asked(tmp_path: Path, text: str, *pins: str) -> list[str]:
    path = tmp_path / "requirements.txt"
    path.write_text(text, encoding="utf-8")
    environment = marker_environment(Settings())
    return deploy_plan.asked(file.read_requirements(path), manifest(*pins), environment)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("six==1.16.0\n", []),
        ("six\n", []),
        ("Six>=1,<2\n", []),
        ("six==1.17.0\n", ["six 1.16.0 → ==1.17.0"]),
        ("six\nidna\n", ["idna (added)"]),
        ("idna\n", ["idna (added)", "six (no longer asked for)"]),
        ("six\npywin32; sys_platform == 'win32'\n", []),
        ("six\ntomli; python_version >= '3.12'\n", ["tomli (added)"]),
        ("--index-url https://example.org/simple\nsix\n", []),
    ],
)
def test_what_the_lines_want_otherwise(tmp_path: Path, text: str, said: list[str]) -> None:
    """Names are compared normalised; lines for other platforms want nothing."""
    assert asked(tmp_path, text, "six==1.16.0") == said


def test_a_pre_release_that_is_there_is_what_was_asked_for(tmp_path: Path) -> None:
    """The resolver took it, for whatever reason it had."""
    assert asked(tmp_path, "six>=1\n", "six==2.0rc1") == []


def test_constraints_ask_for_nothing(tmp_path: Path) -> None:
    """They only limit."""
    (tmp_path / "limits.txt").write_text("idna<4\n", encoding="utf-8")
    assert asked(tmp_path, "six\n-c limits.txt\n", "six==1.16.0") == []


def test_a_plan_reads_in_order() -> None:
    """Notes first, then what would be done, each with its reasons."""
    changes = [
        RequirementChange(what="first", why=["because", "and"]),
        RequirementChange(what="second", why=[]),
    ]
    found = DeployPlan(stage="prod", notes=["stays"], changes=changes)
    assert list(found.lines()) == ["stays", "1. first", "     because", "     and", "2. second"]
