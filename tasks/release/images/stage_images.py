"""The images that a stage ran, in order, as S3 keeps them beside its state.

Stages share a repository, and the app is in the image. So another stage's numbers lie between.
"""

from collections.abc import Collection, Sequence

from ...aws import s3
from ...aws.client import Aws
from ...settings import s3_keys
from ...util import files, typed_json
from ..stage import store

MOST = 200  # digests of a stage that are kept


def read(aws: Aws) -> list[str]:
    """Digests, the newest last."""
    return _listed(s3.get_bytes(aws, _key(aws)))


def everybodys(aws: Aws) -> list[list[str]]:
    """Those of every app and stage in the bucket."""
    return [_listed(text) for _, text in store.everybodys(aws, s3_keys.IMAGES_RUN)]


def note_deploy(aws: Aws, digest: str) -> None:
    """The stage runs it from now on. One that it ran earlier is there once more."""
    ran = read(aws)
    if ran[-1:] != [digest]:
        _write(aws, [*ran, digest])


def note_return(aws: Aws, digest: str) -> None:
    """The stage went back to it: what it ran since then counts no more."""
    ran = read(aws)
    known = _last(ran, digest)
    _write(aws, ran[: known + 1] if known >= 0 else [*ran, digest])


def before(ran: Sequence[str], runs: Collection[str]) -> str:
    """What the stage ran before, '' for nothing. `runs`: what its functions are made of now. A run
    that was killed may not have noted that. Or it has given only some of them another one: then
    what all of them ran is the last that is noted."""
    if len(runs) != 1:
        return next(reversed(ran), "")
    (digest,) = runs
    known = _last(ran, digest)
    earlier = ran[:known] if known >= 0 else ran
    return next((each for each in reversed(earlier) if each != digest), "")


def _last(ran: Sequence[str], digest: str) -> int:
    return max((at for at, each in enumerate(ran) if each == digest), default=-1)


def _listed(text: bytes | None) -> list[str]:
    return [str(each) for each in typed_json.parsed(text).get("images", [])]


def _write(aws: Aws, ran: Sequence[str]) -> None:
    s3.put_bytes(aws, _key(aws), files.canonical({"images": [*ran[-MOST:]]}))


def _key(aws: Aws) -> str:
    return store.key(aws.settings, s3_keys.IMAGES_RUN)
