"""Which account and region this machine's AWS configuration leads to, where it leads anywhere."""

SECONDS = 5  # to wait for an answer


def account_and_region() -> tuple[str, str]:
    """Each '' where nothing says it: `init` proposes names, and must work without AWS."""
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(
        connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1}
    )
    region = ""
    try:
        session = Session()
        region = session.region_name or ""
        sts = session.client("sts", region_name=region or "us-east-1", config=config)
        return str(sts.get_caller_identity()["Account"]), region
    except (BotoCoreError, ClientError):
        return "", region
