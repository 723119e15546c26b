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
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from ..aws import sealed_session
from ..chalice_project import config
from ..settings import local_access, paths
from ..settings.local_access import Access, without_aws
from ..settings.model import LOCAL, Settings
from ..ui.console import say
from ..util import files
from ..util.errors import AwsError, InputError, LayerError
from . import kept_state
from .guard import OURS, URL
from .server import ADDRESS, KEEP
from .signatures import is_same

SERVER = f"{__package__}.server"
SERVERS = re.compile(r"(tasks|doit_lambda_layer)\.(local_aws\.server|clients\.local_server)")
LOG = paths.LOCAL_AWS / "server.log"
IDENTITY = paths.LOCAL_AWS / "identity.json"
MEMORY = "doit-lambda-layer-memory"  # a bucket; gone when the server forgot everything
START_SECONDS, END_SECONDS, KEEP_SECONDS = 60, 20, 120
PROC = Path("/proc")
GIVEN = re.compile(
    r"PATH|LD_LIBRARY_PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LC_\w+|TERM|NO_COLOR|PYTHONDONTWRITEBYTECODE"
    r"|(DOCKER|XDG|LAYER)_\w+"
)


def ensure(settings: Settings, environ: Mapping[str, str]) -> Access:
    """The server that the user names in LAYER_LOCAL_AWS, else ours, started when needed.

    Whatever a former server knew and this one does not is cleared from the project.
    """
    with _alone():
        access = known(environ) or _start(environ)
        if not _remembers(access):
            forget(settings)
        return access


def known(environ: Mapping[str, str]) -> Access | None:
    """The user's own server, or ours where it runs."""
    return local_access.of_others(environ) or running()


def running() -> Access | None:
    """Ours, when it answers as ours."""
    access = local_access.read(ADDRESS)
    return access if access and _asked(access) else None


def _asked(access: Access) -> dict[str, Any]:
    """What a server of ours says of itself: {"pid", "memory", "url"}. {} where none answers as
    ours, and shows that it has the key."""
    asking = access.asking(OURS)
    try:
        said = _question(access, asking)
        is_ours = is_same(said["proof"], access.proof(f"answer {asking.partition('?')[2]}"))
        told = {"memory": str(said["memory"]), "url": str(said.get("url", ""))}
        return {"pid": int(said["pid"]), **told} if is_ours else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _question(access: Access, asking: str) -> Any:
    """Without urllib, which reads all certificates of the machine first, and may ask a proxy.
    OSError, ValueError."""
    from http.client import HTTPConnection, HTTPException

    try:
        with closing(HTTPConnection(access.host, timeout=5)) as connection:
            connection.request("GET", asking.removeprefix(access.url))
            return json.load(connection.getresponse())
    except HTTPException as error:
        raise OSError(str(error)) from None


def app_url() -> str:
    """Where the app's routes are served on this machine. '' where nobody has asked for that."""
    access = local_access.read(ADDRESS)
    return str(_asked(access).get("url", "")) if access else ""


def open_app_url(access: Access, port: int) -> str:
    """The same, served from now on. InputError where the port is taken. AwsError for a server that
    is not this tool's."""
    if not access.pid:
        fix = f"leave {local_access.OTHERS} unset: then the tool's own is used"
        raise AwsError(
            f"the server at {access.url} is not this tool's emulator and serves no apps", fix=fix
        )
    try:
        told = _question(access, access.asking(f"{URL}{port}"))
        if "url" in told:
            return str(told["url"])
        fix = "choose another: port=NUMBER, or none for a free one"
        raise InputError(f"port {port} cannot be served: {told['refused']}", fix=fix)
    except (OSError, ValueError, KeyError, TypeError):
        problem = f"the server at {access.url} serves no apps, it is of another version"
        raise AwsError(problem, fix="./doitw local-stop, then ./doitw deploy stage=local") from None


@contextmanager
def _alone() -> Iterator[None]:
    """Two commands at once must not start two servers."""
    paths.LOCAL_AWS.mkdir(parents=True, exist_ok=True)
    with (paths.LOCAL_AWS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(environ: Mapping[str, str]) -> Access:
    """With the variables that it needs: others would change moto, which reads some of any name, or
    lead its functions to an AWS."""
    ADDRESS.unlink(missing_ok=True)
    around = {k: v for k, v in without_aws(environ).items() if GIVEN.fullmatch(k)}
    LOG.touch()
    LOG.chmod(0o600)  # it has signed addresses
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", SERVER], env=around,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if access := running():
            say(f"emulator started at {access.url} (./doitw local-stop ends it)")
            if refusal := kept_state.refusal():
                say(f"warning: {refusal}")
            return access
        time.sleep(0.05)
    process.kill()
    last = (LOG.read_text(errors="replace").strip().splitlines() or ["it logged nothing"])[-1]
    raise AwsError(
        f"the emulator did not start: {last[-300:]}",
        fix=f"read {LOG}, then run the command again",
    )


def _remembers(access: Access) -> bool:
    """Is this the server, with the memory, that the project's local records speak of?"""
    identity = _asked(access).get("memory") or _by_bucket(access)
    known = files.read_record(IDENTITY) == {"identity": identity}
    files.write_record(IDENTITY, {"identity": identity})
    return known


def _by_bucket(access: Access) -> str:
    """Of a server of others, which knows no question of ours."""
    from botocore.exceptions import BotoCoreError

    try:
        return _identity(sealed_session.make(access, "us-east-1").create_client("s3"))
    except BotoCoreError as error:
        fix = f"start it, or leave {local_access.OTHERS} unset"
        raise AwsError(f"no AWS answers at {access.url}: {error}", fix=fix) from None


def _identity(s3: Any) -> str:
    """The server's. It gets one when it has none, and of two that give it one the first's."""
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
        say("a new emulator: what the last one knew is cleared (local records and ARNs)")


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


def stop(*, keep: bool = False) -> bool:
    """End our server. False when none runs. Waits until it is gone. `keep`: the next one holds what
    it held."""
    access = running()
    if access:
        end(access.pid, keep=keep)
    ADDRESS.unlink(missing_ok=True)
    if not keep:
        kept_state.forget()
    elif access and not kept_state.sentences():
        raise AwsError("nothing was kept", fix=f"the last lines of {LOG} say why")
    return access is not None


def stop_all(*, keep: bool = False) -> int:
    """End every one of this user's, whichever checkout it belongs to. How many there were."""
    found = servers()
    for pid in found:
        end(pid, keep=keep)
    return len(found)


def servers() -> list[int]:
    """Process numbers of all emulators of this user."""
    words = ["ps", "-x", "-o", "pid=", "-o", "uid=", "-o", "args="]
    if PROC.is_dir():  # not every Linux has `ps`
        listed = [_of_proc(each) for each in PROC.glob("[0-9]*")]
    else:
        asked = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        listed = [line.split() for line in asked.stdout.splitlines()]
    mine = str(os.getuid())
    return [int(pid) for pid, uid, *argv in filter(None, listed) if uid == mine and _serves(argv)]


def _serves(argv: list[str]) -> bool:
    """`python -m tasks.local_aws.server`: the checkout's, the wheel's, those of older versions."""
    return argv[1:2] == ["-m"] and bool(SERVERS.fullmatch("".join(argv[2:3])))


def _of_proc(folder: Path) -> list[str]:
    """[pid, uid, *argv]. [] for one that has ended."""
    try:
        argv = (folder / "cmdline").read_text(errors="replace").split("\0")
        return [folder.name, str(folder.stat().st_uid), *argv]
    except OSError:
        return []


def end(pid: int, *, keep: bool = False) -> None:
    """And wait for it. A server that does not listen to a word is killed."""
    deadline = time.monotonic() + (KEEP_SECONDS if keep else END_SECONDS)
    with suppress(ProcessLookupError):
        os.kill(pid, KEEP if keep else signal.SIGTERM)
        while not _is_dead(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


def _is_dead(pid: int) -> bool:
    """A zombie is: its parent has yet to ask."""
    os.kill(pid, 0)
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
