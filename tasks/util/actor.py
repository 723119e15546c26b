"""Who runs this, and when: as others read it in a lock or a pin."""

import getpass
import socket
from collections.abc import Mapping
from datetime import UTC, datetime


def current_actor(environ: Mapping[str, str]) -> str:
    """`user@host`, with the run's address when CI (GitHub, GitLab) runs it."""
    person = environ.get("GITHUB_ACTOR") or environ.get("GITLAB_USER_LOGIN") or _user()
    address = ci_run(environ)
    return f"{person}@{socket.gethostname()}" + (f" ({address})" if address else "")


def ci_run(environ: Mapping[str, str]) -> str:
    """The address of the CI run. '' where there is none (variables as GitHub and GitLab document
    them)."""
    if environ.get("GITHUB_RUN_ID"):
        parts = [environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY")]
        return "/".join([*parts, "actions/runs", environ["GITHUB_RUN_ID"]])
    return environ.get("CI_JOB_URL", "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return "somebody"


def written(at: datetime) -> str:
    """2026-11-24 03:10:17 UTC"""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
