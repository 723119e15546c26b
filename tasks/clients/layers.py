"""Lambda's layer versions: list, publish."""

from collections.abc import Mapping
from typing import Any

from tasks.clients.aws import Aws, error_code, errors
from tasks.core.errors import InputError
from tasks.core.versions import LayerVersion, from_response


def versions(aws: Aws) -> list[LayerVersion]:
    """Every version of the settings' layer that still exists, newest first; [] for none."""
    with errors(f"listing the versions of layer {aws.settings.layer}"):
        pages = aws.client("lambda").get_paginator("list_layer_versions")
        entries = [
            from_response(entry)
            for page in pages.paginate(LayerName=aws.settings.layer)
            for entry in page["LayerVersions"]
        ]
    return sorted(entries, key=lambda version: -version.number)


def by_arn(aws: Aws, arn: str) -> LayerVersion:
    """Any layer's version. InputError when it does not exist."""
    from botocore.exceptions import ClientError

    with errors(f"looking at {arn}"):
        try:
            return from_response(aws.client("lambda").get_layer_version_by_arn(Arn=arn))
        except ClientError as error:
            if error_code(error) not in ("ResourceNotFoundException", "404"):
                raise
    raise InputError(f"{arn} does not exist", fix="`./doitw status` lists this layer's versions")


def publish(aws: Aws, content: Mapping[str, str], description: str) -> dict[str, Any]:
    """Publish from S3; AWS's answer. `content`: S3Bucket, S3Key[, S3ObjectVersion]."""
    settings = aws.settings
    with errors(f"publishing layer {settings.layer}"):
        answer: dict[str, Any] = aws.client("lambda").publish_layer_version(
            LayerName=settings.layer,
            Description=description,
            Content=dict(content),
            CompatibleRuntimes=[f"python{settings.python}"],
            CompatibleArchitectures=[settings.architecture],
        )
    return answer


def withdraw(aws: Aws, number: int) -> None:
    """Delete a version: only for one that was just published and is not what we sent."""
    with errors(f"withdrawing version {number}"):
        aws.client("lambda").delete_layer_version(
            LayerName=aws.settings.layer, VersionNumber=number
        )


def function_layers(aws: Aws, name: str) -> list[str] | None:
    """ARNs of the layers a function uses now; None when there is no such function."""
    configuration = function(aws, name)
    if configuration is None:
        return None
    return [layer["Arn"] for layer in configuration.get("Layers", [])]


def function(aws: Aws, name: str) -> dict[str, Any] | None:
    """GetFunctionConfiguration's answer, None when there is no such function."""
    from botocore.exceptions import ClientError

    with errors(f"looking at function {name}"):
        try:
            answer: dict[str, Any] = aws.client("lambda").get_function_configuration(
                FunctionName=name
            )
        except ClientError as error:
            if error_code(error) in ("ResourceNotFoundException", "404"):
                return None
            raise
    return answer
