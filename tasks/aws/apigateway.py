"""API Gateway: which REST API calls a function, where Chalice's own record of it is lost."""

from typing import Any

from .client import Aws
from .errors import error_code, errors


def of_function(aws: Aws, app: str, function: str) -> list[str]:
    """IDs of the REST APIs named `app` that call the function, oldest first."""
    client = aws.client("apigateway")
    with errors(f"looking for the REST API of {function}"):
        pages = client.get_paginator("get_rest_apis").paginate()
        named = [api for page in pages for api in page["items"] if api.get("name") == app]
        found = [api for api in named if _calls(client, api["id"], function)]
    return [api["id"] for api in sorted(found, key=lambda api: (api["createdDate"], api["id"]))]


def _calls(client: Any, api: str, function: str) -> bool:
    pages = client.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    resources = [resource for page in pages for resource in page["items"]]
    methods = [method for each in resources for method in each.get("resourceMethods", {}).values()]
    uris = [method.get("methodIntegration", {}).get("uri", "") for method in methods]
    return any(f":function:{function}/" in uri for uri in uris)


def deployment(aws: Aws, api: str, stage: str) -> str:
    """Which one the API's stage has. '' where there is no such API or stage."""
    from botocore.exceptions import ClientError

    with errors(f"looking at stage {stage} of REST API {api}"):
        try:
            found = aws.client("apigateway").get_stage(restApiId=api, stageName=stage)
        except ClientError as error:
            if error_code(error) == "NotFoundException":
                return ""
            raise
    return str(found.get("deploymentId") or "")


def move_stage(aws: Aws, api: str, stage: str, deployment: str) -> None:
    """The stage answers with that deployment from now on."""
    change = {"op": "replace", "path": "/deploymentId", "value": deployment}
    with errors(f"moving stage {stage} of REST API {api} to deployment {deployment}"):
        aws.client("apigateway").update_stage(
            restApiId=api, stageName=stage, patchOperations=[change]
        )
