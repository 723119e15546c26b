"""The gateway in front of what the emulator has: moto's APIs, functions, keys and user pools.

Functions are called at the emulator's own address, like anybody's call of them.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...chalice_project import deploy
from ...settings.local_access import Access
from ...settings.model import LOCAL
from ..signatures import Secrets, is_signed
from . import websocket
from .document import KEPT, Api
from .exchange import Sent
from .guards import Gatekeeper
from .request_body import TooLongError
from .serve import Gateway

SECONDS = 29  # API Gateway waits no longer for a function
TOO_LONG = 413  # HTTP


def keep_documents() -> None:
    """From now on moto's REST APIs know what Chalice sent: moto keeps less of it than is served.
    What answers a preflight has no URI and no method, of which moto wants both."""
    from moto.apigateway.models import APIGatewayBackend

    for name in ("import_rest_api", "put_rest_api"):
        setattr(APIGatewayBackend, name, _keeping(getattr(APIGatewayBackend, name)))
    setattr(APIGatewayBackend, "put_integration", _bare(APIGatewayBackend.put_integration))  # noqa: B010 - mypy refuses the plain form


def _keeping(original: Any) -> Any:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        given = [each for each in (*arguments, *named.values()) if isinstance(each, dict)]
        api = original(self, *arguments, **named)
        setattr(api, KEPT, given[0])
        return api

    return method


def _bare(original: Any) -> Any:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        return original(self, *arguments, **{"uri": None, "integration_method": None} | named)

    return method


def make(access: Access, secrets: Secrets) -> Gateway:
    """`secrets`: of keys that moto made. Routes that IAM guards take these, and our own."""

    def secret(key: str) -> str | None:
        return access.secret if key == access.key else secrets(key)

    def keeper(environ: Mapping[str, Any]) -> Gatekeeper:
        api = find()
        return Gatekeeper(
            call=caller(access, api.region if api else ""), keys=keys, claims=claims,
            is_signed=lambda: is_signed(dict(environ), secret),
        )  # fmt: skip

    def connect(environ: dict[str, Any], sent: Sent) -> bool:
        if (api := websocket.find()) is None:
            return False
        websocket.serve(environ, sent, api, access.host, caller(access, api.region))
        return True

    return Gateway(find=find, keeper=keeper, connect=connect)


def find() -> Api | None:
    """Chalice's last, with routes: of the stage in this folder."""
    named = [each["rest_api_id"] for each in deploy.resources(LOCAL) if "rest_api_id" in each]
    for account, region, backend in _backends("apigateway"):
        for name, api in list(backend.apis.items()):
            if name in named and hasattr(api, KEPT):
                stage = next(iter(api.stages), "api")
                return Api(
                    name=name, stage=stage, region=region, account=account,
                    document=getattr(api, KEPT),
                )  # fmt: skip
    return None


def keys() -> list[str]:
    """API keys that are switched on."""
    return [
        str(key.value)
        for _, _, backend in _backends("apigateway")
        for key in list(backend.keys.values())
        if key.enabled in (True, "true")
    ]


def _backends(service: str) -> list[tuple[str, str, Any]]:
    """[(account, region, backend)] of those that hold something."""
    from moto.backends import get_backend

    found: Any = get_backend(service)  # type: ignore[call-overload] # one name of many
    return [
        (account, region, backend)
        for account, regions in list(found.items())
        for region, backend in list(regions.items())
    ]


@cache
def caller(access: Access, region: str) -> Callable[[str, object], tuple[dict[str, Any], bool]]:
    """What calls a function there. TimeoutError where it takes longer than API Gateway waits."""
    from botocore.config import Config
    from botocore.exceptions import ClientError, ReadTimeoutError

    from ...aws import sealed_session

    config = Config(
        read_timeout=SECONDS, retries={"total_max_attempts": 1}, max_pool_connections=50
    )
    client = sealed_session.make(access, region).create_client("lambda", config=config)

    def call(function: str, event: object) -> tuple[dict[str, Any], bool]:
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        except ReadTimeoutError:
            raise TimeoutError(function) from None
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == TOO_LONG:
                raise TooLongError from None
            return {"errorMessage": str(error)}, True
        told = json.loads(answer["Payload"].read() or b"null")
        return (told if isinstance(told, dict) else {}), "FunctionError" in answer

    return call


def claims(token: str) -> dict[str, Any] | None:
    """Of a token that moto's Cognito signed. None for any other, and for one that has expired."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        found = jwt.decode(token, _cognito_keys(), algorithms=["RS256"])
        jwt.JWTClaimsRegistry().validate(found.claims)
    except (JoseError, ValueError):
        return None
    return dict(found.claims)


@cache
def _cognito_keys() -> Any:
    import moto.cognitoidp
    from joserfc.jwk import KeySet

    folder = Path(str(moto.cognitoidp.__file__)).parent / "resources"
    text = gzip.decompress((folder / "jwks-public.json.gz").read_bytes())
    return KeySet.import_key_set(json.loads(text))
