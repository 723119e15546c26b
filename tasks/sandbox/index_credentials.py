"""Private package indexes, for uv: from its own configuration, or else from pip's.

All of it travels as variables of the one process that installs: into no file, image or argument.
"""

import base64
import netrc
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from ..requirements import index_config
from ..ui import logins
from ..util import input_files
from ..util.errors import BuildError, InputError
from .protocol import Job, OnLine, Outcome

if TYPE_CHECKING:
    from urllib.request import Request

URLS = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
DEFAULTS = {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}
UV = (*URLS, "UV_INDEX_STRATEGY", "UV_INSECURE_HOST")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
CA_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")
_VARIABLE = re.compile(rb"\$\{([A-Z0-9_]+)\}")  # pip's and uv's, in requirements
_LOGIN = re.compile(r"//[^/\s]*@")  # an address's
_QUOTED = re.compile(r"[^\s/'\"]+@")  # what Python's library takes for a host's name, or its port
_USER = re.compile(rb"://\$\{([A-Z0-9_]+)\}:(?=\$\{)")
SHORT = 4  # characters; shorter ones are hidden only as an address's password
HIDDEN = "****"
BLOCK = 1 << 20  # bytes
LARGEST = 2 << 30  # bytes of a download
SECONDS = 60  # without a byte of a download


def index_variables(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """Variables for uv: its own, its files' (`root`: the project's folder), and pip's where these
    name no index. InputError for a file that cannot be read."""
    own = {name: environ[name] for name in UV if environ.get(name)}
    named = _over(index_config.of_uv(environ, root), own)
    if not named.keys() & set(URLS):
        named = index_config.of_pip(environ) | named
    named |= {
        name: value
        for name, value in environ.items()
        if name.startswith("UV_INDEX_") and name not in UV
    }
    return named | {
        name: _with_netrc(named[name], named, environ) for name in URLS if name in named
    }


def addresses(options: Iterable[str]) -> list[str]:
    """Where packages come from: `options` of the requirements, and what uv is told around them.
    Without logins, of which each person has their own."""
    around = index_variables(os.environ, Path())
    named = {name: text for name, text in around.items() if name in UV}
    asked = [each for each in options if each.startswith("-")]
    said = [*asked, *(f"{name}={text}" for name, text in sorted(named.items()))]
    return [_LOGIN.sub("//", each) for each in said]


def _over(files: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Variables count before files. What adds indexes adds them."""
    if own.keys() & DEFAULTS:
        files.pop("UV_DEFAULT_INDEX", None)
    more = " ".join(each["UV_INDEX"] for each in (own, files) if "UV_INDEX" in each)
    return files | own | ({"UV_INDEX": more} if more else {})


def _with_netrc(urls: str, named: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """The same with the passwords of ~/.netrc, which no container has."""
    path = Path(environ.get("NETRC") or Path(environ.get("HOME") or "/", ".netrc"))
    try:
        input_files.read(path)  # a pipe would be waited for
        known = netrc.netrc(path)
    except (OSError, InputError, ValueError, netrc.NetrcParseError):
        return urls  # as uv: without it
    return " ".join(_authorised(url, known, named) for url in urls.split())


def _authorised(url: str, known: netrc.netrc, named: Mapping[str, str]) -> str:
    name, _, address = url.partition("=") if "=" in url.partition("://")[0] else ("", "", url)
    try:
        parts = urlsplit(address)
    except ValueError:
        return url  # uv says what is wrong with it
    found = known.authenticators(parts.hostname or "")
    variable = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}_USERNAME"
    if not found or "@" in parts.netloc or variable in named:
        return url
    login = f"{quote(found[0], safe='')}:{quote(found[2], safe='')}@"
    address = parts._replace(netloc=login + parts.netloc).geturl()
    return f"{name}={address}" if name else address


def running(job: Job, run: Callable[[Job, OnLine], Outcome], on_line: OnLine) -> Outcome:
    """Run the job, with what the indexes want to know where it asks for that, and no password in
    what it says."""
    variables = for_job(job, os.environ, Path.cwd()) if job.indexes else {}
    names = {name for name in users(job) if not logins.may_be_token(variables.get(name, ""))}
    words = secrets({name: variables[name] for name in variables.keys() - names})
    job = replace(job, environment={**job.environment, **variables})
    outcome = run(job, lambda line: on_line(hidden(line, words)))
    return replace(outcome, output=hidden(outcome.output, words))


def for_job(job: Job, environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """The indexes, and the variables that the job's requirements name
    (`--index-url https://${USER}:${TOKEN}@…`)."""
    texts = [text for text in job.inputs.values() if isinstance(text, bytes)]
    names = {each.decode() for text in texts for each in _VARIABLE.findall(text)}
    asked = {name: environ[name] for name in names if name in environ}
    return index_variables(environ, root) | asked


def users(job: Job) -> set[str]:
    """Variables that the job's requirements name as a user, with another for the password behind,
    and nowhere else. (In `${TOKEN}:x-oauth-basic@` the first one is the secret.)"""
    text = b"\n".join(each for each in job.inputs.values() if isinstance(each, bytes))
    elsewhere = _VARIABLE.findall(_USER.sub(b"", text))
    return {each.decode() for each in {*_USER.findall(text)} - {*elsewhere}}


def secrets(variables: Mapping[str, str]) -> list[str]:
    """What of these must not be printed, the longest first."""
    found: set[str] = set()
    for name, value in variables.items():
        if name in URLS:
            words = {word for login in logins.of(value) for word in logins.secrets(login)}
            bare = {*map(unquote, words)}
            found |= words | bare | {quote(word, safe="") for word in bare}
        elif name not in UV and (not name.endswith("_USERNAME") or logins.may_be_token(value)):
            found |= {value, quote(value, safe="")}
    return sorted(filter(None, found), key=len, reverse=True)


def download(url: str, target: Path) -> None:
    """Write what lies there to `target`, with the address's login, or the one that its index has.
    BuildError."""
    import http.client
    import urllib.error
    import urllib.request

    variables = index_variables(os.environ, Path.cwd())
    try:
        with urllib.request.urlopen(_request(url, variables), timeout=SECONDS) as answer:  # noqa: S310
            _save(answer, target)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        said = hidden(str(error), [*secrets(variables), *secrets({URLS[0]: url})])
        raise BuildError(
            f"{target.name} cannot be downloaded: {_QUOTED.sub(f'{HIDDEN}@', said)}",
            fix="check the network and the index",
        ) from None


def _request(url: str, variables: Mapping[str, str]) -> "Request":
    """The login travels in a header, which a redirect does not take along. ValueError."""
    from urllib.request import Request

    parts = urlsplit(url)
    own, _, place = parts.netloc.rpartition("@")
    request = Request(parts._replace(netloc=place).geturl())  # noqa: S310 - as uv says it
    user, _, password = own.partition(":")
    login = _basic(unquote(user), unquote(password)) if own else _login(request.full_url, variables)
    if login:
        request.add_unredirected_header("Authorization", f"Basic {login}")
    return request


def _basic(user: str, password: str) -> str:
    """As HTTP writes it."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _save(answer: IO[bytes], target: Path) -> None:
    """ValueError where it does not end."""
    with target.open("wb") as file:
        while block := answer.read(BLOCK):
            if file.tell() + len(block) > LARGEST:
                raise ValueError(f"it is larger than {LARGEST >> 30} GB")
            file.write(block)


def _login(url: str, variables: Mapping[str, str]) -> str:
    """That an index of that place has, '' where none has."""
    place = _place(url)
    for address in " ".join(variables[name] for name in URLS if name in variables).split():
        name, _, bare = address.partition("=") if _is_named(address) else ("", "", address)
        parts = urlsplit(bare)
        word = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}"
        user = unquote(parts.username or variables.get(f"{word}_USERNAME", ""))
        password = unquote(parts.password or variables.get(f"{word}_PASSWORD", ""))
        if _place(bare) == place and user:
            return _basic(user, password)
    return ""


def _place(url: str) -> tuple[str, str, int | None]:
    """Where a password may go: to the same scheme, host and port, never from https to http."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _is_named(address: str) -> bool:
    return "=" in address.partition("://")[0]


def hidden(text: str, words: list[str]) -> str:
    """The text without these words."""
    for word in words:
        if len(word) >= SHORT:
            text = text.replace(word, HIDDEN)
        else:
            text = re.sub(rf"(?<=[:/]){re.escape(word)}(?=@)", HIDDEN, text)
    return text


def ca_bundle(environ: Mapping[str, str]) -> bytes:
    """The host's own CA bundle (a company's), or nothing."""
    path = ca_file(environ)
    return path.read_bytes() if path else b""


def ca_file(environ: Mapping[str, str]) -> Path | None:
    """Where it is, by the first variable that names a file."""
    named = (Path(environ[name]) for name in CA_VARIABLES if environ.get(name))
    return next((path for path in named if path.is_file()), None)


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: environ[name] for name in PROXIES if environ.get(name)}
