"""Requests to one repository of a registry: with its login, and again where that may help."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from ...util.errors import AwsError
from . import login as logins
from .login import Login

if TYPE_CHECKING:
    from requests import Response, Session

PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds after a broken connection, or what a busy registry said
LONGEST = 60.0  # seconds that a registry may ask to wait; a limit of hours is told at once
LOGINS = 2  # that are renewed for one request
CONNECT, SILENT = 10, 300  # seconds until a connection stands, and without a byte
AGAIN = "run the command again: what was sent is not sent twice"


@dataclass(kw_only=True)
class Connection:
    """`url`: the registry's. `verify`: a file of certificates, or requests' own. `asked`: requests.
    Several threads may use it: each has a session of its own."""

    url: str
    repository: str
    login: Login
    verify: str | bool = True
    asked: int = 0
    _own: Any = field(default_factory=threading.local, repr=False, compare=False)
    _counting: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    def _ask(
        self, method: str, path: str, good: tuple[int, ...] = (200,), **more: Any
    ) -> "Response":
        return self._tried(lambda: self._once(method, path, good=good, **more))

    def _tried[T](self, ask: Callable[[], T]) -> T:
        """Again where that may help, after as long as the registry says."""
        from requests import RequestException

        for pause in (*PAUSES, None):
            try:
                return _logged_in(ask)
            except _AgainError as error:
                problem, wanted = error.problem, error.pause
            except RequestException as error:
                problem, wanted = AwsError(f"{self}: {error}", fix=AGAIN), None
            if pause is None or (wanted or 0) > LONGEST:
                raise problem from None
            sleep(pause if wanted is None else wanted)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, good: tuple[int, ...], **more: Any) -> "Response":
        url = urljoin(f"{self.url}/v2/{self.repository}/", path)
        sent = self.login.header(url)
        headers = {**more.pop("headers", {}), **({"Authorization": sent} if sent else {})}
        with self._counting:
            self.asked += 1
        answer = self._session().request(
            method, url, headers=headers, timeout=_patience(more), verify=self.verify, **more
        )
        if answer.status_code in good:
            return answer
        problem = self._problem(method, path, answer)
        is_ours = sent is not None and logins.is_refused(method, answer)
        if is_ours and self.login.renew(sent or "", answer, self._session(), self.verify):
            raise _RenewedError(problem)
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise _AgainError(problem, _pause(answer))
        raise problem

    def _session(self) -> "Session":
        if not hasattr(self._own, "session"):
            from .session import Session

            self._own.session = Session()
            self._own.session.trust_env = self.login.is_remote
        made: Session = self._own.session
        return made

    def _problem(self, method: str, path: str, answer: "Response") -> AwsError:
        said = _said(answer)
        problem = f"{self}: {method} {path.partition('?')[0]}: {answer.status_code} {said}".rstrip()
        if answer.status_code in (401, 403, 404):
            return AwsError(problem, fix=self.login.remedy(method, path))
        return AwsError(problem, fix=AGAIN)

    def __str__(self) -> str:
        return f"registry {self.url.partition('://')[2]}, repository {self.repository}"


class _AgainError(Exception):
    """One more try may do it. `pause`: seconds, None where the registry says nothing of it."""

    def __init__(self, problem: AwsError, pause: float | None = None) -> None:
        self.problem, self.pause = problem, pause


class _RenewedError(_AgainError):
    """A login has expired, and there is another."""


def _logged_in[T](ask: Callable[[], T]) -> T:
    """Asked again at once with a new login: that is no try."""
    for _ in range(LOGINS):
        with suppress(_RenewedError):
            return ask()
    try:
        return ask()
    except _RenewedError as error:  # a new login does not help
        raise error.problem from None


def _patience(request: dict[str, Any]) -> tuple[int, int]:
    """(seconds to connect, seconds without a byte). While it sends a body, urllib3 counts the
    first: a registry that stores what it has got may be silent for longer."""
    return (SILENT if "data" in request else CONNECT, SILENT)


def _pause(answer: "Response") -> float | None:
    """`Retry-After`: seconds, or a date (RFC 9110)."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        return float(said)
    with suppress(ValueError):
        until = parsedate_to_datetime(said).astimezone(UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    return None


def _said(answer: "Response") -> str:
    """The registry's own words."""
    try:
        return "; ".join(f"{x['code']} {x.get('message', '')}" for x in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200].strip()
