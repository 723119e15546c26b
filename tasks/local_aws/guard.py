"""Who may ask the emulator: who has its key, at its own address. No page of a browser."""

from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..settings.local_access import Access
from .gateway.request_body import open_body
from .services import forms, image_registry
from .signatures import Secrets, is_same, is_signed, target

App = Callable[..., Iterable[bytes]]
OURS = "/doit-lambda-layer"  # what we answer beside moto: a question, and zips of layers below it
URL = f"{OURS}/url/"  # and below it a port: the app's routes are served there
_ERROR = "<ErrorResponse><Error><Code>{0}</Code><Message>{1}</Message></Error></ErrorResponse>"


def guarded(app: App, access: Access, issued: Secrets, used: Callable[[], None]) -> App:
    """The app for a caller that may ask. `issued`: secrets of keys that moto made. `used`: told of
    each request that is answered."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from werkzeug.exceptions import HTTPException

        environ["wsgi.input"] = open_body(environ)
        try:
            problem = refusal(environ, access, issued)
        except HTTPException as bad:  # a body that is none
            return bad(environ, start_response)
        if problem and image_registry.is_asked(environ):
            return _unknown(start_response)
        if problem:
            return _refused(problem, start_response)
        used()
        return app(environ, start_response)

    return wrapped


def refusal(environ: dict[str, Any], access: Access, issued: Secrets) -> tuple[str, str] | None:
    """(AWS's code, why), or None for a request that is answered."""
    if environ.get("HTTP_HOST") != access.host:
        return "AccessDenied", f"this server is {access.host} and nothing else"
    if "HTTP_ORIGIN" in environ:
        return "AccessDenied", "no page of a browser may ask this server"
    if not _may(environ, access, issued):
        why = "this server wants the key that it was made with: doit local-start format=env"
        return "InvalidClientTokenId", why
    return None


def _may(environ: dict[str, Any], access: Access, issued: Secrets) -> bool:
    if str(environ.get("PATH_INFO", "")).startswith(OURS):
        return _proves(environ, access)
    if image_registry.is_asked(environ):
        return bool(registry_region(environ, access))

    def secret(key: str) -> str | None:
        return access.secret if key == access.key else issued(key)

    if is_signed(environ, secret) or forms.may_upload(environ, secret):
        return True
    # what SDKs do not sign (Cognito's sign-in, AssumeRoleWithWebIdentity) has our word as its app
    unsigned = "HTTP_AUTHORIZATION" not in environ and "HTTP_X_AMZ_DATE" not in environ
    is_call = (environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")) == ("POST", "/")
    return (
        unsigned
        and is_call
        and f"app/{access.app}" in str(environ.get("HTTP_USER_AGENT", "")).split()
    )


def registry_region(environ: Mapping[str, Any], access: Access) -> str:
    """Of a caller that logs in to ECR's registry with the password that GetAuthorizationToken gave.
    '' for anybody else."""
    kind, _, said = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    try:
        user, _, password = b64decode(said).decode().partition(":")
    except ValueError:
        return ""
    found = image_registry.region_of(password, access)
    return found if (kind, user) == ("Basic", image_registry.USER) else ""


def _proves(environ: dict[str, Any], access: Access) -> bool:
    """Our own questions: `?NONCE.PROOF`, of this path."""
    asked = target(environ)
    nonce, _, proof = asked.query.partition(".")
    return is_same(access.proof(f"{asked.path}?{nonce}"), proof)


def _unknown(start_response: Any) -> list[bytes]:
    """As a registry asks for a login."""
    headers = [("WWW-Authenticate", 'Basic realm="ecr"'), ("Content-Length", "0")]
    start_response("401 Unauthorized", headers)
    return []


def _refused(problem: tuple[str, str], start_response: Any) -> list[bytes]:
    """As AWS answers, in the form that each of its protocols is read by."""
    body = _ERROR.format(*problem).encode()
    headers = [("Content-Type", "text/xml"), ("x-amzn-ErrorType", problem[0])]
    start_response("403 Forbidden", [*headers, ("Content-Length", str(len(body)))])
    return [body]
