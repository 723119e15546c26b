"""Where moto (seen with 5.2.5) and this project's calls do not meet, and what is done about it.

1. moto's own way of invoking a function pulls `busybox` and a runtime image from registries.
   It mounts a volume whose name it derives wrongly for a layer that is named `…layer`, and needs an
   engine. Here the function runs where the layer was built: in a container of Lambda's image, or
   under the host's Python, by the same sandbox.
2. A layer version's `Content.Location` is `s3://` and nothing more. Here it is an address of the
   server that hands out the zip, as AWS's does. A function's `Code.Location` likewise.
3. A PutObject with a condition looks and writes in two moves, between which another may write.
   Here one is done at a time, as S3 has it. The lock of a stage depends on it.
4. UpdateFunctionCode's `Architectures` are passed over. Chalice changes a function's by them. Here
   the function has them from then on.
5. moto gives a function `"{}"` (text) where nothing was sent, calls an answer too large from
   6,000,000 bytes on, says `Handled` of every error, and hands out the whole log. Lambda gives
   `{}`, and takes 6,291,556 bytes (docker/runtime_api.py sees to it). A Python function's error is
   always `Unhandled` there. Of the log come the last 4 KB. The client's context arrives, too. Who
   invokes by `Event` is answered before the function is. An event over Lambda's limit is refused.
6. moto takes any variable, runtime and package. Here is refused what no function of the emulator
   can have. That is an image without Docker or of no repository here, a runtime that is not Python,
   a variable that no process can be given.

Functions that are images: image_functions.py. Policies of buckets, API Gateway, events, ECR's
registry, layers of other accounts, and what moto cannot do at all: services/.
"""

import base64
import json
import os
import threading
import uuid
from types import SimpleNamespace
from typing import Any

from ..aws.arn import LAYER_ARN
from ..settings.local_access import Access
from . import function_variables, image_functions
from .guard import OURS
from .invoke import invoke
from .services import (
    api_gateway,
    bucket_policies,
    foreign_layers,
    forms,
    image_registry,
    polled_events,
    pushed_events,
)

LAYERS = f"{OURS}/layers/"  # and below it, zips by their versions' ARNs
FUNCTIONS = f"{OURS}/functions/"  # and below it, zips by region and name

# Bytes of an event, and of one that is not waited for (AWS, "Lambda quotas").
MOST, MOST_LATER = 6_291_456, 1_048_576
QUOTA = "MOTO_LAMBDA_CONCURRENCY_QUOTA"  # moto refuses more only where it is told of one
LOG_TAIL = 4096  # bytes of a log that an invocation answers with (AWS: "Invoke", LogType)


def apply(access: Access | None = None) -> None:
    """Change moto in this process. `access`: the server's own, which functions get, and by which
    layers can be fetched."""
    from moto.awslambda.models import LambdaFunction, LayerVersion
    from moto.s3.responses import S3Response

    for service in (
        api_gateway, pushed_events, polled_events, foreign_layers, forms,
    ):  # fmt: skip
        service.apply()
    image_registry.apply(access)

    setattr(S3Response, "put_object", _alone(S3Response.put_object))  # noqa: B010 - mypy refuses the plain form
    setattr(LayerVersion, "get_layer_version", _located(LayerVersion.get_layer_version, access))  # noqa: B010 - mypy refuses the plain form

    setattr(LambdaFunction, "get_code", _handed_out(LambdaFunction.get_code, access))  # noqa: B010 - mypy refuses the plain form

    os.environ[QUOTA] = "1000"  # of an account: 900 can be reserved
    image_functions.apply()
    for name in ("__init__", "update_configuration"):
        setattr(LambdaFunction, name, _refusing(getattr(LambdaFunction, name)))
    bucket_policies.judge_conditions()

    def run(self: Any, body: str, request_headers: Any, response_headers: Any) -> bytes:
        kind = request_headers.get("x-amz-invocation-type")
        refuse_invocation(body, kind == "Event", request_headers.get("x-amz-client-context"))
        if kind == "DryRun":
            return b""
        if kind == "Event":
            told: tuple[Any, ...] = (self, body, request_headers, {}, access)
            threading.Thread(target=_invoked, args=told, daemon=True).start()
            return b""
        return _invoked(self, body, request_headers, response_headers, access)

    setattr(LambdaFunction, "invoke", run)  # noqa: B010 - mypy refuses the plain form
    lambda_answers()
    recursion()


def recursion() -> None:
    """GetFunctionRecursionConfig and its Put, which moto does not know."""
    from moto.awslambda import urls
    from moto.awslambda.responses import LambdaResponse

    def answer(self: Any) -> str:
        function = self.backend.get_function(self.path.split("/")[-2])
        if self.method == "PUT":
            function.recursive_loop = json.loads(self.body)["RecursiveLoop"]
        return json.dumps({"RecursiveLoop": getattr(function, "recursive_loop", "Terminate")})

    for verb in ("get", "put"):
        setattr(LambdaResponse, f"{verb}_function_recursion_config", answer)
    place = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/recursion-config$"
    urls.url_paths[place] = LambdaResponse.dispatch


def refuse_invocation(body: "str | bytes", later: bool, context: str | None) -> None:
    """LambdaClientError where Lambda does not take it, in Lambda's words (faultline#12, hyp3#2241,
    aws-athena-query-federation#793)."""
    from moto.awslambda.exceptions import LambdaClientError

    size = len(body.encode() if isinstance(body, str) else body)
    if size > (MOST_LATER if later else MOST):
        error = LambdaClientError(
            "RequestEntityTooLargeException",
            f"{size} byte payload is too large for the Event invocation type (limit {MOST_LATER} "
            "bytes)"
            if later
            else f"Request must be smaller than {MOST} bytes for the InvokeFunction operation",
        )
        error.code = 413
        raise error
    try:
        json.loads(base64.b64decode(context or "bnVsbA==", validate=True))
    except ValueError:
        problem = "Client context must be a valid Base64-encoded JSON."
        raise LambdaClientError("InvalidRequestContentException", problem) from None


def lambda_answers() -> None:
    """Point 5: moto's own limit is out of the way."""
    from moto.awslambda import responses

    found: Any = responses
    found.sys = SimpleNamespace(getsizeof=lambda payload: 0)  # all that it asks of it


def _invoked(
    self: Any, body: str, request_headers: Any, response_headers: Any, access: Access | None
) -> bytes:
    """In place of moto's LambdaFunction.invoke."""
    from moto.awslambda.models import lambda_backends

    backend = lambda_backends[self.account_id][self.region]
    versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in self.layers]
    layers = [version.code_bytes for version in versions if version]
    context = base64.b64decode(request_headers.get("x-amz-client-context") or "").decode()
    answer = invoke(self, body or "{}", layers, access, context)
    self.logs_backend.ensure_log_group(self.logs_group_name)
    self.save_logs(answer.log)
    if answer.failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    tail = answer.log.encode()[-LOG_TAIL:]
    response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
    return answer.payload.encode()


def _refusing(original: Any) -> Any:
    """Point 6. All of a function's wishes are in one of the arguments, by AWS's names."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        from moto.awslambda.exceptions import InvalidParameterValueException

        for each in (*arguments, *named.values()):
            if isinstance(each, dict) and (problem := function_variables.refusal(each)):
                raise InvalidParameterValueException(problem)
        return original(self, *arguments, **named)

    return method


def _alone(original: Any) -> Any:
    lock = threading.Lock()

    def method(self: Any) -> Any:
        with lock:
            return original(self)

    return method


def _located(original: Any, access: Access | None) -> Any:
    def method(self: Any) -> Any:
        answer = original(self)
        if access:
            answer["Content"]["Location"] = access.asking(f"{LAYERS}{self.arn}")
        return answer

    return method


def _handed_out(original: Any, access: Access | None) -> Any:
    def method(self: Any) -> Any:
        answer = original(self)
        if access:
            place = access.asking(f"{FUNCTIONS}{self.region}/{self.function_name}")
            answer["Code"] = {**answer.get("Code", {}), "Location": place}
        return answer

    return method


def zip_at(path: str) -> bytes:
    """What is at an address of ours."""
    return function_zip(path) if path.startswith(FUNCTIONS) else layer_zip(path)


def function_zip(path: str) -> bytes:
    """What is at the address of a function's code. Empty when there is no such function."""
    from moto.awslambda.models import lambda_backends
    from moto.core.models import DEFAULT_ACCOUNT_ID

    region, _, name = path.removeprefix(FUNCTIONS).partition("/")
    for function in lambda_backends[DEFAULT_ACCOUNT_ID][region].list_functions():
        if function.function_name == name:
            return bytes(function.code_bytes)
    return b""


def layer_zip(path: str) -> bytes:
    """What is at the address of a layer version. Empty when there is no such version."""
    from moto.awslambda.models import lambda_backends

    found = LAYER_ARN.fullmatch(path.removeprefix(LAYERS))
    if found is None:
        return b""
    backend = lambda_backends[found["account"]][found["region"]]
    version = backend.layers_versions_by_arn(found[0])
    return bytes(version.code_bytes) if version else b""


def memory() -> str:
    """The name of what moto knows now. Another after a reset, which takes it along."""
    from moto.s3.models import s3_backends

    kept: dict[str, str] = s3_backends["123456789012"]["aws"].__dict__
    return kept.setdefault("doit_lambda_layer_memory", uuid.uuid4().hex)


def secret_of(key: str) -> str | None:
    """Of an access key that moto made: a user's, or a role's that was assumed."""
    from moto.iam.models import iam_backends

    for account in list(iam_backends.values()):
        for backend in list(account.values()):
            if found := backend.access_keys.get(key):
                return str(found.secret_access_key)
    return None
