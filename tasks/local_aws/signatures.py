"""Is a request to the emulator signed with a key that it knows? As AWS's documents have it: by
Signature Version 4, in a header, an address (presigned) or a form's policy (presigned POST), and by
S3's older Version 2.
"""

import hashlib
import hmac
import io
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import product
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote_plus, urlsplit

Secrets = Callable[[str], str | None]  # of an access key; None for one that nobody made here
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^\s,]+), ?SignedHeaders=([^\s,]+), ?Signature=([0-9a-f]{64})"
)
_EMPTY = hashlib.sha256(b"").hexdigest()
_STAMP = "%Y%m%dT%H%M%SZ"
_SKEW = timedelta(minutes=15)  # that a request may be old, or ahead (AWS: "RequestTimeTooSkewed")
_LONGEST = 7 * 24 * 3600  # seconds that a presigned address may be good for (AWS: SigV4 in S3)


def is_signed(environ: dict[str, Any], secrets: Secrets) -> bool:
    """`environ`: WSGI's, with a body that ends (gateway/request_body.py). One that was read is put
    back."""
    said = str(environ.get("HTTP_AUTHORIZATION", ""))
    asked = dict(parse_qsl(target(environ).query, keep_blank_values=True))
    if found := _HEADER.fullmatch(said):
        return _is_header(environ, found[1], found[2], found[3], secrets)
    if said:
        return said.startswith("AWS ") and _is_old(environ, said[4:].rpartition(":"), "", secrets)
    if "X-Amz-Credential" in asked:
        return _is_presigned(environ, asked, secrets)
    if "AWSAccessKeyId" in asked:
        signed = (asked["AWSAccessKeyId"], ":", asked.get("Signature", ""))
        return _is_old(environ, signed, asked.get("Expires", "0"), secrets)
    return False


def is_same(made: str, said: str) -> bool:
    """Compared in the same time, whatever of it is right."""
    return hmac.compare_digest(made.encode(), said.encode())


def _is_header(
    environ: dict[str, Any], scope: str, names: str, signature: str, secrets: Secrets
) -> bool:
    """The signature covers the body, or what its own header says of it."""
    key = _signing_key(scope, secrets)
    if key is None:
        return False  # before anything of a stranger's is read
    told = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    payload = told or hashlib.sha256(_body(environ)).hexdigest()
    stamp = str(environ.get("HTTP_X_AMZ_DATE", ""))
    if not _is_of_now(_time(stamp)):
        return False
    query = target(environ).query
    forms = _forms(environ, names, query, [payload])
    return _fits(forms, key, scope, stamp, signature)


def _is_presigned(environ: dict[str, Any], asked: Mapping[str, str], secrets: Secrets) -> bool:
    stamp, seconds = asked.get("X-Amz-Date", ""), asked.get("X-Amz-Expires", "")
    since = _time(stamp)
    if since is None or not re.fullmatch(r"[0-9]{1,6}", seconds) or int(seconds) > _LONGEST:
        return False
    if not since - _SKEW <= datetime.now(UTC) <= since + timedelta(seconds=int(seconds)):
        return False
    pairs = target(environ).query.split("&")
    query = "&".join(pair for pair in pairs if not pair.startswith("X-Amz-Signature="))
    told = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    payloads = ["UNSIGNED-PAYLOAD", _EMPTY, *([told] if told else [])]
    forms = _forms(environ, asked.get("X-Amz-SignedHeaders", ""), query, payloads)
    scope, signature = asked["X-Amz-Credential"], asked.get("X-Amz-Signature", "")
    key = _signing_key(scope, secrets)
    return key is not None and _fits(forms, key, scope, stamp, signature)


def _time(stamp: str) -> datetime | None:
    """Of Version 4, or as a mail's head has it."""
    try:
        if stamp.endswith("Z"):
            return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        return parsedate_to_datetime(stamp).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_of_now(time: datetime | None) -> bool:
    """As AWS takes it: what somebody has overheard is no key for ever."""
    return time is not None and abs(datetime.now(UTC) - time) <= _SKEW


def is_policy_signed(fields: Mapping[str, str], secrets: Secrets) -> bool:
    """Of a form's upload. `fields`: names in lower case. What the policy says is not looked at."""
    policy, old = fields.get("policy", "").encode(), fields.get("awsaccesskeyid")
    if old is not None:
        secret = secrets(old)
        return secret is not None and is_same(
            _sign_old(secret, policy), fields.get("signature", "")
        )
    key = _signing_key(fields.get("x-amz-credential", ""), secrets)
    if key is None:
        return False
    made = hmac.new(key, policy, hashlib.sha256).hexdigest()
    return is_same(made, fields.get("x-amz-signature", ""))


def _is_old(
    environ: dict[str, Any], signed: tuple[str, str, str], expires: str, secrets: Secrets
) -> bool:
    """Version 2, which S3 alone has. `expires`: of an address, in seconds since 1970."""
    key, _, signature = signed
    secret = secrets(key)
    if secret is None or (expires and not _is_ahead(expires)):
        return False
    headers = dict(_headers(environ))
    if not expires and not _is_of_now(_time(headers.get("x-amz-date") or headers.get("date", ""))):
        return False
    if expires:  # what an address says of headers stands in it
        headers |= dict(parse_qsl(target(environ).query, keep_blank_values=True))
    custom = sorted((name, value) for name, value in headers.items() if name.startswith("x-amz-"))
    lines = [environ["REQUEST_METHOD"], headers.get("content-md5", "")]
    lines += [headers.get("content-type", ""), expires or headers.get("date", "")]
    lines += [f"{name}:{value.strip()}" for name, value in custom]
    text = "\n".join([*lines, _old_resource(environ)])
    return is_same(_sign_old(secret, text.encode("latin-1", "replace")), signature)


def _old_resource(environ: Mapping[str, Any]) -> str:
    """The path, and of the query what names a part of the object."""
    from botocore.auth import HmacV1Auth
    from botocore.credentials import Credentials

    auth: Any = HmacV1Auth(Credentials("", ""))
    return str(auth.canonical_resource(target(environ)))


def _is_ahead(seconds: str) -> bool:
    known = re.fullmatch(r"[0-9]{1,12}", seconds)
    return bool(known) and int(seconds) > datetime.now(UTC).timestamp()


def _sign_old(secret: str, text: bytes) -> str:
    return b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest()).decode()


def _fits(forms: Iterable[str], key: bytes, scope: str, stamp: str, signature: str) -> bool:
    place = scope.partition("/")[2]
    for form in forms:
        digest = hashlib.sha256(form.encode("latin-1", "replace")).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{place}\n{digest}"
        made = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        if is_same(made, signature):
            return True
    return False


def _signing_key(scope: str, secrets: Secrets) -> bytes | None:
    """`scope`: KEY/DATE/REGION/SERVICE/aws4_request"""
    key, *places = scope.split("/")
    secret = secrets(key)
    if secret is None or len(places) != 4:
        return None
    made = f"AWS4{secret}".encode()
    for place in places:
        made = hmac.new(made, place.encode(), hashlib.sha256).digest()
    return made


def _forms(
    environ: Mapping[str, Any], names: str, query: str, payloads: Iterable[str]
) -> Iterable[str]:
    """What may have been signed: S3 signs the path as it is sent, the others once more encoded."""
    from botocore.utils import normalize_url_path

    path = target(environ).path or "/"
    paths = dict.fromkeys([path, quote(normalize_url_path(path), safe="/~")])
    known = dict(_headers(environ))
    lines = "".join(
        f"{name}:{' '.join(known.get(name.replace('_', '-'), '').split())}\n"
        for name in names.split(";")
    )
    method = environ["REQUEST_METHOD"]
    for path, asked, payload in product(paths, _queries(query), payloads):
        yield "\n".join([method, path, asked, lines, names, payload])


def _queries(query: str) -> Iterable[str]:
    """Sorted. As it was sent, and spelt as AWS spells it."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
    spelt = [tuple(quote(unquote_plus(x), safe="-_.~") for x in pair) for pair in pairs]
    return dict.fromkeys("&".join(f"{k}={v}" for k, v in sorted(each)) for each in (pairs, spelt))


def _headers(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names in lower case."""
    found = [
        (name.removeprefix("HTTP_").replace("_", "-").lower(), str(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    ]
    return [(name, value) for name, value in found if value]


def target(environ: Mapping[str, Any]) -> SplitResult:
    """As it was sent, nothing decoded. Empty where it is no address."""
    try:
        return urlsplit(str(environ.get("REQUEST_URI", "/")))
    except ValueError:
        return SplitResult("", "", "", "", "")


def _body(environ: dict[str, Any]) -> bytes:
    """Of a caller whose key is known. It stays to be read."""
    body: bytes = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    return body
