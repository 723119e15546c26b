"""Variables of a function that would change the process which deploys it: where its SDK looks for
AWS, which proxy it takes, what its interpreter loads. The function gets them, no process of ours.
"""

import re
from collections.abc import Mapping

# The SDK's (AWS: "AWS SDKs and Tools Reference Guide", settings). Those that glibc leaves out of
# programs with more rights (unsecvars.h), and sudo likewise (initial_badenv_table). Where programs
# have their files (XDG Base Directory). Those of Python, proxies, and of what a deploy may start.
_STEERING = re.compile(
    r"AWS_(ENDPOINT_URL|IGNORE_CONFIGURED_ENDPOINT_URLS|CONFIG_FILE|SHARED_CREDENTIALS_FILE"
    r"|(DEFAULT_)?PROFILE|(DEFAULT_)?REGION|ACCESS_KEY|SECRET_ACCESS_KEY|SESSION_TOKEN"
    r"|SECURITY_TOKEN|ROLE_|WEB_IDENTITY_|CONTAINER_|CREDENTIAL|BEARER_TOKEN|SSO_|LOGIN_"
    r"|CA_BUNDLE|DATA_PATH|CSM_|EC2_METADATA|IMDS_|METADATA_|USE_|S3_USE_|S3_US_EAST_1_"
    r"|S3_DISABLE_|STS_REGIONAL|ENDPOINT_DISCOVERY|ACCOUNT_ID_ENDPOINT|DISABLE_|DEFAULTS_MODE"
    r"|RETRY_MODE|MAX_ATTEMPTS|SDK_UA|SIGV4A|AUTH_SCHEME|REQUEST_|RESPONSE_|CHALICE_).*"
    r"|BOTO.*|LD_.*|_RLD.*|SHLIB_PATH|LIBPATH|DYLD_.*|GLIBC_.*|MALLOC_.*|GCONV_PATH|GETCONF_DIR"
    r"|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|RESOLV_.*|NIS_PATH|NLSPATH|LOCPATH|PATH_LOCALE|TZDIR"
    r"|HOME|TMPDIR|TMP|TEMP|TMPPREFIX|XDG_.*|PATH|CDPATH|IFS|PS4|GLOBIGNORE|BASH(OPTS|_ENV|_FUNC_.*)"
    r"|SHELL(OPTS)?|ZDOTDIR"
    r"|FPATH|TERMINFO.*|TERMPATH|TERMCAP|KRB5(_CONFIG|_KTNAME|CCNAME|_TRACE)|NETRC|GNUPGHOME|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS"
    r"|JDK_JAVA_OPTIONS|PERL(5?LIB|5OPT|5DB|IO_DEBUG)|RUBY(LIB|OPT)|NODE_(OPTIONS|PATH|EXTRA_CA_CERTS)"
    r"|PYTHON.*|PIP_.*|UV_.*|VIRTUAL_ENV|OPENSSL_.*|SSL_CERT_.*|SSLKEYLOGFILE|REQUESTS_CA_BUNDLE"
    r"|CURL_(HOME|CA_BUNDLE|SSL_BACKEND)|SSH_(AUTH_SOCK|AGENT_PID|ASKPASS.*)"
    r"|GIT_(SSH.*|DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|OBJECT_DIRECTORY|NAMESPACE|EXEC_PATH"
    r"|ALTERNATE_OBJECT_DIRECTORIES|TEMPLATE_DIR|CONFIG.*|ASKPASS|TERMINAL_PROMPT|EDITOR"
    r"|SEQUENCE_EDITOR|PAGER|EXTERNAL_DIFF|PROXY_.*|SSL_.*|ALLOW_PROTOCOL|TRACE.*)"
    r"|DOCKER_(HOST|CONFIG|CONTEXT|CERT_PATH|TLS.*|API_VERSION)|BROWSER|EDITOR|VISUAL|PAGER"
    r"|LESS(OPEN|CLOSE|KEY.*|EDIT)?"
    r"|(?i:.*_proxy)"
)


def steers(name: str) -> bool:
    """Would it change what a process of ours does?"""
    return bool(_STEERING.fullmatch(name))


def harmless(variables: Mapping[str, str]) -> dict[str, str]:
    """What app.py may read while it is imported here."""
    return {name: value for name, value in variables.items() if not steers(name)}
