"""What AWS says when it refuses, read: which action, on what, for whom, and which policy decides.

The texts are those of IAM's user guide ("Troubleshoot access denied error messages") and of the
services. tests/unit/aws/iam/test_denial.py has them as recorded.
"""

import json
import re
from dataclasses import dataclass

from .image_actions import every_need
from .needed_actions import CONVERT, DEPLOY, GC, MAKE_BUCKET, PUBLISH, ROLLBACK, STATUS

USER = re.compile(r"User:? (?P<who>arn:\S+|[\w+=,.@/-]+) is not authorized")
ACTION = re.compile(r"(?i)not authorized to perform:? \[?(?P<action>[a-z0-9-]+:\w+)")
RESOURCE = re.compile(
    r'on resource:? "?(?P<resource>arn:[^\s"]+|[^\s"]+(?: [^\s"]+)?(?="? (?:because|with) ))'
)
EXPLICIT = re.compile(
    r"with an explicit deny in (?:an?|the) (?P<policy>[\w -]+?(?:policy|boundary))"
    r"(?:: (?P<arn>arn:\S+))?"
)
MISSING = re.compile(r"because no (?P<policy>[\w -]+?(?:policy|policies|boundary)) allows? ")
BY_S3 = re.compile(
    r"denied by S3, .*?permission to (?P<action>\w+) for (?P<bucket>[\w.-]+)(?:/(?P<key>\S+?))?\.? "
)
BY_KMS = re.compile(
    r"(?P<ciphertext>not authorized to perform: kms:Decrypt on the resource associated with this "
    r"ciphertext|Access to KMS is not allowed|KMS (?:key )?access (?:was|is) denied)"
)
BY_TOKEN = re.compile("sts:AssumeRoleWith(WebIdentity|SAML)")  # the role alone decides
ENCODED = re.compile(r"Encoded authorization failure message: (?P<text>\S+)")
IDENTITY, SESSION, TRUST = "identity-based policy", "session policy", "role trust policy"
ORGANIZATION = ("service control policy", "resource control policy")
BOUNDARY, RESOURCE_BASED = "permissions boundary", "resource-based policy"
ENDPOINT = "VPC endpoint policy"


@dataclass(frozen=True, kw_only=True)
class Denial:
    """`policy`: the kind that decides, '' where AWS does not say. `explicit`: it denies, and does
    not merely fail to allow. `arn`: of that policy."""

    action: str
    resource: str = ""
    who: str = "this identity"
    policy: str = ""
    explicit: bool = False
    arn: str = ""


def read(said: str) -> Denial | None:
    """None for what is no refusal, or names no action. Lines may have been folded."""
    text = " ".join(said.split()) + " "
    action = ACTION.search(text)
    if (by_s3 := BY_S3.search(text)) and not action:
        key = f"/{by_s3['key']}" if by_s3["key"] else ""
        return Denial(
            action=f"s3:{by_s3['action']}", resource=f"arn:aws:s3:::{by_s3['bucket']}{key}"
        )
    if BY_KMS.search(text):
        return Denial(action="kms:Decrypt")
    if action is None:
        return None
    who, resource = USER.search(text), RESOURCE.search(text)
    explicit, missing = EXPLICIT.search(text), MISSING.search(text)
    policy = explicit or missing
    kind = policy["policy"].replace("policies", "policy") if policy else ""
    return Denial(
        action=action["action"],
        resource=resource["resource"].rstrip(".,") if resource else "",
        who=who["who"] if who else "this identity",
        policy=kind or (TRUST if BY_TOKEN.fullmatch(action["action"]) else ""),
        explicit=bool(explicit) or "explicit deny" in text,
        arn=(explicit["arn"] or "").rstrip(".") if explicit else "",
    )


def remedy(denial: Denial) -> str:
    """What to do, by the policy that decides."""
    named = f" {denial.arn}" if denial.arn else ""
    where, whose = denial.resource or "the resource", f"of {denial.who}"
    verb = f"remove the deny of {denial.action} from"
    if not denial.explicit:
        verb = f"allow {denial.action} in"
    if denial.policy in ORGANIZATION:
        return (
            f"ask who manages your AWS organization to {verb} its {denial.policy}{named}: no "
            "policy in this account can allow it"
        )
    ways = {
        BOUNDARY: f"{verb} the permissions boundary{named} {whose}: its other policies cannot",
        SESSION: f"{verb} the policy that this session was started with, or start another session",
        RESOURCE_BASED: f"{verb} the policy of {where}, for {denial.who}",
        TRUST: f"{verb} the trust policy of {denial.resource or 'the role'}, for {denial.who}. "
        "./doitw iam-policy for=trust prints that of a role for GitHub",
        ENDPOINT: f"{verb} the policy of the VPC endpoint, or reach AWS by another way",
    }
    if denial.policy in ways:
        return ways[denial.policy]
    if denial.explicit:
        return f"{verb} the {denial.policy or 'policy'}{named} {whose}: no other can allow it"
    on = f" on {denial.resource}" if denial.resource else ""
    return f"allow {denial.action}{on} to {denial.who}: {source(denial.action, denial.resource)}"


def source(action: str, resource: str = "") -> str:
    """Where the statement is to be had."""
    if action.startswith("kms:"):
        key = resource if resource.startswith("arn:") else "ARN"
        return f"./doitw iam-policy for=deploy key={key} prints the statement"
    found = {purpose for need in every_need() if action in need.actions for purpose in need.of}
    for purpose in (DEPLOY, PUBLISH, ROLLBACK, STATUS, GC, CONVERT, MAKE_BUCKET):
        if purpose in found:
            once = ", for this once" if purpose == MAKE_BUCKET else ""
            return f"./doitw iam-policy for={purpose} prints the statement{once}"
    if ":" not in action:
        return "./doitw iam-policy prints all that the tool needs"
    statement = {"Effect": "Allow", "Action": action, "Resource": resource or "*"}
    return f"add the statement {json.dumps(statement)}"
