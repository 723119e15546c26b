"""Who ran it, as others read it."""

import socket

from tasks.util import actor

HOST = socket.gethostname()
GITHUB = {
    "GITHUB_ACTOR": "anna",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "shuking/app",
    "GITHUB_RUN_ID": "17",
}


def test_a_person_at_a_machine() -> None:
    """No address."""
    name, _, host = actor.current_actor({}).partition("@")
    assert name
    assert host == HOST


def test_a_run_of_github() -> None:
    """Who pushed, and where to read on."""
    said = actor.current_actor(GITHUB)
    assert said == f"anna@{HOST} (https://github.com/shuking/app/actions/runs/17)"


def test_a_run_of_gitlab() -> None:
    """It tells the job's address."""
    said = actor.current_actor({"GITLAB_USER_LOGIN": "ben", "CI_JOB_URL": "https://git.x/jobs/4"})
    assert said == f"ben@{HOST} (https://git.x/jobs/4)"
