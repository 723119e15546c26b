"""An answer that was cut short is none. The SDK takes half of one for all of it: of half a list it
makes an empty one."""

from typing import Any


def insist(client: Any) -> None:
    """Let a boto3 client raise ConnectionClosedError (of botocore) for answers cut short."""
    client.meta.events.register("before-parse", _check)


def _check(operation_model: Any, response_dict: Any, **_: Any) -> None:
    from botocore.exceptions import ConnectionClosedError

    body, promised = response_dict["body"], response_dict["headers"].get("content-length")
    if operation_model.http["method"] == "HEAD" or not isinstance(body, bytes) or not promised:
        return  # streams are checked by whoever reads them
    if len(body) < int(promised):
        raise ConnectionClosedError(endpoint_url=operation_model.service_model.service_name)
