"""API Gateway: which REST API calls a function, where Chalice's own record of it is lost."""

from typing import Any

from .client import Aws
from .errors import errors


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
