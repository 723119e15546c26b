"""stage=local's AWS: found or started, its lost memory noticed, stopped."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from ..chalice_project import config
from ..settings import paths
from ..settings.model import LOCAL, Settings
from ..ui.console import say
from ..util import files
from ..util.errors import AwsError, LayerError
from .server import ADDRESS, QUESTION

LOG = paths.LOCAL_AWS / "server.log"
IDENTITY = paths.LOCAL_AWS / "identity.json"
MEMORY = "doit-lambda-layer-memory"  # a bucket; gone when the server forgot everything
START_SECONDS = 60
# The embedded AWS asks for some; these open nothing anywhere.
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


def environment(endpoint: str, settings: Settings) -> dict[str, str]:
    """Variables that send any AWS SDK to the embedded AWS."""
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": settings.region, **KEYS}


def ensure(settings: Settings, environ: dict[str, str]) -> str:
    """The endpoint's URL: the one in AWS_ENDPOINT_URL, else our server, started when needed.

    Whatever a former server knew and this one does not is cleared from the project.
    """
    with _alone():
        url = environ.get("AWS_ENDPOINT_URL") or running() or _start()
        if _remembers(url, settings):
            return url
        forget(settings)
        return url


def running() -> str | None:
    """The URL of our server, when it answers as ours."""
    address = files.read_record(ADDRESS) or {}
    return address["url"] if address and _pid(address["url"]) == address["pid"] else None


def _pid(url: str) -> int | None:
    return _asked(url).get("pid")


def _asked(url: str) -> dict[str, Any]:
    """What a server of ours says of itself: {"pid", "memory"}; {} where none answers as ours.
    Without urllib, which reads all certificates of the machine first, and may ask a proxy."""
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    try:
        with closing(HTTPConnection(urlsplit(url).netloc, timeout=5)) as asking:
            asking.request("GET", QUESTION)
            said = json.load(asking.getresponse())
        return {"pid": int(said["pid"]), "memory": str(said["memory"])}
    except (OSError, ValueError, KeyError, TypeError, HTTPException):
        return {}


@contextmanager
def _alone() -> Iterator[None]:
    """Two commands at once must not start two servers."""
    paths.LOCAL_AWS.mkdir(parents=True, exist_ok=True)
    with (paths.LOCAL_AWS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start() -> str:
    ADDRESS.unlink(missing_ok=True)
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.server"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if url := running():
            say(f"embedded AWS started at {url} (./doitw local-stop ends it)")
            return url
        time.sleep(0.05)
    process.kill()
    raise AwsError(f"the embedded AWS did not start; its log is {LOG}", fix="read its last lines")


def _remembers(url: str, settings: Settings) -> bool:
    """Is this the server, with the memory, that the project's local records speak of?"""
    identity = _asked(url).get("memory") or _by_bucket(url)
    known = files.read_record(IDENTITY) == {"identity": identity}
    files.write_record(IDENTITY, {"identity": identity})
    return known


def _by_bucket(url: str) -> str:
    """Of a server of others in $AWS_ENDPOINT_URL, which knows no question of ours."""
    from boto3.session import Session
    from botocore.exceptions import BotoCoreError

    session = Session(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], None, "us-east-1")
    try:
        return _identity(session.client("s3", endpoint_url=url))
    except BotoCoreError as error:
        fix = "start it, or leave AWS_ENDPOINT_URL unset"
        raise AwsError(f"no AWS answers at {url}: {error}", fix=fix) from None


def _identity(s3: Any) -> str:
    """The server's; it gets one when it has none, and of two that give it one the first's."""
    where = {"Bucket": MEMORY, "Key": "identity"}
    with suppress(s3.exceptions.NoSuchBucket, s3.exceptions.NoSuchKey):
        return str(s3.get_object(**where)["Body"].read().decode())
    with suppress(s3.exceptions.ClientError):  # another's, in the same moment
        s3.create_bucket(Bucket=MEMORY)
    with suppress(s3.exceptions.ClientError):
        s3.put_object(**where, Body=uuid.uuid4().hex.encode(), IfNoneMatch="*")
    return str(s3.get_object(**where)["Body"].read().decode())


def forget(settings: Settings) -> None:
    """Clear what only a former server knew: local records, deployed state, local ARNs."""
    gone = [*paths.BUILD.glob(f"*/*/{LOCAL}.json"), paths.DEPLOYED / f"{LOCAL}.json"]
    cleared = [path for path in gone if path.exists()]
    for path in cleared:
        path.unlink()
    if _clear_config() or cleared:
        say("a new embedded AWS: what the last one knew is cleared (local records and ARNs)")


def _clear_config() -> bool:
    try:
        layers = config.layers(paths.CHALICE_CONFIG, LOCAL)
    except LayerError:
        return False  # preflight says what is wrong with it
    kept = [arn for arn in layers if not re.search(r":123456789012:layer:", arn)]
    if kept == layers:
        return False
    config.write_layers(paths.CHALICE_CONFIG, LOCAL, kept)
    return True


def stop() -> bool:
    """End our server; False when none runs. Waits until it is gone."""
    address = files.read_record(ADDRESS) or {}
    if not running():
        ADDRESS.unlink(missing_ok=True)
        return False
    os.kill(address["pid"], signal.SIGTERM)
    while Path(f"/proc/{address['pid']}").exists() and _pid(address["url"]) is not None:
        time.sleep(0.05)
    ADDRESS.unlink(missing_ok=True)
    return True
