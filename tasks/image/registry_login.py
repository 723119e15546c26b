"""How a registry lets one in: by a password (ECR's, which lasts for twelve hours), or by a token
that it hands out to anybody (public.ecr.aws, Docker's)."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from requests import Response, Session

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
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

    def headers(self, url: str) -> dict[str, str]:
        """Of a request. To nobody but the registry itself."""
        host = urlsplit(url).netloc
        self._host = self._host or host
        if not self._header and self.password:
            self._header = self._basic()
        known = self._header and host == self._host
        return {"Authorization": self._header} if known else {}

    def remedy(self, method: str, path: str) -> str:
        """Where a request was refused. `path`: below the repository."""
        kind = next((each for each in ("blobs", "manifests") if f"{each}/" in path), "")
        action = ACTIONS.get((method, kind))
        return f"{self.fix} (here {action})" if self.password and action else self.fix

    def renew(self, answer: "Response", session: "Session", verify: str | bool) -> bool:
        """After a 401: is there something new to try?"""
        kind, _, asked = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "bearer":
            return self._token(dict(_CHALLENGE.findall(asked)), session, verify)
        if self.password is None:
            return False
        former, self._header = self._header, self._basic()
        return former != self._header or not former

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


def own(request: Any) -> Any:
    """For requests, which would read ~/.netrc where it is told nothing."""
    return request
