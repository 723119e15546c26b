"""The smallest IAM policy for each kind of command on one stage. Who may take a stage's role."""

from collections.abc import Iterable, Mapping
from typing import Any

from . import action_names
from .image_actions import needs_of
from .resources import Scope
from .store_actions import written_once

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
    return document([_allow("Assume", action_names.action("AssumeRole"), scope.settings.role)])


def of_bucket(scope: Scope) -> Policy:
    """The bucket's own: what nobody may do there, whatever other policies allow."""
    bucket = scope.settings.bucket
    return document([tls_only(bucket, scope.partition), written_once(bucket, scope.partition)])


TRANSPORT = "aws:SecureTransport"  # IAM's name for TLS


def tls_only(bucket: str, partition: str) -> Policy:
    """The statement that AWS's Config rule s3-bucket-ssl-requests-only asks for."""
    place = f"arn:{partition}:s3:::{bucket}"
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [place, f"{place}/*"],
        "Condition": {"Bool": {TRANSPORT: "false"}},
    }


def _allow(sid: str, names: str | list[str], resources: str | list[str]) -> Policy:
    return {"Sid": sid, "Effect": "Allow", "Action": names, "Resource": resources}


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
