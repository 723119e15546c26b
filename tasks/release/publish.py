"""Publishing a layer version: one, whatever becomes of the answer.

A call that is made twice makes two versions, so the SDK's own retries are off. What AWS refused for
the moment is asked for again. Where the answer was lost, AWS may have done it, or be still at it:
then nobody asks again, it is looked for.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from time import sleep
from typing import Any

from ..aws.client import Aws
from ..aws.errors import broke, errors, is_busy
from ..util.errors import AwsError
from . import listing
from .listing import Listing
from .version import LayerVersion, from_response

PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds between two tries, and between two looks


def publish(aws: Aws, content: Mapping[str, str], description: str) -> dict[str, Any]:
    """Publish from S3. AWS's answer. `content`: S3Bucket, S3Key[, S3ObjectVersion].
    `description`: of this content alone. AwsError when there is no version, or none to be seen."""
    for pause in PAUSES:
        if answer := _try(aws, content, description, last=False):
            return answer
        sleep(pause)
    return _try(aws, content, description, last=True) or {}


def _try(
    aws: Aws, content: Mapping[str, str], description: str, *, last: bool
) -> dict[str, Any] | None:
    """AWS's answer. None when it may be asked again."""
    from botocore import exceptions as sdk

    with errors(f"publishing layer {aws.settings.layer}"):
        try:
            return _ask(aws, content, description)
        except sdk.ClientError as error:
            made = _made(aws, description) if broke(error.response) else None
            if not made and (last or not (is_busy(error.response) or broke(error.response))):
                raise
            return made
        except (sdk.EndpointConnectionError, sdk.ConnectTimeoutError):  # it was never sent
            if last:
                raise
            return None
        except (sdk.ConnectionClosedError, sdk.ReadTimeoutError) as error:
            return _looked_for(aws, description, str(error))


def _ask(aws: Aws, content: Mapping[str, str], description: str) -> dict[str, Any]:
    settings = aws.settings
    answer: dict[str, Any] = aws.client("lambda", once=True).publish_layer_version(
        LayerName=settings.layer,
        Description=description,
        Content=dict(content),
        CompatibleRuntimes=[f"python{settings.python}"],
        CompatibleArchitectures=[settings.architecture],
    )
    return answer


def _looked_for(aws: Aws, description: str, why: str) -> dict[str, Any]:
    """AWS's answer about the version, as soon as there is one. AwsError when it does not appear."""
    for pause in (0.0, *PAUSES):
        sleep(pause)
        if made := _made(aws, description):
            return made
    raise AwsError(
        f"publishing layer {aws.settings.layer}: AWS cannot be reached: its answer never came "
        f"({why}), and there is no such version so far. The zip is in S3, nothing else was changed",
        fix="run the command again in a minute: a version that has appeared by then is used",
    )


def _made(aws: Aws, description: str) -> dict[str, Any] | None:
    found = next((each for each in newest_first(aws) if each.description == description), None)
    return listing.described(aws, found.number) if found else None


def newest_first(aws: Aws) -> Iterator[LayerVersion]:
    """The layer's versions, with those that a list does not show yet. A list may be older than
    what was just published, so the numbers after its last one are asked for."""
    listed = Listing(aws)
    newest = next(iter(listed), None)
    yield from reversed(list(_after(aws, newest.number if newest else 0)))
    yield from listed


def _after(aws: Aws, number: int) -> Iterator[LayerVersion]:
    for each in count(number + 1):
        answer = listing.described(aws, each)
        if answer is None:
            return
        yield from_response(answer)
