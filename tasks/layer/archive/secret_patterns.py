"""Files and texts that give whoever reads a layer access to something else, known by their form.

Only forms that hardly anything else has: a layer holds thousands of other people's files, so that a
word like `password`, or a text that looks random, says nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FORMAT = 2  # raise when something else is looked for: what was looked at before is looked at again

# By name: no layer needs one, whatever it holds.
FILES = {
    ".netrc": "passwords for servers",
    "_netrc": "passwords for servers",
    ".pypirc": "passwords for package indexes",
    "pip.conf": "pip's configuration",
    "pip.ini": "pip's configuration",
    ".git-credentials": "passwords for repositories",
}
SECRET_KEY = (b"aws_secret_access_key", b"AWS_SECRET_ACCESS_KEY", b"SecretAccessKey")
# Short strings and long ones, each with or without the flag of what is referred to; of 15 to 65,535
# bytes (as many as the longest key).
_MARSHALLED = re.compile(
    rb"[zZ\xfa\xda]([\x0f-\xff])|[aAut\xe1\xc1\xf5\xf4s\xf3]([\x00-\xff]{2})\0\0", re.DOTALL
)
OVERLAPS = 100  # times its bytes; of 3,000 honest modules the most is 22
DIRECT_URL_FILE = "direct_url.json"
DIRECT_URL = rb'"url"\s*:\s*"(?!ssh|git\+ssh)[\w+.-]+://(?!\**@|git@)[^/"@]+@'


@dataclass(frozen=True, kw_only=True)
class Form:
    """`words`: one of them stands in every such text, which is quick to see. `pattern`: all of it,
    its last group what `is_real` judges."""

    what: str
    words: tuple[bytes, ...]
    pattern: bytes  # compiled when it is first needed: most commands search nothing
    is_real: Callable[[bytes], bool] = bool


def _is_no_example(value: bytes) -> bool:
    """AWS's documents are full of keys with EXAMPLE in them. Others write XXXX."""
    return b"EXAMPLE" not in value and len(set(value)) > 9


def _is_key(body: bytes) -> bool:
    """Code that reads keys has their first and last line, too, but no key between (RFC 7468)."""
    return bool(re.search(rb"[A-Za-z0-9+/]{60}", body)) and _is_no_example(body)


FORMS = (
    Form(
        what="a private key",
        words=(b"PRIVATE KEY-----",),
        # no five dashes within: each line that begins a key would be read to the file's end
        pattern=rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"
        rb"((?:[\w+/=\s\"',:\\]|-(?!----)){60,}?)-----END",
        is_real=_is_key,
    ),
    Form(
        what="the ID of an AWS access key",
        words=(b"AKIA",),  # those of temporary keys (ASIA) end by themselves
        pattern=rb"(?<![\w/+])AKIA([A-Z2-7]{16})(?![\w/+=])",
        is_real=_is_no_example,
    ),
    Form(
        what="an AWS secret access key",
        words=SECRET_KEY,
        pattern=(
            rb"(?:aws_secret_access_key|AWS_SECRET_ACCESS_KEY|SecretAccessKey)"
            rb"[\"']?\s*[=:]\s*[\"']?([A-Za-z0-9/+]{40})(?![\w/+=])"
        ),
        is_real=_is_no_example,
    ),
    Form(
        what="a token for GitHub",
        words=(b"ghp_", b"github_pat_"),
        pattern=rb"(?<!\w)(?:ghp_|github_pat_\w{22}_)([A-Za-z0-9]{36,59})(?!\w)",
        is_real=_is_no_example,
    ),
    Form(
        what="a token for GitLab",
        words=(b"glpat-",),
        pattern=rb"(?<!\w)glpat-([\w-]{20})(?![\w-])",
        is_real=_is_no_example,
    ),
    Form(
        what="a token for a package index",
        words=(b"pypi-AgE",),
        pattern=rb"(?<!\w)pypi-(AgE[\w-]{60,})",
        is_real=_is_no_example,
    ),
)


WORDS = tuple(word for form in FORMS for word in form.words)


def tells_by_name(name: str) -> bool:
    """Whatever words it holds."""
    return name.rpartition("/")[2] in {*FILES, DIRECT_URL_FILE}


def inside(name: str, content: bytes) -> list[str]:
    """What a file gives away, each kind once. Never the secret itself. `name`: its path."""
    base = name.rpartition("/")[2]
    found = [FILES[base]] if base in FILES else []
    if base == DIRECT_URL_FILE and re.search(DIRECT_URL, content):
        found.append("the address it was installed from, with a password or token")
    wanted = [form for form in FORMS if any(word in content for word in form.words)]
    text = _text_of(content) if wanted and base.endswith(".pyc") else content
    return found + [form.what for form in wanted if _has(form, text)]


def _text_of(bytecode: bytes) -> bytes:
    """Its strings, a line each. A name and its value lie apart in it: they are put together where
    they can belong together."""
    found = dict.fromkeys(_strings(bytecode))
    pairs = [
        b"%b=%b" % (name, each) for name in SECRET_KEY if name in found for each in found
        if len(each) == 40
    ]  # fmt: skip
    return b"\n".join([*found, *pairs])


def _strings(bytecode: bytes) -> Iterator[bytes]:
    """Of marshal's format: a kind, a length, text. And what looks like that, up to a limit: bytes
    can look like a long string everywhere."""
    room = OVERLAPS * len(bytecode)
    for match in _MARSHALLED.finditer(bytecode):
        size = int.from_bytes(match[1] or match[2], "little")
        text = bytecode[match.end() : match.end() + size]
        if (room := room - len(text)) < 0:
            return
        yield text


def _has(form: Form, content: bytes) -> bool:
    return any(form.is_real(match[1]) for match in re.finditer(form.pattern, content))
