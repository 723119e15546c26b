"""The way into the emulator: its address, and the key that it was made with.

A person that has the key may do everything there, so the file is this user's alone.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..util import files
from ..util.errors import InputError

OTHERS = "LAYER_LOCAL_AWS"  # a server of the user's own in place of ours, http://KEY:SECRET@HOST
_LETTERS = string.ascii_uppercase + string.digits
_KEY = re.compile(r"LKIA[A-Z0-9]{16}")  # of AWS's form, which moto wants; no real one begins so
TOKEN = "local"  # noqa: S105 - a session token opens nothing; some programs want one as in Lambda
NOT_YET = "NotImplemented"  # the emulator's code for what it cannot do
PROXIES = ("NO_PROXY", "no_proxy")  # some programs read the one, some the other


@dataclass(frozen=True, kw_only=True)
class Access:
    """`key`, `secret`: as any AWS SDK signs with. `pid`: of our own server, else 0."""

    url: str
    key: str = "local"
    secret: str = field(default="local", repr=False)
    pid: int = 0

    @property
    def host(self) -> str:
        """127.0.0.1:PORT"""
        return urlsplit(self.url).netloc

    @property
    def name(self) -> str:
        """127.0.0.1"""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def proof(self, nonce: str) -> str:
        """Only who has the secret can say this: a server that took over the port has not."""
        return hmac.new(self.secret.encode(), nonce.encode(), hashlib.sha256).hexdigest()

    @property
    def app(self) -> str:
        """Of all that SDKs send, the one word that is also in requests that they do not sign."""
        return self.proof("app")[:40]

    def asking(self, path: str) -> str:
        """The address of something of ours there, with what opens it."""
        nonce = secrets.token_hex(8)
        return f"{self.url}{path}?{nonce}.{self.proof(f'{path}?{nonce}')}"

    def variables(self, region: str) -> dict[str, str]:
        """What sends any AWS SDK here, whatever else it would read."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_SESSION_TOKEN": TOKEN,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # sync-127.0.0.1 is nowhere
            "AWS_SDK_UA_APP_ID": self.app,
        }


def make(url: str, pid: int) -> Access:
    """With a key that nobody can guess."""
    key = "LKIA" + "".join(secrets.choice(_LETTERS) for _ in range(16))
    return Access(url=url, key=key, secret=secrets.token_urlsafe(30), pid=pid)


def write(path: Path, access: Access) -> None:
    files.write_atomic(path, files.canonical(asdict(access)) + b"\n", mode=0o600)


def read(path: Path) -> Access | None:
    """None where there is none, or what stands there is not one of ours."""
    found = files.read_record(path) or {}
    try:
        access = Access(**found)
        known = access.port and _KEY.fullmatch(access.key) and access.secret and access.pid
    except (TypeError, ValueError):
        return None
    return access if known else None


def of_others(environ: Mapping[str, str]) -> Access | None:
    """The server that the user names. InputError where that is no address."""
    named = environ.get(OTHERS)
    if not named:
        return None
    try:
        parts = urlsplit(named)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets, or a port that is none
        is_address = False
    if not is_address:
        fix = f"write {OTHERS}=http://KEY:SECRET@HOST:PORT, or leave it unset"
        raise InputError(f"{OTHERS} is no address of a server", fix=fix)
    _, _, host = parts.netloc.rpartition("@")
    key, secret = unquote(parts.username or "local"), unquote(parts.password or "local")
    return Access(url=f"{parts.scheme}://{host}", key=key, secret=secret)


def without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that speak of no AWS."""
    return {name: value for name, value in environ.items() if not name.startswith("AWS_")}


def past_proxies(environ: Mapping[str, str], host: str) -> dict[str, str]:
    """NO_PROXY with this host: what is on this machine is no proxy's business."""
    return {
        name: ",".join(filter(None, [environ.get(name, environ.get(PROXIES[0], "")), host]))
        for name in PROXIES
    }
