"""tasks/layer/archive/secret_patterns.py: what gives access to something, and what only looks
like it."""

import base64
import json
import random
import string

import pytest

from tasks.layer.archive import secret_patterns

CHOICE = random.Random(1)  # noqa: S311 - they open nothing


def drawn(alphabet: str, count: int) -> str:
    return "".join(CHOICE.choices(alphabet, k=count))


LETTERS = string.ascii_letters + string.digits
BODY = base64.b64encode(CHOICE.randbytes(120)).decode()
LINES = "\n".join(BODY[start : start + 64] for start in range(0, len(BODY), 64))
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{LINES}\n-----END RSA PRIVATE KEY-----\n"
ID = "AKIA" + drawn(string.ascii_uppercase + "234567", 16)
SECRET = drawn(LETTERS + "/+", 40)
REAL = {
    "a key": KEY,
    "a key without a kind": KEY.replace("RSA ", ""),
    "a key of ssh": KEY.replace("RSA", "OPENSSH"),
    "a key with headers": KEY.replace("-\n", "-\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,1F\n\n", 1),
    "a key with Windows' lines": KEY.replace("\n", "\r\n"),
    "a key in code": repr(KEY),
    "a service account": json.dumps({"type": "service_account", "private_key": KEY}),
    "an access key's ID": f'client("s3", aws_access_key_id="{ID}")',
    "a secret key": f"aws_secret_access_key = {SECRET}\n",
    "a secret key in JSON": json.dumps({"SecretAccessKey": SECRET}),
    "a secret key in a script": f"export AWS_SECRET_ACCESS_KEY='{SECRET}'",
    "GitHub's": f"token = 'ghp_{drawn(LETTERS, 36)}'",
    "GitHub's, fine-grained": f"github_pat_{drawn(LETTERS, 22)}_{drawn(LETTERS, 59)}",
    "GitLab's": f"glpat-{drawn(LETTERS, 20)}",
    "an index's": f"password = pypi-AgEIcHlwaS5vcmc{drawn(LETTERS + '_-', 90)}",
}
HARMLESS = {
    "code that reads keys": "begin = '-----BEGIN RSA PRIVATE KEY-----'\nend = '-----END'",
    "words about keys": "-----BEGIN PRIVATE KEY----- begins a key, as the reader of this long text "
    "of many words will have seen by now, and its last line says -----END",
    "a shortened key": f"-----BEGIN PRIVATE KEY-----\n{BODY[:62]}...\n-----END PRIVATE KEY-----",
    "a public key": KEY.replace("PRIVATE", "PUBLIC"),
    "a certificate": KEY.replace("RSA PRIVATE KEY", "CERTIFICATE"),
    "AWS's example ID": "AKIAIOSFODNN7EXAMPLE and AKIAI44QH8DHBEXAMPLE",
    "AWS's example key": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "a placeholder": "AKIAXXXXXXXXXXXXXXXX ghp_" + "x" * 36 + " glpat-" + "x" * 20,
    "a secret key's name": "self.aws_secret_access_key = config.aws_secret_access_key_of_user",
    "an ID inside of a longer word": f"hash: {ID}{ID}",
    "base64": f"data:image/png;base64,{BODY}{ID}{BODY}",
}


@pytest.mark.parametrize("text", REAL.values(), ids=REAL.keys())
def test_what_gives_access_is_seen(text: str) -> None:
    """Wherever it stands; and the secret itself is not said."""
    [said] = secret_patterns.inside("package/file.txt", f"x = 1\n{text}".encode())
    assert not any(word in said for word in (BODY[:20], ID, SECRET))


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_looks_like_it_is_not(text: str) -> None:
    """Documentation, placeholders, code about keys."""
    assert secret_patterns.inside("package/file.txt", text.encode()) == []


@pytest.mark.parametrize("name", [".netrc", "a/b/.netrc", "pip.conf", "a/.pypirc", "pip.ini"])
def test_files_that_no_layer_needs_are_known_by_name(name: str) -> None:
    """Whatever they hold."""
    assert len(secret_patterns.inside(name, b"")) == 1


@pytest.mark.parametrize("name", ["a/netrc.py", "a/pip.conf.py", "a/my.netrc", "pip.conf/x"])
def test_other_names_are_not(name: str) -> None:
    """Code about such files."""
    assert secret_patterns.inside(name, b"machine host login me password you") == []


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://me:word@index.test/a.whl", 1),
        ("git+https://token@code.test/a.git", 1),
        ("https://index.test/a.whl", 0),
        ("https://index.test/@scope/a.whl", 0),
        ("https://****@index.test/a.whl", 0),  # as uv writes it
        ("ssh://git@code.test/a.git", 0),
        ("git+ssh://me@code.test/a.git", 0),
    ],
)
def test_where_it_was_installed_from(address: str, found: int) -> None:
    """direct_url.json (PEP 610) is where an installer leaves an address."""
    text = json.dumps({"url": address, "archive_info": {}}).encode()
    assert len(secret_patterns.inside("a-1.0.dist-info/direct_url.json", text)) == found
    assert secret_patterns.inside("a/other.json", text) == []


def test_each_kind_is_said_once() -> None:
    """And all kinds are."""
    text = "\n".join([*REAL.values()] * 2).encode()
    assert sorted(secret_patterns.inside("x", text)) == sorted(
        form.what for form in secret_patterns.FORMS
    )
