"""Which AWS this run speaks with: the stage's, or the emulator on this machine for stage=local."""

import os
from functools import cache

from ..aws import credentials
from ..aws.client import Aws
from ..settings.model import Settings
from ..util.errors import AwsError


@cache
def connect(settings: Settings) -> Aws:
    """AWS for the settings' stage; for stage=local the embedded one, started when needed."""
    environ = dict(os.environ)
    if not settings.is_local:
        return _aws(settings, environ)
    from ..local_aws import control, invoke

    endpoint = control.ensure(settings, environ)
    invoke.remember(settings)
    return _aws(settings, environ, endpoint)


def connect_read_only(settings: Settings) -> Aws:
    """The same without side effects. AwsError when stage=local's server does not run."""
    environ = dict(os.environ)
    if not settings.is_local:
        return _aws(settings, environ)
    from ..local_aws import control

    endpoint = environ.get("AWS_ENDPOINT_URL") or control.running()
    if endpoint is None:
        fix = "`./doitw deploy stage=local` starts it"
        raise AwsError("the embedded AWS is not running", fix=fix)
    return _aws(settings, environ, endpoint)


def _aws(settings: Settings, environ: dict[str, str], endpoint: str | None = None) -> Aws:
    if endpoint is not None:
        from ..local_aws import control

        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
            environ.pop(name, None)
        environ |= control.environment(endpoint, settings)
    elif profile := credentials.profile(settings, environ):
        environ["AWS_PROFILE"] = profile
    environ["AWS_DEFAULT_REGION"] = environ["AWS_REGION"] = settings.region
    aws = Aws(settings, environ)
    if settings.account and endpoint is None:
        _ = aws.identity  # the wrong account is refused before anything is asked of it
    return aws
