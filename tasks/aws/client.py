"""boto3, in one place: a stage's clients, who we are there, and what other programs get of it."""

import tempfile
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..settings.local_access import Access
from ..settings.model import Settings
from ..util.errors import AwsError
from . import credentials as aws_credentials
from .credentials import Identity
from .errors import CA_BUNDLE, errors, login_files

if TYPE_CHECKING:
    from ssl import SSLContext

    from boto3.session import Session

CONNECT_SECONDS, READ_SECONDS = 10.0, 120.0  # Lambda reads the whole layer, then answers a publish


class Aws:
    """One account and region. Clients are made when first asked for."""

    def __init__(
        self, settings: Settings, environ: dict[str, str], access: Access | None = None
    ) -> None:
        """`environ`: where the SDK looks for credentials and endpoint, and Chalice too. `access`:
        to stage=local's AWS, for which neither looks anywhere."""
        self.settings = settings
        self.environ = environ
        self.access = access
        self._clients: dict[tuple[str, bool], Any] = {}
        self._seconds = READ_SECONDS

    def client(self, name: str, *, once: bool = False) -> Any:
        """A boto3 client: the settings' region, standard retries. `once`: without retries, for a
        call that would do its work twice."""
        if (name, once) not in self._clients:
            self._clients[name, once] = self._client(name, 1 if once else 5)
        return self._clients[name, once]

    def hurried(self, seconds: float) -> "Aws":
        """The same for who may not wait: `seconds` at most for each answer."""
        other = copy(self)
        other._clients, other._seconds = {}, seconds
        return other

    def _client(self, name: str, attempts: int) -> Any:
        from botocore.config import Config

        # Any: the overloads of boto3-stubs want a literal name
        session: Any = self.session
        client = session.client(
            name,
            region_name=self.settings.region,
            endpoint_url=self.environ.get("AWS_ENDPOINT_URL") or None,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": attempts},
                user_agent_extra=aws_credentials.NAME,
                connect_timeout=min(CONNECT_SECONDS, self._seconds),
                read_timeout=self._seconds,
            ),
        )
        reject_truncated_responses(client)
        return client

    @cached_property
    def session(self) -> "Session":
        doing = f"assuming {self.settings.role}" if self.settings.role else "logging in"
        with errors(doing), login_files(doing):
            return aws_credentials.session(self.settings, self.environ, self.access)

    @cached_property
    def identity(self) -> Identity:
        """Who asks. AwsError when the stage names another account."""
        with errors("asking who you are"), login_files("logging in"):
            found = aws_credentials.identity(self.client("sts"))
        wanted = "" if self.settings.is_local else self.settings.account
        if wanted and found.account != wanted:
            raise AwsError(
                f"stage {self.settings.stage} belongs to account {wanted}, but {found.arn} "
                f"is of account {found.account}: nothing was changed",
                fix="log in to that account, or correct `account` and `role` in pyproject.toml",
            )
        return found

    @property
    def account(self) -> str:
        """The account's number: who we are, and the owner our buckets must have."""
        return self.identity.account

    def exported(self) -> dict[str, str]:
        """`environ` for another program. Credentials that a person is asked for (MFA), or that were
        assumed here, as they are now. What it puts aside lies with what this run does."""
        credentials = {} if self.settings.is_local else aws_credentials.handed_on(self.session)
        return self.environ | credentials | {"TMPDIR": tempfile.gettempdir()}

    def certificates(self) -> str | bool:
        """The same for `requests`: a file, or True for its own."""
        return self.session._session.get_config_variable("ca_bundle") or True

    def tls(self) -> "SSLContext | None":
        """Of what is asked past the SDK, with the certificates that the SDK trusts: AWS_CA_BUNDLE,
        `ca_bundle` of the profile, REQUESTS_CA_BUNDLE. None for Python's own."""
        import ssl

        bundle = self.session._session.get_config_variable("ca_bundle")
        if not bundle:
            return None
        try:
            return ssl.create_default_context(cafile=bundle)
        except OSError as error:
            problem = f"the CA bundle {bundle} cannot be read: {error.strerror or error}"
            raise AwsError(problem, fix=CA_BUNDLE) from None


def reject_truncated_responses(client: Any) -> None:
    """Let a boto3 client raise ConnectionClosedError (of botocore) for answers cut short."""
    client.meta.events.register("before-parse", _check)


def _check(operation_model: Any, response_dict: Any, **_: Any) -> None:
    from botocore.exceptions import ConnectionClosedError

    body, promised = response_dict["body"], response_dict["headers"].get("content-length")
    if operation_model.http["method"] == "HEAD" or not isinstance(body, bytes) or not promised:
        return  # streams are checked by whoever reads them
    if len(body) < int(promised):
        raise ConnectionClosedError(endpoint_url=operation_model.service_model.service_name)
