"""Where moto (seen with 5.2.5) and this project's calls do not meet, and what is done about it.

1. Chalice sends its REST API as Swagger 2.0, without `info.description`. moto reads OpenAPI 3
   only, and asks for the description. Paths and integrations are the same in both, so the
   document is labelled anew.
2. moto's own way of invoking a function pulls `busybox` and a runtime image from registries,
   mounts a volume whose name it derives wrongly for a layer that is named `…layer`, and needs an
   engine. Here the function runs where the layer was built: in a container of Lambda's image, or
   under the host's Python, by the same sandbox.
"""

from typing import Any

from tasks.clients.invocation import invoke


def apply() -> None:
    """Change moto in this process."""
    from moto.apigateway.models import APIGatewayBackend
    from moto.awslambda.models import LambdaFunction, lambda_backends

    for name in ("import_rest_api", "put_rest_api"):
        setattr(APIGatewayBackend, name, _labelled(getattr(APIGatewayBackend, name)))

    def run(self: Any, event: Any = None) -> tuple[str, bool, str]:
        backend = lambda_backends[self.account_id][self.region]
        versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in self.layers]
        answer = invoke(self, event or {}, [version.code_bytes for version in versions if version])
        self.logs_backend.ensure_log_group(self.logs_group_name)
        self.save_logs(answer.log)
        return answer.payload, answer.failed, answer.log

    setattr(LambdaFunction, "_invoke_lambda", run)  # noqa: B010 - mypy refuses the plain form


def _labelled(original: Any) -> Any:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        for document in (*arguments, *named.values()):
            if isinstance(document, dict) and document.pop("swagger", None):
                document["openapi"] = "3.0.1"
                document["info"].setdefault("description", document["info"]["title"])
        return original(self, *arguments, **named)

    return method
