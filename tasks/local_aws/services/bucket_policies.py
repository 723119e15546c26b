"""Bucket policies: moto takes a condition that it cannot judge for one that holds.

Two are judged here, TLS and `If-None-Match`. TLS is always taken for granted: the emulator answers
on this machine alone.
"""

import json
from typing import Any

from ...aws.iam.policies import TRANSPORT

ONCE = "s3:if-none-match"


def judge_conditions() -> None:
    """In place of moto's own."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        kept = [each for each in policy["Statement"] if _holds(json.dumps(each))]
        judged = json.dumps({**policy, "Statement": kept})
        return IAMPolicy(judged).is_action_permitted(_action(action), resource)

    setattr(FakeBucket, "get_permission", get_permission)  # noqa: B010 - mypy refuses the plain form


def _holds(statement: str) -> bool:
    return TRANSPORT not in statement and (ONCE not in statement or _makes_unconditionally())


def _makes_unconditionally() -> bool:
    """Does the request make an object whether one is there or not? One that begins an upload in
    parts, or sends a part, makes none."""
    from flask import request

    asked = request.args
    if request.method == "POST":
        return "uploadId" in asked and "If-None-Match" not in request.headers
    return "partNumber" not in asked and "If-None-Match" not in request.headers


def _action(action: str) -> str:
    """The request that ends an upload in parts needs the right of those that sent them."""
    return "s3:PutObject" if action == "s3:PostObject" else action
