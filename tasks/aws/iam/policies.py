"""The smallest IAM policy for each kind of command on one stage. Who may take a stage's role."""

from collections.abc import Iterable, Mapping
from typing import Any

from .image_statements import needs_of
from .resources import Scope

Policy = dict[str, Any]


def policy(purpose: str, scope: Scope) -> Policy:
    """What one kind of command needs on this stage, and nothing beyond."""
    return document(
        _allow(need.sid, _one(need.actions), need.on(scope))
        | ({"Condition": need.condition} if need.condition else {})
        for need in needs_of(scope, purpose)
    )


def assume(scope: Scope) -> Policy:
    """What a deploy needs where the stage has a `role`: the other policies are that
    role's."""
    return document([_allow("Assume", "sts:AssumeRole", scope.settings.role)])


def _allow(sid: str, actions: str | list[str], resources: str | list[str]) -> Policy:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _one(names: Iterable[str]) -> str | list[str]:
    listed = list(names)
    return listed[0] if len(listed) == 1 else listed


def document(statements: Iterable[Mapping[str, Any]]) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


# AWS judges `ref` since January 2026 (STS, "identity provider claims"); before, only `sub`.
GITHUB = "token.actions.githubusercontent.com"


def trust(scope: Scope, repository: str, branch: str) -> Policy:
    """Who may take the role: jobs of this repository on this branch in the stage's environment.

    Without the condition on `sub`, any repository of GitHub could.
    """
    provider = scope.arn("iam", f"oidc-provider/{GITHUB}")
    is_ours = {
        f"{GITHUB}:aud": "sts.amazonaws.com",
        f"{GITHUB}:sub": f"repo:{repository}:environment:{scope.settings.stage}",
        f"{GITHUB}:ref": f"refs/heads/{branch}",
    }
    return document(
        [
            {
                "Sid": "GitHub",
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": is_ours},
            }
        ]
    )
