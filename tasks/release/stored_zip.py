"""A zip of ours that comes back from S3, looked at before it is published again.

Who may write the bucket could have laid another there, with a manifest that fits: no test of this
machine's stands behind it. So what needs no sandbox is looked at once more.
"""

import stat
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from ..layer.archive import secret_scan
from ..settings.model import LAMBDA_LIMIT, Settings
from ..util import files
from ..util.errors import VerifyError
from .manifest import Manifest

FIX = "check who writes to the bucket. A deploy of the version's requirements builds it again"
LISTED = 10  # in one message


def check_manifest(made: Manifest) -> None:
    """VerifyError when it speaks of other inputs than it has: this tool wrote no such one."""
    if not made.is_consistent:
        raise _refused(made, ["its manifest speaks of other inputs than it has"])


def check_stored_zip(settings: Settings, layer: Path, made: Manifest) -> None:
    """VerifyError when the zip is not what its manifest says, holds what no layer of ours does, or
    would give away credentials."""
    try:
        wrong = _wrong(layer, made)
        if not wrong:
            secret_scan.refuse_secrets(settings, layer, [], {})
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        wrong = [f"it cannot be read: {error}"]
    if wrong:
        raise _refused(made, wrong)


def _refused(made: Manifest, wrong: list[str]) -> VerifyError:
    lines = "\n".join(wrong[:LISTED])
    return VerifyError(f"the zip of {made.built} in S3 is not published:\n{lines}", fix=FIX)


def _wrong(layer: Path, made: Manifest) -> list[str]:
    """Each as a sentence."""
    if files.file_digest(layer) != made.sha256:
        return ["it holds other bytes than its manifest says"]
    with zipfile.ZipFile(layer) as archive:
        members = archive.infolist()
    unzipped = sum(each.file_size for each in members)
    if unzipped != made.unzipped or unzipped > LAMBDA_LIMIT:
        return [f"it takes {unzipped} bytes unzipped, its manifest says {made.unzipped}"]
    counted = Counter(each.filename for each in members)
    twice = [f"{name!a}: is there twice" for name, count in counted.items() if count > 1]
    return [*files.unholdable(counted), *twice, *filter(None, map(_strange, members))]


def _strange(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if not member.filename.startswith("python/") or member.is_dir():
        return f"{member.filename!a}: is no file below python/"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or mode & (stat.S_ISUID | stat.S_ISGID):
        return f"{member.filename!a}: is no plain file"
    return ""
