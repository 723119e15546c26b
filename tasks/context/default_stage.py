"""Is it stage `local` that is meant where nobody types a stage? Only for a command that looks at or
steps back from what is deployed. Only where `local` alone was ever deployed from here, and only
where this machine cannot reach an AWS account. A person before a broken production must never
see something else rolled back instead. What deploys means the default stage, always.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..aws import arn as layer_arns
from ..settings.model import LOCAL, Settings

COMMANDS = {
    "rollback", "unpin", "undo", "status", "history", "diff", "show", "fetch", "invoke", "logs",
}  # fmt: skip
SENTENCE = f"stage {LOCAL}: the only one that was deployed from here; stage=… says another"
# Where boto3 looks for credentials (Boto3: "Credentials"): variables, files, and the role of an EC2
# machine, of which these files of Linux tell.
VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
FILES = {
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_CONFIG_FILE": "~/.aws/config",
    "BOTO_CONFIG": "~/.boto",
}
EC2 = {Path("/sys/class/dmi/id/sys_vendor"): "amazon ec2", Path("/sys/hypervisor/uuid"): "ec2"}


@dataclass(frozen=True, kw_only=True)
class Here:
    """`stages`: {stage: its layer ARNs by config.json}. `deployed`: the stages whose state Chalice
    left in this checkout. `credentials`: is there any sign of some?"""

    stages: Mapping[str, Sequence[str]]
    deployed: Collection[str]
    credentials: bool


def takes(words: Sequence[str]) -> bool:
    """Is every command of this command line one that may be meant for `local`?"""
    typed = {word.partition(":")[0] for word in words if word[:1].isalpha() and "=" not in word}
    return bool(typed & COMMANDS) and typed <= {*COMMANDS, "run"}


def is_meant(default: Settings, local: Settings, here: Here) -> bool:
    """`default`, `local`: the settings of the stage that nobody typed, and of `local`."""
    guarded = default.account or default.role or default.profile
    if default.is_local or guarded or here.credentials:
        return False
    layers = {default.layer, local.layer}
    others = [name for name in {*here.stages, *here.deployed} if name != LOCAL]
    elsewhere = any(name in here.deployed or _uses(here, name, layers) for name in others)
    return not elsewhere and LOCAL in here.deployed and _uses(here, LOCAL, {local.layer})


def _uses(here: Here, stage: str, layers: Collection[str]) -> bool:
    """Is it configured for a version of one of them?"""
    arns = here.stages.get(stage, ())
    return any(layer_arns.is_of(arn, layer) for arn in arns for layer in layers)


def has_credentials(environ: Mapping[str, str]) -> bool:
    """Any sign of some, good or not. No network is asked. An empty variable says nothing."""
    paths = [environ.get(variable) or usual for variable, usual in FILES.items()]
    if any(environ.get(name) for name in VARIABLES):
        return True
    if any(_exists(path) for path in paths):
        return True
    asked = environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true"
    return asked and any(_says(path, word) for path, word in EC2.items())


def _exists(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except RuntimeError:  # nobody's home
        return False


def _says(path: Path, word: str) -> bool:
    try:
        return path.read_text(encoding="utf-8").lower().startswith(word)
    except (OSError, UnicodeDecodeError):
        return False
