"""Which AWS this run speaks with: the stage's, or the emulator on this machine for stage=local."""

import os
from collections.abc import Mapping
from functools import cache

from ..aws import credentials
from ..aws.client import Aws
from ..settings.local_access import Access, past_proxies, without_aws
from ..settings.model import Settings
from ..util.errors import AwsError

# Nothing of ~/.aws concerns the emulator, a file that cannot be read neither.
NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)


@cache
def connect(settings: Settings) -> Aws:
    """AWS for the settings' stage. For stage=local the embedded one, started when needed."""
    environ = dict(os.environ)
    if not settings.is_local:
        return _aws(settings, environ)
    from ..local_aws import control, invoke

    access = control.ensure(settings, environ)
    invoke.remember(settings)
    return _local(settings, environ, access)


def connect_running(settings: Settings) -> Aws:
    """The same for a look that may be one of `doit info`. AwsError when stage=local's server does
    not run."""
    if settings.is_local:
        connect_read_only(settings)
    return connect(settings)


def connect_read_only(settings: Settings) -> Aws:
    """The same without side effects. AwsError when stage=local's server does not run."""
    if not settings.is_local:
        return connect(settings)
    from ..local_aws import control

    environ = dict(os.environ)
    access = control.known(environ)
    if access is None:
        fix = "`./doitw deploy stage=local` starts it"
        raise AwsError("the emulator is not running", fix=fix)
    return _local(settings, environ, access)


def _aws(settings: Settings, environ: dict[str, str]) -> Aws:
    if profile := credentials.profile(settings, environ):
        environ["AWS_PROFILE"] = profile
    environ["AWS_DEFAULT_REGION"] = environ["AWS_REGION"] = settings.region
    aws = Aws(settings, environ)
    if settings.account:
        _ = aws.identity  # the wrong account is refused before anything is asked of it
    return aws


def _local(settings: Settings, environ: Mapping[str, str], access: Access) -> Aws:
    """Chalice's process imports app.py, whose own calls are to find the emulator, too."""
    around = without_aws(environ) | past_proxies(environ, access.name)
    return Aws(settings, around | access.variables(settings.region) | NO_FILES, access)
