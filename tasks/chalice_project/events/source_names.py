"""Names of the buckets, queues, topics and streams that send the app events: does AWS take them?

Rules: AWS's pages "General purpose bucket naming rules", "Quotas" of SQS, SNS and Kinesis.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

_BUCKET = r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)"
_BUCKET += r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
# {kind: (what a name is, in words)}
RULES = {
    "bucket": (
        _BUCKET,
        "3 to 63 lower-case letters, digits, hyphens and dots, and begins and ends with a letter "
        "or a digit",
    ),
    "queue": (
        r"[\w-]{1,80}|[\w-]{1,75}\.fifo",
        "up to 80 letters, digits, hyphens and underscores",
    ),
    "topic": (
        r"arn:.*|[\w-]{1,256}|[\w-]{1,251}\.fifo",
        "up to 256 letters, digits, hyphens and underscores",
    ),
    "stream": (r"[\w.-]{1,128}", "up to 128 letters, digits, hyphens, underscores and dots"),
}
_OLD_BUCKET = re.compile(r"[\w.-]{3,255}", re.A)  # in us-east-1, made before March 2018
OLD_REGION = "us-east-1"


def refusals(sources: Iterable[Sequence[str]], region: str) -> Iterator[str]:
    """`sources`: (function, kind, name). `region`: '' for the emulator's, where none is old."""
    for function, kind, name in sources:
        pattern, words = RULES[kind]
        is_old = kind == "bucket" and region == OLD_REGION and _OLD_BUCKET.fullmatch(name)
        if not (is_old or re.fullmatch(pattern, name, re.A)):
            yield f"function {function}: {name!r} is no name of a {kind}. Such a name has {words}"
