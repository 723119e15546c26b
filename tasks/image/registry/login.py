"""How a registry lets one in: by a password (ECR's, which lasts for twelve hours), or by a token
that it hands out to anybody (public.ecr.aws, Docker's)."""

import base64
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from requests import Response, Session

# `Bearer realm="…"`, or one more `name=value` of the same way (RFC 9110, 11.6.1).
_CHALLENGE = re.compile(r'(?:([\w-]+)[ \t]+)?([\w-]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,"]+))')
FIX = "allow the ecr: actions of `./doitw iam-policy for=deploy` to this identity"
NOBODY = "check the image's name; an image that wants a login: copy it into a registry of yours"
# What ECR calls a request (AWS: "IAM permissions for pushing an image").
ACTIONS = {
    ("HEAD", "manifests"): "ecr:BatchGetImage", ("GET", "manifests"): "ecr:BatchGetImage",
    ("PUT", "manifests"): "ecr:PutImage", ("HEAD", "blobs"): "ecr:BatchCheckLayerAvailability",
    ("GET", "blobs"): "ecr:GetDownloadUrlForLayer", ("POST", "blobs"): "ecr:InitiateLayerUpload",
    ("PUT", "blobs"): "ecr:UploadLayerPart and ecr:CompleteLayerUpload",
}  # fmt: skip
Password = Callable[[], tuple[str, str]]  # (user, password), asked for anew each time


@dataclass(kw_only=True)
class Login:
    """`password`: None for a registry that anybody may read. `fix`: where it lets nobody in."""

    password: Password | None = None
    fix: str = NOBODY
    is_remote: bool = True  # proxies and certificates of the environment count
    _header: str = field(default="", repr=False)
    _host: str = ""
    _lock: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    def header(self, url: str) -> str | None:
        """Of a request, '' for none yet. None for who is not the registry itself: nobody else gets
        a login."""
        with self._lock:
            self._host = self._host or urlsplit(url).netloc
            if urlsplit(url).netloc != self._host:
                return None
            if not self._header and self.password:
                self._header = self._basic()
            return self._header

    def remedy(self, method: str, path: str) -> str:
        """Where a request was refused. `path`: below the repository."""
        kind = next((each for each in ("blobs", "manifests") if f"{each}/" in path), "")
        action = ACTIONS.get((method, kind))
        return f"{self.fix} (here {action})" if self.password and action else self.fix

    def renew(
        self, refused: str, answer: "Response", session: "Session", verify: str | bool
    ) -> bool:
        """Is there something new to try? `refused`: the header that was sent."""
        with self._lock:
            if self._header != refused:
                return True  # another thread was first
            if asked := _bearer(answer.headers.get("WWW-Authenticate", "")):
                return self._token(asked, session, verify)
            self._header = self._basic() if self.password else ""
            return self._header != refused

    def _basic(self) -> str:
        assert self.password
        pair = ":".join(self.password())
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def _token(self, asked: dict[str, str], session: "Session", verify: str | bool) -> bool:
        basic = {"Authorization": self._basic()} if self.password else {}
        wanted = {name: asked[name] for name in ("service", "scope") if name in asked}
        answer = session.get(
            asked.get("realm", ""), params=wanted, headers=basic, timeout=30, verify=verify
        )
        if answer.status_code == 429 or answer.status_code >= 500:
            answer.raise_for_status()  # it is busy, and asked again as the registry is
        told: Any = answer.json() if answer.ok else {}
        told = told if isinstance(told, dict) else {}
        former = self._header
        self._header = f"Bearer {told.get('token') or told.get('access_token') or ''}"
        return self._header not in ("Bearer ", former)


def is_refused(method: str, answer: "Response") -> bool:
    """Is it the login that a registry does not take? ECR says 403 of one that has expired
    (amazon-ecr-credential-helper#7), public.ecr.aws 400 (containers-roadmap#2835). The answer to
    a HEAD has no words."""
    if answer.status_code in (400, 403):
        return method == "HEAD" or "expired" in answer.text.lower()
    return answer.status_code == 401


def _bearer(header: str) -> dict[str, str]:
    """What a token is asked for with. {} where the registry hands out none. It may name several
    ways in, in any order."""
    found: dict[str, str] = {}
    way = ""
    for named, name, quoted, plain in _CHALLENGE.findall(header):
        way = named.lower() or way
        if way == "bearer":
            found.setdefault(name.lower(), quoted or plain)
    return found
