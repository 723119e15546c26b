"""tasks/chalice_project/runner.py: what a function's variables may do where it is deployed."""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session

from tasks.chalice_project import runner
from tasks.chalice_project.child.process_variables import harmless, steers

STEERING = [
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT", "AWS_CSM_HOST", "AWS_DATA_PATH", "LD_PRELOAD", "LD_LIBRARY_PATH",
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "HTTP_PROXY", "https_proxy", "No_Proxy",
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_INDEX_URL", "PATH", "BOTO_CONFIG",
    "HOME", "XDG_CONFIG_HOME", "TMP", "TEMP", "NETRC", "GIT_SSH_COMMAND", "DOCKER_HOST",
    "DOCKER_CONFIG", "NODE_OPTIONS", "AWS_CHALICE_CLI_MODE", "BASH_FUNC_ls%%",
]  # fmt: skip
# glibc's unsecvars.h, and sudo's initial_badenv_table without ENV, which is a name of many apps
OTHERS_LISTS = [
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LD_AUDIT",
    "LD_BIND_NOT",
    "LD_DYNAMIC_WEAK",
    "LD_LIBRARY_PATH",
    "LD_ORIGIN_PATH",
    "LD_PREFER_MAP_32BIT_EXEC",
    "LD_PRELOAD",
    "LD_PROFILE",
    "LD_SHOW_AUXV",
    "LOCALDOMAIN",
    "LOCPATH",
    "MALLOC_ARENA_MAX",
    "MALLOC_TRACE",
    "NIS_PATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "TMPDIR",
    "TZDIR",
    "IFS",
    "CDPATH",
    "PATH_LOCALE",
    "_RLD_LIST",
    "SHLIB_PATH",
    "LIBPATH",
    "DYLD_X",
    "KRB5_CONFIG",
    "KRB5_KTNAME",
    "TERMINFO",
    "TERMINFO_DIRS",
    "TERMPATH",
    "TERMCAP",
    "BASH_ENV",
    "PS4",
    "GLOBIGNORE",
    "BASHOPTS",
    "SHELLOPTS",
    "JAVA_TOOL_OPTIONS",
    "PERLIO_DEBUG",
    "PERLLIB",
    "PERL5LIB",
    "PERL5OPT",
    "PERL5DB",
    "FPATH",
    "ZDOTDIR",
    "TMPPREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONINSPECT",
    "PYTHONUSERBASE",
    "RUBYLIB",
    "RUBYOPT",
]
APPS = [
    "TABLE", "AWS_BUCKET", "AWS_S3_BUCKET", "AWS_ACCOUNT", "LOAD", "PY", "DATABASE_URL", "ENV",
    "STAGE", "HOMEPAGE", "GIT_SHA", "SSH_HOST", "LESSONS_TABLE",
    "DOCKER_IMAGE_TAG", "TEMPLATE", "HOME_URL", "USER", "TEMPERATURE", "GITHUB_TOKEN", "LANG",
]  # fmt: skip


@pytest.mark.parametrize("name", [*STEERING, *OTHERS_LISTS])
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


def test_the_sdk_finds_the_persons_files_while_the_app_is_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A client that app.py makes at import would run what another home's ~/.aws/config names."""
    for name in ("person", "stranger"):
        (tmp_path / name / ".aws").mkdir(parents=True)
        text = f"[default]\naws_access_key_id = {name}\naws_secret_access_key = x\n"
        (tmp_path / name / ".aws/credentials").write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    for each in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(each, raising=False)
    with runner.borrowed(harmless({"HOME": str(tmp_path / "stranger"), "TABLE": "x"})):
        found = Session().get_credentials()
    assert found
    assert found.access_key == "person"


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


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda number, frame: None])
def test_what_the_app_does_to_the_process_ends_with_its_import(handler: Any) -> None:
    """AWS's samples for a graceful shutdown of a function handle SIGTERM in the module: it would
    handle the one that stops the deploy."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
    before = [*map(signal.getsignal, numbers)], sys.excepthook, socket.getdefaulttimeout()
    mask = os.umask(0o022)
    with runner.borrowed({}):
        for number in numbers:
            signal.signal(number, handler)
        signal.alarm(60)
        os.umask(0o077)
        socket.setdefaulttimeout(1)
        sys.excepthook = handler
    after = [*map(signal.getsignal, numbers)], sys.excepthook, socket.getdefaulttimeout()
    assert after == before
    assert signal.alarm(0) == 0
    assert os.umask(mask) == 0o022
