"""Which permissions a deploy needs, and on what: docs/iam.md as data, for `doit doctor`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import iam
from .settings import Settings

# What `chalice deploy` calls for an app with routes: the policy *Chalice* of docs/iam.md.
CHALICE = {
    "iam:CreateRole", "iam:GetRole", "iam:PassRole", "iam:PutRolePolicy",
    "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunctionConcurrency",
    "lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:GetPolicy",
    "lambda:ListTags", "lambda:PutFunctionConcurrency",
    "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration", "lambda:GetLayerVersion",
    "apigateway:GET", "apigateway:PATCH", "apigateway:POST",
    "apigateway:PUT",
}  # fmt: skip
# Without these a deploy works all the same: docs/iam.md says what is lost.
DISPENSABLE = {
    "lambda:DeleteLayerVersion", "lambda:ListFunctions",
    # only a bucket that keeps versions asks for it
    "s3:GetObjectVersion",
    # only a look at a bucket that somebody else made
    "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock",
}  # fmt: skip
MAKING = {
    "s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
}  # fmt: skip
TIDYING = {
    "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration", "s3:DeleteObjectTagging",
    "s3:PutObjectTagging",
}  # fmt: skip
LAYER_VERSIONS = {"lambda:GetLayerVersion", "lambda:DeleteLayerVersion"}
OBJECTS = {
    "s3:DeleteObjectTagging", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject",
    "s3:PutObjectTagging",
}  # fmt: skip
EVERYWHERE = {"lambda:ListFunctions", "lambda:ListLayerVersions"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the stage's things are. `partition`: aws, aws-cn, …"""

    settings: Settings
    partition: str
    account: str
    function: str

    def resource(self, action: str) -> str:
        """The ARN that the action is asked for."""
        service = action.partition(":")[0]
        settings, here = self.settings, f"arn:{self.partition}"
        near = f"{settings.region}:{self.account}"
        if action in EVERYWHERE:
            return "*"
        if service == "s3":
            inside = f"/layers/{settings.layer}/doctor" if action in OBJECTS else ""
            return f"{here}:s3:::{settings.bucket}{inside}"
        if service == "apigateway":
            return f"{here}:apigateway:{settings.region}::/restapis"
        if service == "iam":
            return f"{here}:iam::{self.account}:role/{self.function}"
        if action == "lambda:PublishLayerVersion":
            return f"{here}:lambda:{near}:layer:{settings.layer}"
        if action in LAYER_VERSIONS:
            return f"{here}:lambda:{near}:layer:{settings.layer}:1"
        return f"{here}:lambda:{near}:function:{self.function}"


def needed(settings: Settings, *, bucket: bool) -> set[str]:
    """Actions of a deploy. `bucket`: it is there already."""
    layer = {*iam.ACTIONS.values(), *iam.ON_OUR_BEHALF}
    spared = DISPENSABLE | (MAKING if bucket else set())
    spared |= set() if settings.lifecycle_days else TIDYING
    return (layer | CHALICE) - spared


def by_resource(actions: set[str], place: Place) -> Mapping[str, Sequence[str]]:
    """{ARN: actions, sorted}: AWS simulates every action on every resource of a question."""
    found: dict[str, list[str]] = {}
    for action in sorted(actions):
        found.setdefault(place.resource(action), []).append(action)
    return found
