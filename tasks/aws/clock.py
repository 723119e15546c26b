"""AWS's clock and its regions, without credentials."""

import os
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ..settings.model import Settings
from .errors import errors


def now(settings: Settings) -> datetime | None:
    """What time it is by AWS: any answer has its date, so a refusal, too.

    Asked with keys that are none: a wrong clock spoils every signature, and there may be no
    credentials. AwsError when AWS cannot be reached.
    """
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import ClientError

    asking = Config(connect_timeout=10, retries={"total_max_attempts": 2})
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or None
    with errors("asking AWS what time it is"):
        session: Any = Session("none", "none")
        sts = session.client(
            "sts", region_name=settings.region, config=asking, endpoint_url=endpoint
        )
        try:
            answer = sts.get_caller_identity()
        except ClientError as error:
            answer = error.response
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else None


def regions() -> set[str]:
    """Those with Lambda, as this boto3 knows them."""
    from boto3.session import Session

    session = Session()
    partitions = session.get_available_partitions()
    return {name for each in partitions for name in session.get_available_regions("lambda", each)}
