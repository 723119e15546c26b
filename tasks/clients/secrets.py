"""AWS Secrets Manager: the stage's `secret`, whose values become its functions' environment."""

from collections.abc import Callable
from typing import Any

from ..core import chalice_config, paths, secret
from ..core.errors import AwsError
from ..core.secret import Secret
from ..core.settings import Settings
from . import functions
from .aws import Aws
from .sdk_errors import error_code, errors

CURRENT = "AWSCURRENT"  # Secrets Manager's label of the version that holds


def read(aws: Aws) -> Secret | None:
    """The values. None where the stage has no secret; AwsError for one that cannot be used, or
    is too large beside what config.json sets."""
    name = aws.settings.secret
    if not name:
        return None
    answer = _ask(aws, "get_secret_value")
    if "SecretString" not in answer:
        fix = "store it as a JSON object (SecretString)"
        raise AwsError(f"secret {name} is binary", fix=fix)
    found = secret.parse(name, answer["VersionId"], answer["SecretString"])
    for function, variables in configured(aws.settings).items():
        secret.check_size(found, variables, function)
    return found


def hider(aws: Aws, function: str) -> Callable[[str], str]:
    """What takes the secret's values out of a text that the function wrote: the current ones, and
    those that it was deployed with."""
    found = read(aws)
    if found is None:
        return str
    runs = functions.configuration(aws, function) or {}
    variables = runs.get("Environment", {}).get("Variables", {})
    deployed = {name: value for name, value in variables.items() if name in found.values}
    return lambda text: secret.hide(secret.hide(text, found.values), deployed)


def configured(settings: Settings) -> dict[str, dict[str, str]]:
    return chalice_config.variables(paths.CHALICE_CONFIG, settings.stage)


def version(aws: Aws) -> str:
    """The ID of its current version, without a look at the values; '' where there is no secret."""
    if not aws.settings.secret:
        return ""
    stages = _ask(aws, "describe_secret").get("VersionIdsToStages", {})
    return next((each for each, labels in stages.items() if CURRENT in labels), "")


def _ask(aws: Aws, call: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    settings = aws.settings
    with errors(f"looking at secret {settings.secret}"):
        try:
            client = aws.client("secretsmanager")
            answer: dict[str, Any] = getattr(client, call)(SecretId=settings.secret)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            where = f"account {aws.account}, region {settings.region}"
            fix = f"make it there, or correct `secret` of stage {settings.stage} in pyproject.toml"
            raise AwsError(f"secret {settings.secret} is not in {where}", fix=fix) from None
    return answer
