"""One error hierarchy. Every message says what is wrong and where. `fix` says what to do."""

import re

from doit.exceptions import InvalidDodoFile

from .invoked_as import typed

_PAGE = re.compile(r"(?is)(?:<!doctype html|<html\b).*?(?:</html>|\Z)")
_TITLE = re.compile(r"(?is)<(title|h1)\b.*?</\1>")
# What Python's HTTP libraries wrap around the reason: (pattern, what stays).
_WRAPPED = (
    (r"\('[^'()]*', \w+\((?:\d+, )?[\"']([^\"']*)[\"'](?:, [^()]*)?\)\)", r"\1"),
    (r"<[\w.]+ object at 0x[0-9a-f]+>: ", ""),
    (r"HTTPS?ConnectionPool\(host='([^']*)', port=(\d+)\): ", r"\1:\2: "),
    (r"Max retries exceeded with url: \S* \(Caused by \w+\([\"']?(.*?)[\"']?\)\)", r"\1"),
    (r"<urlopen error (?:\[Errno -?\d+\] )?(.*?)>", r"\1"),
    (r"Failed to establish a new connection: (?:\[Errno -?\d+\] )?", ""),
)


def readable(text: str) -> str:
    """Words of others for a message: no page of HTML, no wrapping of Python's around the reason."""
    text = _PAGE.sub(lambda page: _words_of_page(page[0]), text)
    for pattern, stays in _WRAPPED:
        text = re.sub(pattern, stays, text)
    return text


def _words_of_page(page: str) -> str:
    """A server's error page: what stands below its title, else the title."""
    plain = [re.sub(r"(?s)<[^>]*>", " ", each) for each in (_TITLE.sub("", page), page)]
    return next((" ".join(each.split()) for each in plain if each.split()), "")


class LayerError(Exception):
    """Anything a person can act on. Shown without a traceback."""

    def __init__(self, problem: str, *, fix: str) -> None:
        self.problem = typed(readable(problem))
        self.fix = typed(fix)
        super().__init__(f"{self.problem}\n→ {self.fix}")


class SettingsError(LayerError, InvalidDodoFile):  # type: ignore[misc] # doit has no types
    """Settings or command-line variables. Found before anything is started (exit status 3), all
    mistakes at once, with the nearest name where one is close."""

    # doit prints an InvalidDodoFile plainly at load time


class InputError(LayerError):
    """A file of yours, or what you asked for: requirements, lock, `.chalice/config.json`, a layer
    version. Nothing was built or changed."""


class BuildError(LayerError):
    """The layer could not be built: Docker, the installer, pruning, zipping. Nothing was published.
    Without Docker: `builder=host`."""


class VerifyError(LayerError):
    """The layer was built and must not be shipped: something broke, or it is too large. Nothing was
    published. If a rule is at fault, the error names it with the `keep` line that puts it right."""


class AwsError(LayerError):
    """AWS refused, cannot be reached, or holds something else than expected. What was done before
    stands, and the same command goes on from there."""


class DeployError(LayerError):
    """Chalice failed, somebody else is deploying, or the deployed function does not answer. The way
    back is `./doitw rollback`."""


class DriftError(LayerError):
    """What is deployed is not what is configured or wanted (`doit status check=1`). Nothing was
    changed. `doit plan` says what a deploy would do."""


class DoctorError(LayerError):
    """Something that every deploy needs is missing or wrong (`doit doctor`)."""
