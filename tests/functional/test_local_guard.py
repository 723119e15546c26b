"""The emulator as a stranger meets it: another user of the machine, a page in a browser, a name
that was made to mean 127.0.0.1. Over real HTTP, to the server as `stage=local` starts it.
"""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import HmacV1QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tasks.local_aws import control, server, signatures
from tasks.settings import local_access
from tasks.settings.local_access import Access
from tests import browser
from tests.project import Project, clean_environment, small

REGION, BUCKET = "ap-northeast-2", "shelf"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Nothing but its server, with one object in it."""
    made = small(tmp_path_factory.mktemp("guard") / "project")
    assert made.doit("local-start").code == 0
    s3 = made.aws("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key="a b/ü+1", Body=b"mine", Metadata={"x_y": "z"})
    yield made
    made.doit("local-stop")


@pytest.fixture
def access(project: Project) -> Access:
    return project.access()


def ask(
    access: Access, path: str = "/", method: str = "GET", body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes, dict[str, str]]:  # fmt: skip
    """Status, body, headers (their names in lower case)."""
    connection = http.client.HTTPConnection(access.host, timeout=30)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read(), told
    finally:
        connection.close()


def client(access: Access, service: str = "s3", **more: Any) -> Any:
    """As an app has it: boto3's, with the key as ordinary arguments."""
    session: Any = boto3.session.Session(access.key, access.secret, None, REGION)
    return session.client(service, endpoint_url=access.url, **more)


def signed(access: Access, path: str = f"/{BUCKET}") -> dict[str, str]:
    """Headers of a good GET."""
    request = AWSRequest("GET", access.url + path, headers={"host": access.host})
    SigV4Auth(Credentials(access.key, access.secret), "s3", REGION).add_auth(request)
    return dict(request.headers.items())


CALLS = [
    ("GET", "/", {}),
    ("GET", f"/{BUCKET}/a%20b/%C3%BC%2B1", {}),
    ("PUT", f"/{BUCKET}/new", {}),
    ("POST", "/moto-api/reset", {}),
    ("GET", "/moto-api/data.json", {}),
    ("GET", "/latest/meta-data/iam/security-credentials/", {}),
    ("PUT", "/latest/api/token", {}),
    ("GET", "/doit-lambda-layer", {}),
    ("GET", "/doit-lambda-layer/layers/arn:aws:lambda:r:123456789012:layer:a:1", {}),
    ("POST", "/2015-03-31/functions", {"Content-Type": "application/json"}),
    ("POST", "/2015-03-31/functions/f/invocations", {}),
    ("POST", "/", {"X-Amz-Target": "secretsmanager.ListSecrets"}),
    ("POST", "/?Action=GetCallerIdentity&Version=2011-06-15", {}),
    ("OPTIONS", f"/{BUCKET}", {"Access-Control-Request-Method": "GET"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), CALLS)
def test_nothing_is_answered_without_the_key(
    access: Access, method: str, path: str, headers: dict[str, str]
) -> None:
    """Nor with a key that somebody made up, or one that another AWS takes."""
    made_up = signed(Access(url=access.url, key="LKIA" + "A" * 16, secret="x"), path)  # noqa: S106
    for more in ({}, made_up, {"Authorization": f"AWS {access.key}:x"}, {"Authorization": "\xff"}):
        status, body, told = ask(access, path, method, headers={**headers, **more})
        assert (status, b"InvalidClientTokenId" in body) == (403, True)
        assert not [name for name in told if name.startswith("access-control-")]


def test_the_key_without_its_secret_is_none(access: Access) -> None:
    """Addresses and logs have the key's name; it opens nothing."""
    with pytest.raises(ClientError) as caught:
        client(Access(url=access.url, key=access.key, secret="guessed")).list_buckets()  # noqa: S106
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0:{port}", ""]
)
def test_another_host_is_refused(access: Access, host: str) -> None:
    """DNS rebinding: a page of a name that means 127.0.0.1 by now. Also with the right key."""
    named = host.format(port=access.port)
    request = AWSRequest("GET", f"{access.url}/{BUCKET}", headers={"host": named})
    SigV4Auth(Credentials(access.key, access.secret), "s3", REGION).add_auth(request)
    status, body, _ = ask(access, f"/{BUCKET}", headers=dict(request.headers.items()))
    assert (status, b"nothing else" in body) == (403, True)


def test_an_absolute_address_names_another_host(access: Access) -> None:
    """`GET http://evil.example/ HTTP/1.1`: what is asked of proxies."""
    assert ask(access, "http://evil.example/", headers=signed(access))[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://{host}", "file://"])
def test_a_page_is_refused(access: Access, origin: str) -> None:
    """Whoever's, its own too: no page belongs to this server. Also with the right key."""
    headers = signed(access) | {"Origin": origin.format(host=access.host)}
    status, _, told = ask(access, f"/{BUCKET}", headers=headers)
    assert status == 403
    assert not [name for name in told if name.startswith("access-control-")]


def test_with_the_key_it_is_answered(access: Access) -> None:
    """By each of AWS's protocols; no answer speaks of pages."""
    assert client(access).get_object(Bucket=BUCKET, Key="a b/ü+1")["Body"].read() == b"mine"
    assert client(access, "sts").get_caller_identity()["Account"] == "123456789012"
    assert client(access, "lambda").list_functions()["Functions"] == []
    assert client(access, "secretsmanager").list_secrets()["SecretList"] == []
    assert client(access, "dynamodb").list_tables()["TableNames"] == []
    assert client(access, "sqs").create_queue(QueueName="q")["QueueUrl"]
    assert client(access, "apigateway").get_rest_apis()["items"] == []
    status, _, told = ask(access, f"/{BUCKET}", headers=signed(access))
    assert status == 200
    assert not [name for name in told if name.startswith("access-control-")]


def test_keys_that_were_made_there_are_good_there(access: Access) -> None:
    """A user's, and those of a role that was assumed, with their own secrets."""
    iam = client(access, "iam")
    iam.create_user(UserName="u")
    made = iam.create_access_key(UserName="u")["AccessKey"]
    user = Access(url=access.url, key=made["AccessKeyId"], secret=made["SecretAccessKey"])
    assert client(user).list_buckets()["Buckets"]
    role = f"arn:aws:iam::{123456789012}:role/r"
    assumed = client(access, "sts").assume_role(RoleArn=role, RoleSessionName="session")[
        "Credentials"
    ]
    session: Any = boto3.session.Session(
        assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], REGION
    )
    assert session.client("s3", endpoint_url=access.url).list_buckets()["Buckets"]
    wrong = Access(url=access.url, key=made["AccessKeyId"], secret="x")  # noqa: S106
    with pytest.raises(ClientError):
        client(wrong).list_buckets()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_addresses_are_good_for_what_they_say(access: Access, version: str) -> None:
    """In both of S3's signatures, for as long as they say; changed they are refused."""
    s3 = client(access, config=Config(signature_version=version))
    named = {"Bucket": BUCKET, "Key": "a b/ü+1"}
    url = s3.generate_presigned_url("get_object", named, ExpiresIn=60)
    path = url.removeprefix(access.url)
    assert ask(access, path)[:2] == (200, b"mine")
    assert ask(access, path, headers={"Origin": "http://evil.example"})[0] == 403
    assert ask(access, path, "DELETE")[0] == 403
    assert ask(access, path.replace("%20", "%21"))[0] == 403
    assert ask(access, re.sub("Signature=..", "Signature=00", path))[0] == 403
    assert ask(access, re.sub(r"Expires=\d+", "Expires=99999999999", path))[0] == 403
    late = s3.generate_presigned_url("get_object", named, ExpiresIn=-60)
    assert ask(access, late.removeprefix(access.url))[0] == 403
    put = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "new"}, ExpiresIn=60)
    assert ask(access, put.removeprefix(access.url), "PUT", b"sent")[0] == 200
    assert s3.get_object(Bucket=BUCKET, Key="new")["Body"].read() == b"sent"


def test_a_presigned_form_uploads_to_its_bucket(access: Access) -> None:
    """As pages and programs use it; with a signature that is none, nothing arrives."""
    for version in ("s3", "s3v4"):
        s3 = client(access, config=Config(signature_version=version))
        form = s3.generate_presigned_post(BUCKET, f"by-{version}")
        fields: dict[str, str] = form["fields"]
        path, kind = urlsplit(form["url"]).path or "/", "multipart/form-data; boundary=B"
        bad = {k: "x" if "signature" in k.lower() else v for k, v in fields.items()}
        headers = {"Content-Type": kind}
        assert ask(access, path, "POST", _form(bad), headers)[0] == 403
        assert ask(access, "/moto-api/reset", "POST", _form(fields), headers)[0] == 403
        assert ask(access, path, "POST", _form(fields), headers)[0] in (200, 204)
        assert s3.get_object(Bucket=BUCKET, Key=f"by-{version}")["Body"].read() == b"sent"


def _form(fields: Mapping[str, str]) -> bytes:
    head = '--B\r\nContent-Disposition: form-data; name="{}"'
    parts = [f"{head.format(name)}\r\n\r\n{value}\r\n" for name, value in fields.items()]
    return f'{"".join(parts)}{head.format("file")}; filename="f"\r\n\r\nsent\r\n--B--\r\n'.encode()


def _post(access: Access, path: str, fields: Mapping[str, str]) -> int:
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    return ask(access, path, "POST", _form(fields), kind)[0]


def _signed_form(access: Access, version: str = "s3v4", **said: Any) -> dict[str, str]:
    """For layers/a in BUCKET, unless `said` has something else. boto3's arguments."""
    s3 = client(access, config=Config(signature_version=version))
    given = {"Bucket": BUCKET, "Key": "layers/a", **said}
    fields: dict[str, str] = s3.generate_presigned_post(**given)["fields"]
    return fields


@pytest.mark.parametrize("signature", ["\0", "", "x", "None"])
@pytest.mark.parametrize(
    "names", [("AWSAccessKeyId", "signature"), ("x-amz-credential", "x-amz-signature")]
)
def test_a_form_of_nobody_uploads_nothing(
    access: Access, names: tuple[str, str], signature: str
) -> None:
    """A key that nobody made has no signature, whatever the form says."""
    for nobody in ("nobody", "", "nobody/20260101/r/s3/aws4_request"):
        fields = {"key": "layers/a", names[0]: nobody, names[1]: signature, "policy": "e30="}
        assert _post(access, f"/{BUCKET}", fields) == 403


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_is_good_for_what_its_policy_says(access: Access, version: str) -> None:
    """Its bucket, its key, its time, its fields, its length; and one understanding of it."""
    other = f"other-{version}"
    client(access).create_bucket(
        Bucket=other, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    good = _signed_form(access, version)
    assert _post(access, f"/{other}", good) == 403
    assert _post(access, f"/{BUCKET}", good | {"key": "layers/b"}) == 403
    assert _post(access, f"/{BUCKET}", good | {"acl": "public-read"}) == 403
    assert _post(access, f"/{BUCKET}", {"Key": "layers/b", **good}) == 403
    assert _post(access, f"/{BUCKET}?delete", good) == 403
    assert _post(access, f"/{BUCKET}", _signed_form(access, version, ExpiresIn=-60)) == 403
    for least, most in ((0, 3), (5, 9)):  # "sent" has four
        long = _signed_form(access, version, Conditions=[["content-length-range", least, most]])
        assert _post(access, f"/{BUCKET}", long) == 403
    for unknown in (["ends-with", "$key", "a"], ["eq", "$nothing", ""], ["eq"], 7, {"key": 7}):
        assert (
            _post(access, f"/{BUCKET}", _signed_form(access, version, Conditions=[unknown])) == 403
        )
    assert _post(access, f"/{BUCKET}", good) == 204


def test_a_form_may_have_what_its_policy_allows(access: Access) -> None:
    """As pages use it: a name that the browser fills in, a type, a length, fields to be ignored."""
    allowed = [["starts-with", "$Content-Type", "image/"], ["content-length-range", 1, 10],
               {"acl": "private"}, ["eq", "$x-amz-meta-user", "u"]]  # fmt: skip
    form = _signed_form(access, Key="up/${filename}", Conditions=allowed)
    fields = {
        "Content-Type": "image/png",
        "acl": "private",
        "x-amz-meta-user": "u",
        "x-ignore-me": "1",
    }
    assert _post(access, f"/{BUCKET}", form | fields) == 204
    assert client(access).get_object(Bucket=BUCKET, Key="up/f")["Body"].read() == b"sent"
    assert _post(access, f"/{BUCKET}", form | fields | {"Content-Type": "text/html"}) == 403


# ---- bodies -------------------------------------------------------------------------------------

MADE_UP = (
    "Authorization: AWS4-HMAC-SHA256 Credential=LKIAMADEUP/20260101/r/s3/aws4_request, "
    f"SignedHeaders=host, Signature={'0' * 64}"
)
CHUNKED = "Transfer-Encoding: chunked"
REFUSED = (403, 413)
MULTIPART = "Content-Type: multipart/form-data; boundary=B"


def talked(
    access: Access,
    body: Iterable[bytes],
    *heads: str,
    path: str = f"/{BUCKET}",
    method: str = "POST",
) -> int:
    """The status of the answer to a request whose connection ends with this body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {access.host}", *heads]
    with socket.create_connection(("127.0.0.1", access.port), timeout=60) as talk:
        talk.sendall("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
        with suppress(ConnectionError):  # it has answered, and reads no more
            for block in body:
                talk.sendall(block)
            talk.shutdown(socket.SHUT_WR)
        return int(talk.makefile("rb").readline().split()[1])


def memory(access: Access) -> int:
    """Kilobytes of the server, at their peak."""
    status = Path(f"/proc/{access.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0])


@pytest.mark.parametrize("head", [MADE_UP, MULTIPART, "X: y"])
@pytest.mark.parametrize(
    ("body", "framing"),
    [
        (b"6000000\r\nabc", CHUNKED), (b"ffffffffffffffff\r\nabc", CHUNKED),
        (b"-1\r\nabc\r\n", CHUNKED), (b"x\r\n", CHUNKED), (b"", CHUNKED),
        (b"3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: gzip, chunked"),
        (b"abc", "Content-Length: 60000000"), (b"abc", "Content-Length: 99999999999999"),
        (b"abc", "Content-Length: -1"), (b"abc", "Content-Length: x"),
        (b"abc", "Content-Length: 3\r\nContent-Length: 2"),
    ],
)  # fmt: skip
def test_a_body_of_a_false_size_is_refused(
    access: Access, body: bytes, framing: str, head: str
) -> None:
    """Whoever sends it, and whatever its head says. The server goes on."""
    assert talked(access, [body], head, framing) in (400, *REFUSED)
    assert ask(access, f"/{BUCKET}", headers=signed(access))[0] == 200


def test_with_the_key_a_body_that_is_cut_off_is_bad(access: Access) -> None:
    """400, and no object; one that is whole, in chunks, is stored."""
    s3 = client(access, config=Config(signature_version="s3v4"))
    url = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "chunks"})
    path = url.removeprefix(access.url)
    for body, framing in ((b"6000000\r\nabc", CHUNKED), (b"abc", "Content-Length: 60000000")):
        assert talked(access, [body], framing, path=path, method="PUT") == 400
    with pytest.raises(ClientError):
        s3.get_object(Bucket=BUCKET, Key="chunks")
    whole = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert talked(access, [whole], CHUNKED, path=path, method="PUT") == 200
    assert s3.get_object(Bucket=BUCKET, Key="chunks")["Body"].read() == b"abcde"


@pytest.mark.parametrize("heads", [(MADE_UP,), (MULTIPART,), ()])
def test_a_strangers_body_takes_no_memory(access: Access, heads: tuple[str, ...]) -> None:
    """A true one of 100 MB."""
    before, block = memory(access), b"x" * (1 << 20)
    chunk = b"100000\r\n" + block + b"\r\n"
    assert talked(access, chain([chunk] * 100, [b"0\r\n\r\n"]), CHUNKED, *heads) in REFUSED
    assert talked(access, [block] * 100, f"Content-Length: {100 << 20}", *heads) in REFUSED
    assert memory(access) - before < 50_000


FORM = b"key=a&file=%20&Action=Publish&Version=2010-03-31\xff"  # bytes that look like a form


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "text/plain"]
)
@pytest.mark.parametrize("sent", [FORM, _form({"key": "x"})], ids=["fields", "parts"])
def test_an_object_is_stored_as_it_was_sent(access: Access, kind: str, sent: bytes) -> None:
    """By its own call, by an address as curl uses it, and in parts; its type, too."""
    s3, named = client(access), {"Bucket": BUCKET, "Key": "raw"}
    s3.put_object(**named, Body=sent, ContentType=kind)
    found = s3.get_object(**named)
    assert (found["Body"].read(), found["ContentType"]) == (sent, kind)
    path = s3.generate_presigned_url("put_object", named).removeprefix(access.url)
    assert ask(access, path, "PUT", sent + b"!", {"Content-Type": kind})[0] == 200
    assert s3.get_object(**named)["Body"].read() == sent + b"!"
    upload = {
        **named,
        "UploadId": s3.create_multipart_upload(**named, ContentType=kind)["UploadId"],
    }
    path = s3.generate_presigned_url("upload_part", {**upload, "PartNumber": 1})
    _, _, told = ask(access, path.removeprefix(access.url), "PUT", sent, {"Content-Type": kind})
    parts = [{"ETag": told["etag"], "PartNumber": 1}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**named)["Body"].read() == sent


def test_what_sdks_do_not_sign_is_known_by_its_app(access: Access) -> None:
    """Cognito's sign-up, say, of a function: its variables name an app that nobody can guess."""
    pools = client(access, "cognito-idp")
    pool = pools.create_user_pool(PoolName="p")["UserPool"]["Id"]
    app = pools.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]
    wanted = {"ClientId": app["ClientId"], "Username": "u", "Password": "Abc-123456"}
    with pytest.raises(ClientError):
        client(access, "cognito-idp", config=Config(signature_version=UNSIGNED)).sign_up(**wanted)
    kind: Any = Config  # its stubs do not know all of it
    known = kind(user_agent_appid=access.app, signature_version=UNSIGNED)
    assert client(access, "cognito-idp", config=known).sign_up(**wanted)["UserSub"]


def test_the_key_is_this_users_alone(project: Project, access: Access) -> None:
    """Another user of this machine cannot read it, nor the log, which has signed addresses."""
    folder = project.path / "build" / "local"
    for name in ("server.json", "server.log"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"LKIA[A-Z0-9]{16}", access.key)
    assert len(access.secret) >= 40
    said = Path(f"/proc/{access.pid}/cmdline").read_text() + project.doit("local-start").output
    assert access.secret not in said


def test_another_user_gets_nothing(project: Project, access: Access) -> None:
    """Really another one where the tests may become one, with the file's path and the server's
    address; the key's file is all that tells users apart."""
    code = (
        "import sys, urllib.request, urllib.error\n"
        "try:\n    open(sys.argv[1])\n    print('file')\n"
        "except PermissionError:\n    print('no file')\n"
        "try:\n    print(urllib.request.urlopen(sys.argv[2]).read())\n"
        "except urllib.error.HTTPError as error:\n    print(error.code)\n"
    )
    path = project.path / "build/local/server.json"
    for folder in path.parents[:-1]:
        folder.chmod(folder.stat().st_mode | 0o055)
    is_root = os.geteuid() == 0
    other: Any = {"user": 65534, "group": 65534, "extra_groups": []} if is_root else {}
    said = subprocess.run(
        ["/usr/bin/env", "python3", "-I", "-c", code, str(path), f"{access.url}/{BUCKET}"],
        capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}, cwd="/", **other,
    )  # fmt: skip
    assert said.stdout.split("\n")[:2] == ["no file" if is_root else "file", "403"]


def test_a_server_in_its_place_is_not_taken_for_it(
    project: Project, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gets the port of one that ended does not get what goes there: it cannot prove that
    it has the secret."""
    monkeypatch.chdir(project.path)
    assert control.running() == access
    path = project.path / "build/local/server.json"
    text = path.read_text()
    local_access.write(
        path, Access(url=access.url, key=access.key, secret="s" * 40, pid=access.pid)
    )
    assert control.running() is None
    path.write_text(text)
    assert control.running() == access


PAGE = """<!doctype html><meta charset="utf-8"><body><script>
const SERVER = %(server)s, PATHS = %(paths)s, SIGNED = %(signed)s, said = {};
const waited = (made, name) => new Promise(done => {
  made.onload = () => done(said[name] = "loaded");
  made.onerror = () => done(said[name] = "refused");
  setTimeout(() => done(said[name] ??= "silent"), 4000);
});
async function fetched(name, url, options) {
  try {
    const answer = await fetch(url, options);
    said[name] = answer.type === "opaque" ? "opaque" : "read " + await answer.text();
  } catch (error) { said[name] = "refused"; }
}
async function element(kind, url) {
  const made = document.createElement(kind), done = waited(made, kind + " " + url);
  made.src = url;
  document.body.append(made);
  await done;
  if (kind === "iframe") {
    try { said[kind + " " + url] = "read " + made.contentDocument.body.innerText; }
    catch (error) { said[kind + " " + url] = "refused"; }
    if (made.contentDocument === null) said[kind + " " + url] = "refused";
  }
}
(async () => {
  for (const path of PATHS) {
    const url = SERVER + path;
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      await fetched(`${method} ${path}`, url, {method});
      await fetched(`with cookies ${method} ${path}`, url, {method, credentials: "include"});
    }
    for (const method of ["GET", "POST", "HEAD"])
      await fetched(`blind ${method} ${path}`, url, {method, mode: "no-cors"});
    for (const kind of ["script", "iframe"]) await element(kind, url);
    navigator.sendBeacon(url, "Action=CreateUser&UserName=beacon&Version=2010-05-08");
    const form = document.createElement("form"), frame = document.createElement("iframe");
    frame.name = "f" + Math.random();
    document.body.append(form, frame);
    Object.assign(form, {method: "post", action: url, target: frame.name});
    form.submit();
  }
  await fetched("signed", SIGNED, {});
  await new Promise(done => setTimeout(done, 1000));
  await fetch("/__seen", {method: "POST", body: JSON.stringify(said)});
})();
</script>"""


def test_a_real_page_of_another_origin_can_do_nothing(
    project: Project, access: Access, tmp_path: Path
) -> None:
    """In Chromium, by each way that a page has: nothing is read, nothing is changed."""
    s3 = client(access)
    named = {"Bucket": BUCKET, "Key": "a b/ü+1"}
    asked = {
        "server": json.dumps(access.url),
        "paths": json.dumps([f"/{BUCKET}", "/moto-api/reset", "/", "/doit-lambda-layer"]),
        "signed": json.dumps(s3.generate_presigned_url("get_object", named)),
    }
    log = project.path / "build/local/server.log"
    before = len(log.read_text())
    said = browser.told(tmp_path, PAGE % asked)
    assert len(said) > 50
    assert {each for each in said.values() if each not in ("refused", "opaque", "silent")} == set()
    assert said["signed"] == "refused"
    plain = re.sub(r"\\x1b\[\d*m", "", log.read_text()[before:])  # colors, made visible
    answered = re.findall(r'"(\w+ \S+) HTTP/1.1" (\d+)', plain)
    assert len(answered) > 50
    assert {status for _, status in answered} == {"403"}
    users = client(access, "iam").list_users()["Users"]
    assert "beacon" not in {each["UserName"] for each in users}
    assert s3.get_object(**named)["Body"].read() == b"mine"


# ---- its end ------------------------------------------------------------------------------------


def serving(folder: Path, **more: float) -> "tuple[subprocess.Popen[bytes], Access]":
    """A server of its own in an empty folder; `more`: seconds of its life."""
    folder.mkdir()
    said = "".join(f"server.{name} = {value};" for name, value in more.items())
    code = f"from tasks.local_aws import server; {said} server.main()"
    words = [sys.executable, "-c", code]
    environment = clean_environment() | {"PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    path = folder / "build/local/server.json"
    deadline = time.monotonic() + 60
    while (found := local_access.read(path)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found
    return process, found


def test_it_ends_with_its_checkout(tmp_path: Path) -> None:
    """Nobody could find it any more."""
    process, _ = serving(tmp_path / "gone", LOOK_SECONDS=0.1)
    assert process.poll() is None
    shutil.rmtree(tmp_path / "gone")
    assert process.wait(timeout=30) == 0


def test_it_ends_when_nobody_uses_it(tmp_path: Path) -> None:
    """A day is long; what asks keeps it alive, what is refused does not."""
    assert timedelta(seconds=server.IDLE_SECONDS) == timedelta(days=1)
    process, access = serving(tmp_path / "idle", LOOK_SECONDS=0.1, IDLE_SECONDS=3)
    begin = time.monotonic()
    while time.monotonic() - begin < 5:
        client(access).list_buckets()
        time.sleep(0.2)
    assert process.poll() is None
    while process.poll() is None and time.monotonic() - begin < 60:
        with suppress(OSError):
            ask(access)
        time.sleep(0.2)
    assert process.returncode == 0


def test_all_of_this_users_are_found_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two checkouts, one of them gone; here only these, since others of this user may work."""
    checkouts = [small(tmp_path / name) for name in ("one", "two")]
    for each in checkouts:
        assert each.doit("local-start").code == 0
    mine = {each.access().pid for each in checkouts}
    look = control.servers
    found = look()
    assert mine <= set(found)
    assert os.getpid() not in found
    (checkouts[1].path / "build").rename(tmp_path / "away")
    monkeypatch.setattr(control, "servers", lambda: sorted(mine))
    assert control.stop_all() == 2
    assert not mine & set(look())


def test_exports_for_a_shell_are_all_that_stdout_has(project: Project) -> None:
    """`eval "$(./doitw local-start format=env)"`; any SDK then speaks with it."""
    done = subprocess.run(
        [sys.executable, "-m", "tasks", "local-start", "format=env"], cwd=project.path,
        env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert all(line.startswith("export ") for line in done.stdout.splitlines())
    code = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    script = f'{done.stdout}\n{sys.executable} -c "{code}"'
    hostile = {"HTTP_PROXY": "http://127.0.0.1:9", "HOME": "/nowhere"}
    said = subprocess.run(
        ["/bin/sh", "-c", script], env=clean_environment() | hostile, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == BUCKET


def test_the_format_is_checked(project: Project) -> None:
    run = project.doit("local-start", "format=json")
    assert (run.code, "'json' is not a format" in run.output) == (3, True)


def test_signatures_of_sdks_and_of_hand_are_one(access: Access) -> None:
    """A query that AWS would spell otherwise is understood as AWS does."""
    asked = urlencode({"prefix": "a b/", "list-type": "2"})
    request = AWSRequest("GET", f"{access.url}/{BUCKET}?{asked}", headers={"host": access.host})
    SigV4Auth(Credentials(access.key, access.secret), "s3", REGION).add_auth(request)
    status, body, _ = ask(access, f"/{BUCKET}?{asked}", headers=dict(request.headers.items()))
    assert (status, b"<Key>" in body) == (200, True)
    old = AWSRequest("GET", f"{access.url}/{BUCKET}/new-one")
    HmacV1QueryAuth(Credentials(access.key, "other"), expires=60).add_auth(old)
    assert ask(access, str(old.url).removeprefix(access.url))[0] == 403
    assert signatures.is_same("a", "a")
    assert not signatures.is_same("a", "\xff")
    assert json.dumps(access.variables(REGION)).count(access.secret) == 1
