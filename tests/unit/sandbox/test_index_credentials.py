"""tasks/sandbox/index_credentials.py: a company's indexes, as variables for uv."""

import io
import urllib.request
from http.client import InvalidURL
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote

import pytest

from tasks.sandbox import index_credentials
from tasks.sandbox.job_users import INSPECT, INSTALL
from tasks.sandbox.protocol import Job, OnLine, Outcome
from tasks.util.errors import BuildError, InputError
from tests import package_index

NOBODY = {"HOME": "/nobody", "PIP_CONFIG_FILE": "/dev/null", "UV_NO_CONFIG": "1"}


def found(environ: dict[str, str], root: Path = Path("/nobody")) -> dict[str, str]:
    return index_credentials.index_variables(NOBODY | environ, root)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's, and a project beside it."""
    for folder in (".config/uv", ".config/pip", "project/deep"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def of_files(home: Path, **environ: str) -> dict[str, str]:
    return index_credentials.index_variables({"HOME": str(home), **environ}, home / "project/deep")


# ---- variables ----------------------------------------------------------------------------------


def test_pips_variables_become_uvs() -> None:
    """People have set them for pip; a package that an extra index has comes from there."""
    environ = {"PIP_INDEX_URL": "https://a", "PIP_EXTRA_INDEX_URL": "https://b https://c",
               "PIP_TRUSTED_HOST": "b"}  # fmt: skip
    assert found(environ) == {
        "UV_INDEX_URL": "https://a",
        "UV_EXTRA_INDEX_URL": "https://b https://c",
        "UV_INDEX_STRATEGY": "unsafe-first-match",
        "UV_INSECURE_HOST": "b",
    }


def test_uvs_own_win() -> None:
    """They were meant for it: pip's are another tool's then, all of them."""
    environ = {"PIP_INDEX_URL": "https://a", "PIP_EXTRA_INDEX_URL": "https://b"}
    assert found(environ | {"UV_INDEX_URL": "https://c"}) == {"UV_INDEX_URL": "https://c"}


def test_credentials_of_named_indexes_go_along() -> None:
    """UV_INDEX_<NAME>_USERNAME and _PASSWORD."""
    environ = {"UV_INDEX_INNER_USERNAME": "me", "UV_INDEX_INNER_PASSWORD": "x"}
    assert found(environ) == environ


def test_nothing_else_goes_along() -> None:
    """Neither empty variables nor somebody's secrets, nor what only this machine has."""
    environ = {"UV_DEFAULT_INDEX": "", "PIP_INDEX_URL": "", "AWS_SECRET_ACCESS_KEY": "x",
               "UV_PUBLISH_TOKEN": "x", "PIP_EXTRA_INDEX_URL": "file:///opt/x"}  # fmt: skip
    assert found(environ) == {}


# ---- files --------------------------------------------------------------------------------------

UV_TOML = """
index-strategy = "unsafe-best-match"
[[index]]
name = "inner"
url = "https://inner.test/simple"
default = true
[[index]]
url = "https://more.test/simple"
[[index]]
name = "torch"
url = "https://torch.test/whl"
explicit = true
[[index]]
name = "here"
url = "file:///opt/x"
"""


@pytest.mark.parametrize("place", [".config/uv/uv.toml", "project/uv.toml"])
def test_uvs_file(home: Path, place: str) -> None:
    """The person's; the project's, or of a folder around it. Not those for single packages."""
    (home / place).write_text(UV_TOML, encoding="utf-8")
    assert of_files(home) == {
        "UV_DEFAULT_INDEX": "inner=https://inner.test/simple",
        "UV_INDEX": "https://more.test/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert of_files(home, UV_NO_CONFIG="1", PIP_CONFIG_FILE="/dev/null") == {}


def test_the_nearer_file_and_the_variable_count_first(home: Path) -> None:
    """As for uv: lists grow, the default is the first one's."""
    (home / ".config/uv/uv.toml").write_text(UV_TOML, encoding="utf-8")
    table = '[tool.uv.pip]\nindex-url = "https://project.test"\nextra-index-url = ["https://x"]\n'
    (home / "project/pyproject.toml").write_text(table, encoding="utf-8")
    named = of_files(home, UV_INDEX="https://first.test")
    assert named["UV_INDEX"] == "https://first.test https://more.test/simple https://x"
    assert "UV_DEFAULT_INDEX" not in of_files(home, UV_INDEX_URL="https://mine.test")


def test_a_file_of_its_own(home: Path) -> None:
    """UV_CONFIG_FILE stands for all others."""
    (home / "project/uv.toml").write_text(UV_TOML, encoding="utf-8")
    (home / "other.toml").write_text('index-url = "https://other.test"\n', encoding="utf-8")
    named = of_files(home, UV_CONFIG_FILE=str(home / "other.toml"))
    assert named == {"UV_DEFAULT_INDEX": "https://other.test"}


@pytest.mark.parametrize("place", [".config/pip/pip.conf", ".pip/pip.conf", "own.conf"])
def test_pips_file(home: Path, place: str) -> None:
    """[install] counts before [global], a variable before both."""
    text = "[global]\nindex-url = https://a\nextra_index_url =\n    https://b\n    file:///opt/x\n"
    (home / place).parent.mkdir(exist_ok=True)
    (home / place).write_text(f"{text}[install]\nindex-url = https://c\n", encoding="utf-8")
    own = {"PIP_CONFIG_FILE": str(home / place)} if place == "own.conf" else {}
    named = of_files(home, **own)
    assert (named["UV_INDEX_URL"], named["UV_EXTRA_INDEX_URL"]) == ("https://c", "https://b")
    assert of_files(home, PIP_INDEX_URL="https://d", **own)["UV_INDEX_URL"] == "https://d"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("project/uv.toml", "index = [["),
        ("project/uv.toml", "index = 'https://a'"),
        ("project/uv.toml", "[[index]]\nname = 'a'"),
        (".config/pip/pip.conf", "[global]\nindex-url: https://me:word@a\nno section word"),
    ],
)
def test_a_file_that_is_wrong_is_named(home: Path, place: str, text: str) -> None:
    """Its lines are not quoted."""
    (home / place).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        of_files(home)
    assert Path(place).name in str(caught.value)
    assert "word@" not in str(caught.value)


def test_netrc(home: Path) -> None:
    """Its passwords go along for the indexes' hosts; an address that has one keeps its own."""
    text = "machine a.test login me password p@ss\nmachine other.test login x password y\n"
    (home / ".netrc").write_text(text, encoding="utf-8")
    (home / ".netrc").chmod(0o600)
    urls = "inner=https://a.test/simple?x=1 https://b.test https://you:own@a.test"
    assert of_files(home, UV_INDEX=urls)["UV_INDEX"] == (
        "inner=https://me:p%40ss@a.test/simple?x=1 https://b.test https://you:own@a.test"
    )
    named = of_files(home, UV_INDEX=urls, UV_INDEX_INNER_USERNAME="she")
    assert named["UV_INDEX"].startswith("inner=https://a.test")


# ---- a job --------------------------------------------------------------------------------------


def run(monkeypatch: pytest.MonkeyPatch, said: str, **more: Any) -> tuple[Job, list[str], str]:
    """(the job as it ran, what was heard, its output)"""
    for name, value in {
        **NOBODY,
        "UV_DEFAULT_INDEX": "https://me:p%40ss@a.test",
        "UV_INDEX_B_PASSWORD": "hush",
        "WORD": "t0ken",
        "OTHER": "x",
    }.items():
        monkeypatch.setenv(name, value)
    heard: list[str] = []
    ran: list[Job] = []

    def fake(job: Job, on_line: OnLine) -> Outcome:
        ran.append(job)
        on_line(said)
        return Outcome(code=0, output=said)

    job = Job(
        argv=("uv",),
        inputs={"requirements.txt": b"--index-url https://${WORD}@c"},
        **more,
    )
    outcome = index_credentials.running(job, fake, heard.append)
    return ran[0], heard, outcome.output


def test_passwords_are_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """However they are written: a package that is built may print its environment."""
    said = "me p%40ss p@ss hush t0ken"
    job, heard, output = run(monkeypatch, said, kind=INSTALL, indexes=True)
    assert heard == [output] == ["me **** **** **** ****"]
    assert job.environment["WORD"] == "t0ken"
    assert "OTHER" not in job.environment


@pytest.mark.parametrize(
    ("line", "said", "shown"),
    [
        ("https://${U}:${P}@h", "u: unusual http://u:pw-word@h", "u: unusual http://u:****@h"),
        ("https://${P}@h", "pw-word", "****"),
        ("https://${P}:${P}@h", "pw-word", "****"),
        ("https://${U}:${S}@h", "u: a cat http://u:a@h", "u: a cat http://u:****@h"),
        ("https://${S}@h", "a cat http://a@h", "a cat http://****@h"),
        # GitHub's and others' forms, in which the first one is the secret
        ("https://${P}:x-oauth-basic@h", "git+https://pw-word:****@h", "git+https://****:****@h"),
        ("https://${P}:@h", "https://pw-word@h", "https://****@h"),
        ("https://${T}:${P}@h", "ghp_0123456789abcdef pw-word", "**** ****"),
    ],
)
def test_a_login_hides_no_letters(
    monkeypatch: pytest.MonkeyPatch, line: str, said: str, shown: str
) -> None:
    """A user's name is no secret; of a very short word only the one in an address."""
    known = {"U": "u", "P": "pw-word", "S": "a", "T": "ghp_0123456789abcdef"}
    for name, value in {**NOBODY, **known}.items():
        monkeypatch.setenv(name, value)
    wanted = {"r.txt": f"--index-url {line}".encode()}
    job = Job(argv=("uv",), inputs=wanted, kind=INSTALL, indexes=True)
    outcome = index_credentials.running(
        job, lambda job, on_line: Outcome(code=0, output=said), lambda line: None
    )
    assert outcome.output == shown


@pytest.mark.parametrize(
    ("login", "said", "shown"),
    [
        ("T0KEN-of-me:x-oauth-basic", "T0KEN-of-me", "****"),
        ("T0KEN-of-me:", "T0KEN-of-me", "****"),
        ("T0KEN-of-me:NOPASS", "T0KEN-of-me", "****"),
        ("T0KEN-of-me", "T0KEN-of-me", "****"),
        ("0123456789abcdef:x1y2", "0123456789abcdef x1y2", "**** ****"),
        ("aws:t0ken", "aws t0ken", "aws ****"),
        ("aws:", "aws", "aws"),
        ("me:t0k@n", "t0k@n t0k%40n", "**** ****"),
        ("me:t0k%2Fn", "me t0k/n t0k%2Fn", "me **** ****"),
    ],
)
def test_each_half_of_a_login_may_be_the_secret(login: str, said: str, shown: str) -> None:
    """As GitHub, packagecloud, Gemfury and AWS document them. pip and uv read a password up to the
    last @."""
    words = index_credentials.secrets({"UV_INDEX": f"a=https://h b=https://{login}@h/simple"})
    assert index_credentials.hidden(said, words) == shown


def test_a_token_as_the_name_of_a_user() -> None:
    """UV_INDEX_<NAME>_USERNAME may be one, too."""
    named = {"UV_INDEX_A_USERNAME": "ghp_0123456789abcdef", "UV_INDEX_B_USERNAME": "bob"}
    assert index_credentials.secrets(named) == ["ghp_0123456789abcdef"]


@pytest.mark.parametrize("more", [{"kind": INSPECT}, {"kind": INSTALL, "network": True}, {}])
def test_other_jobs_get_none(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    """Who reads, strips and proves what was installed runs code out of it."""
    job, _, _ = run(monkeypatch, "", **more)
    assert dict(job.environment) == {}


@pytest.mark.parametrize(
    ("index", "file", "known"),
    [
        ("https://me:w@h/simple/", "https://h/files/a.tar.gz", True),
        ("https://me:w@h/simple/", "https://H:443/a.tar.gz", True),
        ("http://me:w@h:8080/simple/", "http://h:8080/a.tar.gz", True),
        ("https://me:w@h/simple/", "http://h/a.tar.gz", False),
        ("https://me:w@h/simple/", "http://h:443/a.tar.gz", False),
        ("https://me:w@h/simple/", "https://h:8443/a.tar.gz", False),
        ("https://me:w@h/simple/", "https://other/a.tar.gz", False),
    ],
)
def test_a_password_goes_where_its_index_is(index: str, file: str, known: bool) -> None:
    """Not in the clear because a page links there."""
    assert bool(index_credentials._login(file, {"UV_DEFAULT_INDEX": index})) is known


@pytest.mark.parametrize("login", ["me:S3CRET%40x", "S3CRET%40x:", "S3CRET%40x"])
def test_a_page_may_name_files_with_the_login(
    login: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute links of Gemfury's pages have the token in them, and uv writes them down as they
    are. The login is used, and in no message."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    user, _, password = login.partition(":")
    with package_index.serving(tmp_path, login=f"{unquote(user)}:{unquote(password)}") as index:
        (tmp_path / "a").write_bytes(b"x")
        place = index.url.replace("//", f"//{login}@").removesuffix("/simple")
        index_credentials.download(f"{place}/a", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"x"
    for url in (f"{place}/a", f"http://{login}@no.invalid/a", f"http://{login}@h:x/a"):
        with pytest.raises(BuildError) as caught:
            index_credentials.download(url, tmp_path / "got")
        assert "S3CRET" not in str(caught.value)


def test_no_login_is_in_what_pythons_library_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect may lead to an address with one, of which http.client quotes a half as a port."""
    said = [InvalidURL("nonnumeric port: 'S3CRET@h'"), OSError("https://me:S3CRET@h/a is none")]
    for error in said:
        monkeypatch.setattr(urllib.request, "urlopen", mock.Mock(side_effect=error))
        with pytest.raises(BuildError, match=r"\*\*\*\*@h") as caught:
            index_credentials.download("https://h/a", tmp_path / "got")
        assert "S3CRET" not in str(caught.value)


def test_a_download_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the server goes on to send."""
    monkeypatch.setattr(index_credentials, "LARGEST", 1 << 20)
    index_credentials._save(io.BytesIO(bytes(1 << 20)), tmp_path / "a")
    assert (tmp_path / "a").stat().st_size == 1 << 20
    with pytest.raises(ValueError, match="larger than"):
        index_credentials._save(io.BytesIO(bytes((1 << 20) + 1)), tmp_path / "a")


class Large(bytes):
    """More than a download may have, without its memory."""

    def __len__(self) -> int:
        return index_credentials.LARGEST + 1


def test_a_limit_is_told_in_gb(tmp_path: Path) -> None:
    blocks = mock.Mock(read=lambda size: Large(b"x"))
    with pytest.raises(ValueError, match="larger than 2 GB"):
        index_credentials._save(blocks, tmp_path / "a")


@pytest.mark.parametrize(
    ("address", "named"), [("a=https://h/?x=1", True), ("https://h/?a=1", False)]
)
def test_a_name_stands_before_the_address(address: str, named: bool) -> None:
    """An equals sign of a query is none of a name."""
    assert index_credentials._is_named(address) is named


def test_the_first_ca_bundle_that_is_there_is_taken(tmp_path: Path) -> None:
    """In the order in which uv, pip and requests are named; a folder or a lost file is none."""
    for name in ("uv", "pip"):
        (tmp_path / name).write_text(name)
    named = {"PIP_CERT": str(tmp_path / "pip"), "REQUESTS_CA_BUNDLE": str(tmp_path / "lost")}
    assert index_credentials.ca_bundle(named) == b"pip"
    assert index_credentials.ca_bundle(named | {"SSL_CERT_FILE": str(tmp_path / "uv")}) == b"uv"
    assert index_credentials.ca_bundle(named | {"SSL_CERT_FILE": str(tmp_path)}) == b"pip"
    assert index_credentials.ca_bundle(named | {"SSL_CERT_FILE": ""}) == b"pip"
    assert index_credentials.ca_bundle({"REQUESTS_CA_BUNDLE": str(tmp_path / "lost")}) == b""
    assert index_credentials.ca_bundle({}) == b""


def test_proxies_are_taken_in_either_spelling() -> None:
    """Nothing else is, and no empty ones."""
    named = {"https_proxy": "http://a:1", "NO_PROXY": "b", "HTTP_PROXY": ""}
    assert index_credentials.proxies(named | {"PATH": "/bin", "all_proxy_": "c"}) == {
        "https_proxy": "http://a:1",
        "NO_PROXY": "b",
    }
