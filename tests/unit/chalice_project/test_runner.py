"""tasks/chalice_project/runner.py: what a function's variables may do where it is deployed."""

import os

import pytest

from tasks.chalice_project import runner
from tasks.chalice_project.process_variables import harmless, steers

STEERING = [
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT", "AWS_CSM_HOST", "AWS_DATA_PATH", "LD_PRELOAD", "LD_LIBRARY_PATH",
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "HTTP_PROXY", "https_proxy", "No_Proxy",
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_INDEX_URL", "PATH", "BOTO_CONFIG",
]  # fmt: skip
APPS = ["TABLE", "AWS_BUCKET", "AWS_S3_BUCKET", "AWS_ACCOUNT", "HOME", "LOAD", "PY", "DATABASE_URL"]


@pytest.mark.parametrize("name", STEERING)
def test_what_steers_a_process_is_not_lent(name: str) -> None:
    """Not even while app.py is imported."""
    assert steers(name)
    assert harmless({name: "x", "TABLE": "y"}) == {"TABLE": "y"}


@pytest.mark.parametrize("name", APPS)
def test_an_apps_own_are_lent(name: str) -> None:
    """Apps give them names like AWS's."""
    assert harmless({name: "x"}) == {name: "x"}


def test_every_variable_of_the_sdk_steers() -> None:
    """Those that botocore reads today."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as KNOWN

    found = [names for _, names, _, _ in KNOWN.values() if names]
    names = {name for each in found for name in ([each] if isinstance(each, str) else each)}
    assert len(names) > 20
    assert [name for name in sorted(names) if not steers(name)] == []


def test_what_the_app_does_to_the_environment_ends_with_its_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A .env that it loads, what it deletes: who deploys, and where, is not for it to say."""
    monkeypatch.setenv("KEPT", "mine")
    monkeypatch.setenv("AWS_PROFILE", "person")
    before = dict(os.environ)

    def app() -> None:
        assert os.environ["TABLE"] == "orders"
        os.environ.update(AWS_ENDPOINT_URL="http://elsewhere", AWS_PROFILE="other", KEPT="its")
        del os.environ["PATH"]
        raise RuntimeError

    with pytest.raises(RuntimeError), runner.borrowed({"TABLE": "orders"}):
        app()
    assert dict(os.environ) == before
