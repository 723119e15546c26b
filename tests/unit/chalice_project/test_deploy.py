"""tasks/chalice_project/deploy.py: what Chalice said, as the reason of an error."""

import pytest

from tasks.chalice_project import deploy
from tasks.chalice_project.runner import unfolded
from tasks.settings.model import Settings
from tasks.util.errors import DeployError

ERROR = "ERROR - While deploying your chalice application, received the following error:\n"
ROLE = "arn:aws:iam::123456789012:role/a-role-with-a-name-that-is-much-longer-than-a-line-is"
DENIED = (
    "An error occurred (AccessDenied) when calling the CreateRole operation: User: "
    f"arn:aws:iam::123456789012:user/me is not authorized to perform: iam:CreateRole on resource: "
    f"{ROLE} with an explicit deny in a service control policy"
)
PAGE = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<p>There is nothing.</p>\n"


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_an_error_of_chalice_is_told_whole() -> None:
    """Its first line says where, the indented ones say what."""
    said = deploy.reason(lines(f"Creating role\n{ERROR}\n {DENIED}\n"))
    assert said == f"{ERROR}{DENIED}"
    assert "organization" in deploy._fix(said, Settings())
    assert "iam:CreateRole" in deploy._fix(said, Settings())


def test_a_traceback_is_told_by_its_end() -> None:
    said = deploy.reason(
        lines("Creating\nTraceback (most recent call last):\n  File x\nKeyError: 1\n")
    )
    assert said == "KeyError: 1"


def test_an_app_that_chalices_reader_of_permissions_cannot_read() -> None:
    """Annotations in functions are enough (seen with Chalice 1.34)."""
    said = lines(f'Traceback …:\n  File "x{deploy.READER}", line 421, in visit\nKeyError: 1\n')
    assert "iam_policy_file" in deploy._fix("".join(said), Settings())


def test_a_page_of_a_server_is_told_by_its_words() -> None:
    """As the emulator answers what it does not know."""
    said = deploy.reason(lines(f"{ERROR}\n {PAGE}"))
    assert str(DeployError(f"chalice deploy failed:\n{said}", fix="x")) == (
        f"chalice deploy failed:\n{ERROR}There is nothing.\n→ x"
    )


def test_chalice_does_not_fold_what_aws_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ARN in two pieces is none."""
    from chalice.deploy.deployer import ChaliceDeploymentError

    monkeypatch.setattr(ChaliceDeploymentError, "_wrap_text", ChaliceDeploymentError._wrap_text)
    assert DENIED not in str(ChaliceDeploymentError(Exception(DENIED)))
    unfolded()
    assert DENIED in str(ChaliceDeploymentError(Exception(DENIED)))
