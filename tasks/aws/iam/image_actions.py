"""The same for stages of images: the repository in ECR in place of the layer and its zips.

A registry has no operations of its own names in IAM: what each request needs is from AWS's "Amazon
ECR" user guide ("IAM permissions for pushing an image").
"""

import re

from ...settings import s3_keys
from ...settings.model import Settings
from .needed_actions import CONVERT, DEPLOY, GC, NEEDS, ROLLBACK, STATUS, Need
from .resources import Scope
from .store_actions import STORE_NEEDS

# About layers alone.
OF_LAYERS = {
    "Delete", "DeleteVersion", "Lifecycle", "Publish", "Tag", "Untag", "Version", "Versions",
    "Zips",
}  # fmt: skip
# A rollback of images switches code, an undo the API's stage, too: both without Chalice.
OF_CHALICE = {"FindLogs", "Logs", "PassRole", "Role"}


def _repository(scope: Scope) -> str:
    return scope.arn("ecr", f"repository/{_name(scope)}")


def _notes(scope: Scope) -> str:
    return scope.bucket(f"{s3_keys.repository(_name(scope))}*")


def _name(scope: Scope) -> str:
    return repository_name(scope.settings, scope.app)


def repository_name(settings: Settings, app: str) -> str:
    """The setting, or the app's name as ECR takes it: small letters, no two of `._-` in a row, none
    at an end, two characters at least."""
    name = re.sub(r"([._-])[._-]+", r"\1", app.lower()).strip("._-")
    return settings.repository or (name if len(name) > 1 else f"app-{name}".rstrip("-"))


IMAGE_NEEDS = (
    Need(
        sid="Images", of=(DEPLOY, ROLLBACK, GC), on=_notes,
        actions=("s3:GetObject", "s3:PutObject"),
    ),
    Need(sid="ReadImages", of=(STATUS,), on=_notes, actions=("s3:GetObject",)),
    Need(
        sid="Registry", of=(DEPLOY, ROLLBACK, STATUS), on=lambda scope: "*",
        actions=("ecr:GetAuthorizationToken",),
    ),
    Need(
        sid="Repository", of=(DEPLOY, ROLLBACK, STATUS), on=_repository,
        actions=("ecr:BatchGetImage", "ecr:DescribeRepositories", "ecr:GetDownloadUrlForLayer"),
    ),
    Need(
        sid="MakeRepository", of=(DEPLOY,), on=_repository,
        actions=("ecr:CreateRepository", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy",
                 "ecr:SetRepositoryPolicy"),
    ),
    Need(
        sid="Push", of=(DEPLOY,), on=_repository,
        actions=("ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload",
                 "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"),
    ),
    Need(
        sid="DeleteImages", of=(GC,), on=_repository,
        actions=("ecr:BatchDeleteImage", "ecr:DescribeImages"),
    ),
    Need(
        sid="DeleteNotes", of=(GC,), on=_notes,
        actions=("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ),
)  # fmt: skip
# Beside a deploy's: old functions are looked at, everything is led to new ones, the old ones go.
CONVERT_NEEDS = (
    Need(
        sid="OldFunctions", of=(CONVERT,), on=lambda scope: scope.function,
        actions=("lambda:DeleteFunction", "lambda:GetFunctionEventInvokeConfig",
                 "lambda:GetFunctionRecursionConfig", "lambda:GetFunctionUrlConfig",
                 "lambda:ListAliases", "lambda:PutFunctionEventInvokeConfig",
                 "lambda:PutFunctionRecursionConfig"),
    ),
    Need(
        sid="EventSources", of=(CONVERT,), on=lambda scope: "*",
        actions=("lambda:ListEventSourceMappings",),
    ),
    Need(
        sid="LeadEvents", of=(CONVERT,), actions=("lambda:UpdateEventSourceMapping",),
        on=lambda scope: scope.arn("lambda", "event-source-mapping:*"),
    ),
    Need(
        sid="LogsLeft", of=(CONVERT,), on=lambda scope: scope.arn("logs", "log-group:*"),
        actions=("logs:DescribeLogGroups", "logs:DescribeMetricFilters",
                 "logs:DescribeSubscriptionFilters"),
    ),
    Need(
        sid="AlarmsLeft", of=(CONVERT,), on=lambda scope: "*",
        actions=("cloudwatch:DescribeAlarms",),
    ),
)  # fmt: skip


def every_need() -> tuple[Need, ...]:
    return (*NEEDS, *IMAGE_NEEDS, *CONVERT_NEEDS, *STORE_NEEDS)


def needs_of(scope: Scope, purpose: str) -> list[Need]:
    """Those that the stage's package has. A conversion is a deploy, and more."""
    of = {purpose, DEPLOY} if purpose == CONVERT else {purpose}
    own = _of_images(purpose) if scope.settings.is_image else NEEDS
    return [
        need
        for need in (*own, *CONVERT_NEEDS, *STORE_NEEDS)
        if of & {*need.of} and need.when(scope)
    ]


def _of_images(purpose: str) -> list[Need]:
    less = OF_LAYERS | (OF_CHALICE if purpose == ROLLBACK else set())
    return [*(need for need in NEEDS if need.sid not in less), *IMAGE_NEEDS]
