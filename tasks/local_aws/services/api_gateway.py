"""API Gateway as Chalice uses it.

1. Chalice sends its REST API as Swagger 2.0, without `info.description`. moto reads OpenAPI 3
   only, and asks for the description. Paths and integrations are the same in both, so the
   document is labelled anew.
2. What answers a browser's preflight (CORS) is an integration of type `mock`, which has no URI and
   no method. moto wants both of each.
3. A websocket API is deployed by CreateDeployment, which moto does not have. Its routes are live
   as soon as they are made, so there is nothing to do.
"""

import json
import secrets
from typing import Any

_DEPLOYMENTS = "{0}/v2/apis/(?P<api_id>[^/]+)/deployments$"


def apply() -> None:
    from moto.apigateway.models import APIGatewayBackend
    from moto.apigatewayv2.responses import ApiGatewayV2Response
    from moto.apigatewayv2.urls import url_paths

    for name in ("import_rest_api", "put_rest_api"):
        setattr(APIGatewayBackend, name, _labelled(getattr(APIGatewayBackend, name)))
    setattr(APIGatewayBackend, "put_integration", _bare(APIGatewayBackend.put_integration))  # noqa: B010 - mypy refuses the plain form

    url_paths[_DEPLOYMENTS] = ApiGatewayV2Response.dispatch
    setattr(ApiGatewayV2Response, "create_deployment", _deployed)  # noqa: B010 - mypy refuses the plain form


def _labelled(original: Any) -> Any:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        for document in (*arguments, *named.values()):
            if isinstance(document, dict) and document.pop("swagger", None):
                document["openapi"] = "3.0.1"
                document["info"].setdefault("description", document["info"]["title"])
        return original(self, *arguments, **named)

    return method


def _bare(original: Any) -> Any:
    def put_integration(self: Any, *arguments: Any, **named: Any) -> Any:
        if str(named.get("integration_type", "")).upper() == "MOCK":
            named = {"uri": None, "integration_method": None, **named}
        return original(self, *arguments, **named)

    return put_integration


def _deployed(self: Any) -> tuple[int, dict[str, str], str]:
    """moto's answer to CreateDeployment. An error of its own where there is no such API."""
    self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
    answer = {"deploymentId": secrets.token_hex(5), "deploymentStatus": "DEPLOYED"}
    return 201, {}, json.dumps(answer)
