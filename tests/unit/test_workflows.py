"""The workflows: pinned actions, and the seed's order of steps."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not PINNED.fullmatch(each)] == []


def test_main_is_deployed_in_the_seeds_order() -> None:
    text = (FOLDER / "deploy.yml").read_text(encoding="utf-8")
    job = text[text.index("\n  deploy:") :]
    steps = [
        "actions/checkout", "actions/setup-python", "configure-aws-credentials",
        "./doitw patch-config stage=prod", "aws-secretsmanager-get-secrets",
        "./doitw deploy stage=prod",
    ]  # fmt: skip
    places = [job.index(step) for step in steps]
    assert places == sorted(places)


def test_a_pull_request_builds_with_what_earlier_runs_left() -> None:
    text = (FOLDER / "deploy.yml").read_text(encoding="utf-8")
    job = text[text.index("\n  build:") : text.index("\n  deploy:")]
    assert "run: ./doitw\n" in job
    assert re.search(r"path: \|\n\s+build\n\s+\.doit\.sqlite3\n", job)
    assert "id-token" not in job
