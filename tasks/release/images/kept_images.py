"""Which images may go: an image that a function is made of must stay, or that function fails."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...aws.client import Aws
from ...aws.errors import errors
from ...image import ecr
from ...image.assemble import tag_of
from ...settings import s3_keys
from ...ui.console import say, size
from ...util.errors import AwsError
from ..stage import store
from ..undo import attempt
from . import pin, stage_images
from .parts import repository
from .releases import ImageRelease, announced, forget, forget_announced, releases

AGE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class ImageFate:
    """`kept`: why it stays. None means that it goes."""

    release: ImageRelease
    kept: Sequence[str]


def fates(aws: Aws, keep: int) -> list[ImageFate]:
    """Newest first, of those that were pushed from here. `keep`: the newest of each stage that stay
    anyway."""
    uses, found = _uses(aws), releases(aws)
    newest = _newest(stage_images.everybodys(aws), [each.digest for each in found], keep)
    return [
        ImageFate(
            release=each,
            kept=[
                *([f"one of the newest {keep}"] * (each.digest in newest)),
                *uses.get(each.digest, ()),
            ],
        )
        for each in found
    ]


def _newest(stages: Iterable[Sequence[str]], pushed: Sequence[str], keep: int) -> set[str]:
    """Of each stage, and of those that no stage ran. `pushed`: newest first."""
    ran = [[*dict.fromkeys(reversed(each))] for each in stages]
    known = {each for images in ran for each in images}
    others = [each for each in pushed if each not in known]
    return {each for images in (*ran, others) for each in images[:keep]}


def _uses(aws: Aws) -> dict[str, list[str]]:
    """{digest: who}. AwsError where that cannot be seen: then nothing may go."""
    found: dict[str, list[str]] = defaultdict(list)
    for digest, who in (*_functions(aws), *_pins(aws), *_undos(aws)):
        found[digest].append(who)
    return found


def _functions(aws: Aws) -> Iterator[tuple[str, str]]:
    """Of every function of the region, and of its published versions."""
    pages = aws.client("lambda").get_paginator("list_functions")
    with errors("listing the functions"):
        for page in pages.paginate(FunctionVersion="ALL"):
            for each in page["Functions"]:
                if each.get("PackageType") == "Image":
                    yield f"sha256:{each['CodeSha256']}", f"function {each['FunctionName']}"


def _pins(aws: Aws) -> Iterator[tuple[str, str]]:
    for digest, stage in pin.everybodys(aws):
        yield digest, f"pin of stage {stage}"


def _undos(aws: Aws) -> Iterator[tuple[str, str]]:
    """What `undo` of any app's last change goes back to."""
    for stage, text in store.everybodys(aws, s3_keys.ATTEMPT):
        found = attempt.from_json(text)
        if found and found.before and found.before.image:
            yield f"sha256:{found.before.image.rpartition(':')[2]}", f"undo of stage {stage}"


@dataclass(frozen=True, kw_only=True)
class Unnoted:
    """Digests of images that S3 has no note of. `ours`: of pushes from here that were killed.
    `others`: another bucket's stages may run them, or go back to them. They stay."""

    ours: Sequence[str]
    others: Sequence[str]


def unnoted(aws: Aws) -> Unnoted:
    """None younger than a day, which a run may be about to note."""
    known = {each.digest for each in releases(aws)} | {*_uses(aws)}
    pushed_before, here = datetime.now(UTC) - AGE, announced(aws)
    found = [
        digest
        for each in ecr.images(aws, repository(aws.settings))
        if (digest := str(each["imageDigest"])) not in known
        and each["imagePushedAt"] <= pushed_before
        and tag_of(digest) in each["imageTags"]
    ]
    return Unnoted(
        ours=[each for each in found if each in here],
        others=[each for each in found if each not in here],
    )


def delete_strays(aws: Aws, digests: Iterable[str]) -> None:
    for each in digests:
        _delete(aws, each, f"image {each}")
        forget_announced(aws, each)
        say(f"image {each}: deleted")


def _delete(aws: Aws, digest: str, named: str) -> None:
    with errors(f"deleting {named}"):
        answer = aws.client("ecr").batch_delete_image(
            repositoryName=repository(aws.settings), imageIds=[{"imageDigest": digest}]
        )
    wrong = [x for x in answer["failures"] if x["failureCode"] != "ImageNotFound"]
    if wrong:
        problem = f"ECR keeps {named}: {wrong[0]['failureReason']}"
        raise AwsError(problem, fix="see what ECR says above, then run the command again")


def delete(aws: Aws, going: Sequence[ImageRelease]) -> None:
    """The image first: a run that was stopped still knows it by what S3 keeps. Not one that another
    stage has taken meanwhile, which has another lock."""
    uses = _uses(aws)
    for each in going:
        if each.digest in uses:
            say(f"{each} stays: {', '.join(uses[each.digest])}")
            continue
        _delete(aws, each.digest, str(each))
        forget(aws, each)
        say(f"{each}: deleted, {size(each.unpacked)} unpacked")
