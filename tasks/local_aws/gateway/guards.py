"""Who may call a route: API keys, authorizers of the app, user pools, IAM (AWS: "Control and manage
access to REST APIs in API Gateway")."""

import fnmatch
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .document import Guard, function_of

Call = Callable[[str, object], tuple[dict[str, Any], bool]]  # (function, event): (answer, failed)


class RefusedError(Exception):
    """`status`, and what API Gateway says with it."""

    def __init__(self, status: int, message: str | None) -> None:
        super().__init__(message)
        self.status, self.message = status, message


UNAUTHORIZED = (401, "Unauthorized")
DENIED = (403, "User is not authorized to access this resource")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as its guards see it. `headers`: names in lower case. `place`: its ARN,
    `arn:aws:execute-api:…/STAGE/METHOD/path`."""

    headers: Mapping[str, str]
    place: str


@dataclass(frozen=True, kw_only=True)
class Gatekeeper:
    """What guards ask. `call`: a function. `keys`: the API keys that there are. `claims`: of a
    token that a user pool gave out, None for any other. `is_signed`: by the emulator's key?"""

    call: Call
    keys: Callable[[], list[str]]
    claims: Callable[[str], dict[str, Any] | None]
    is_signed: Callable[[], bool]

    def admit(self, guard: Guard, asked: Asked) -> dict[str, Any]:
        """What the function is told of the caller. RefusedError."""
        by_kind = {"key": self._key, "token": self._token, "cognito": self._cognito}
        return by_kind.get(guard.kind, self._iam)(guard, asked)

    def _key(self, guard: Guard, asked: Asked) -> dict[str, Any]:
        """Any, as long as the emulator has none: `aws apigateway create-api-key` makes one."""
        given, known = asked.headers.get(guard.header.lower()), self.keys()
        if not given or (known and given not in known):
            raise RefusedError(403, "Forbidden")
        return {}

    def _token(self, guard: Guard, asked: Asked) -> dict[str, Any]:
        """By a function, which answers with a policy."""
        token = asked.headers.get(guard.header.lower())
        if not token:
            raise RefusedError(*UNAUTHORIZED)
        event = {"type": "TOKEN", "authorizationToken": token, "methodArn": asked.place}
        answer, failed = self.call(function_of(guard.told.get("authorizerUri", "")), event)
        if failed and answer.get("errorMessage") == "Unauthorized":
            raise RefusedError(*UNAUTHORIZED)
        if failed or not isinstance(answer.get("policyDocument"), dict):
            raise RefusedError(500, None)
        if not allows(answer["policyDocument"], asked.place):
            raise RefusedError(*DENIED)
        context = {name: _text(value) for name, value in (answer.get("context") or {}).items()}
        return {"principalId": answer.get("principalId"), **context}

    def _cognito(self, guard: Guard, asked: Asked) -> dict[str, Any]:
        token = asked.headers.get(guard.header.lower(), "")
        claims = self.claims(token.removeprefix("Bearer ").strip())
        pools = [arn.rpartition("/")[2] for arn in guard.told.get("providerARNs", [])]
        if claims is None or str(claims.get("iss")).rpartition("/")[2] not in pools:
            raise RefusedError(*UNAUTHORIZED)
        if guard.scopes and not {*guard.scopes} & {*str(claims.get("scope", "")).split()}:
            raise RefusedError(*UNAUTHORIZED)
        return {"claims": {name: _text(value) for name, value in claims.items()}}

    def _iam(self, guard: Guard, asked: Asked) -> dict[str, Any]:
        if not self.is_signed():
            raise RefusedError(403, "Missing Authentication Token")
        return {}


def allows(policy: Mapping[str, Any], place: str) -> bool:
    """Does it, and does nothing in it deny?"""
    statements = policy.get("Statement") or []
    meant = [
        each["Effect"]
        for each in (statements if isinstance(statements, list) else [statements])
        if any(fnmatch.fnmatchcase(place, pattern) for pattern in _listed(each.get("Resource")))
    ]
    return "Allow" in meant and "Deny" not in meant


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _text(value: object) -> str:
    """As API Gateway hands it on: text, whatever it was."""
    return value if isinstance(value, str) else json.dumps(value)
