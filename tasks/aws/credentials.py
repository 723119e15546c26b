"""Who asks AWS: the credentials found, and the role that a stage is deployed with."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..settings.local_access import Access
from ..settings.model import Settings
from ..ui import console
from ..util.errors import AwsError
from . import sealed_session
from .errors import LOG_IN

if TYPE_CHECKING:
    from boto3.session import Session

NAME = "doit-lambda-layer"  # of the program and of a role's sessions, as CloudTrail shows them


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What GetCallerIdentity tells."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, …"""
        return self.arn.split(":")[1]

    def is_in(self, role: str) -> bool:
        """Is this a session of the role? …:iam::1:role/path/NAME → …:sts::1:assumed-role/NAME/…"""
        account, name = role.split(":")[4], role.rpartition("/")[2]
        resource = self.arn.rpartition(":")[2]
        return self.account == account and resource.startswith(f"assumed-role/{name}/")

    def __str__(self) -> str:
        return self.arn.rpartition(":")[2]


def identity(sts: Any) -> Identity:
    answer = sts.get_caller_identity()
    return Identity(account=answer["Account"], arn=answer["Arn"])


def profile(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """The profile to log in with. Keys in `environ` win, as in the SDK's own chain."""
    return None if environ.get("AWS_ACCESS_KEY_ID") else settings.profile or None


def session(
    settings: Settings, environ: Mapping[str, str], access: Access | None = None
) -> "Session":
    """The stage's session, in its role. `access`: to the emulator, of which nobody is asked."""
    from boto3.session import Session
    from botocore.config import Config

    if access:
        return Session(botocore_session=sealed_session.make(access, settings.region))
    found = Session(profile_name=profile(settings, environ))
    _ask_once(found)
    if not settings.role:
        return found
    config = Config(user_agent_extra=NAME)
    sts = found.client("sts", region_name=settings.region, config=config)
    # in CI the credentials may be the role's already, and a role need not trust itself
    return found if identity(sts).is_in(settings.role) else _as_role(sts, settings.role)


def _as_role(sts: Any, role: str) -> "Session":
    """A session whose credentials are asked for again some minutes before they end."""
    from boto3.session import Session
    from botocore.credentials import RefreshableCredentials, create_assume_role_refresher
    from botocore.session import Session as Core

    refresh = create_assume_role_refresher(sts, {"RoleArn": role, "RoleSessionName": NAME})
    credentials = RefreshableCredentials.create_from_metadata(
        refresh(), refresh_using=refresh, method="assume-role"
    )
    core = Core()
    core.register_component("credential_provider", _Found(credentials))
    return Session(botocore_session=core)


class _Found:
    """A chain of credential providers that has one answer."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


_ASSUMED: dict[str, Any] = {}  # of this run: a code of MFA is good for one session


def _ask_once(session: "Session") -> None:
    """A profile with MFA asks for its code on the terminal, once a run."""
    chain = session._session.get_component("credential_provider")
    provider = chain.get_provider("assume-role")
    provider.cache, provider._prompter = _ASSUMED, _ask


_ALONE = ContextVar("_ALONE", default=False)  # of a thread that nobody waits for


@contextmanager
def asking_nobody() -> Iterator[None]:
    """For what goes on in the background: a question there would wait for an answer to it, while
    the terminal shows something else."""
    before = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(before)


def _ask(prompt: str) -> str:
    """AwsError where nobody can be asked."""
    if _ALONE.get() or not sys.stdin.isatty():
        problem = f"the profile wants a code of MFA, and nobody is here to be asked ({prompt})"
        raise AwsError(problem, fix=f"run it on a terminal, or {LOG_IN}")
    return console.ask_hidden(prompt)


# How credentials were found (botocore's `method`), where another process would ask anew, or with
# the app's own boto3 could not find them (`aws login`: botocore 1.41 and its CRT extra).
ASKED = ("assume-role", "custom-process", "login")


def handed_on(session: "Session") -> dict[str, str]:
    """A session's credentials as environment variables, good for ten minutes at least. {} for those
    that every process finds by itself."""
    credentials = session.get_credentials()
    if credentials is None or credentials.method not in ASKED:
        return {}
    frozen = credentials.get_frozen_credentials()
    found = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
    }
    return {name: str(value) for name, value in found.items() if value}


SECONDS = 5  # to wait for an answer


def account_and_region() -> tuple[str, str]:
    """Each '' where nothing says it: `init` proposes names, and must work without AWS."""
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(
        connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1}
    )
    region = ""
    try:
        session = Session()
        region = session.region_name or ""
        sts = session.client("sts", region_name=region or "us-east-1", config=config)
        return str(sts.get_caller_identity()["Account"]), region
    except (BotoCoreError, ClientError):
        return "", region
