"""Which image a tag is: what is built in an image is kept under its digest.

The lock has the digest. Where it has none, the store here remembers what a tag was in the last
build. No other machine's memory of that counts: a tag moves, and entries of the team's store do
not.
"""

from ..settings import records
from ..settings.model import Settings
from ..settings.step_records import InstallRecord
from ..util import files
from ..util.errors import BuildError
from . import input_hash, installed

KIND = "images"  # of the store's entries


def find(settings: Settings, builder: str) -> str:
    """`name@sha256:…` without asking anybody. '' on the host, and for a tag nobody knows yet."""
    if builder == "host":
        return ""
    if said := input_hash.exact_image(settings):
        return said
    path = installed.store(settings).get(KIND, _key(settings))
    return path.read_text(encoding="utf-8") if path else ""


def remember(settings: Settings, used: str) -> str:
    """`used`: as the engine calls the image in which something was made. What it is called here."""
    if said := input_hash.exact_image(settings):
        return said
    if used:
        installed.store(settings).put_bytes(KIND, _key(settings), used.encode())
    return used


def _key(settings: Settings) -> str:
    return files.digest([settings.base_image, settings.architecture])


def refuse_other(settings: Settings, known: str, used: str) -> None:
    """BuildError where what was installed in image `known` would be worked on in another one."""
    now = remember(settings, used)
    if known not in ("", now):
        records.forget(settings, InstallRecord)
        raise BuildError(
            f"{settings.base_image} was another image when the packages were installed",
            fix="run `./doitw` again, which installs them in this one. `./doitw lock` writes the "
            "image's digest into the lock",
        )
