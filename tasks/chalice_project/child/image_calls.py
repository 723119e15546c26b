"""Chalice deploys functions of zips. Here its three calls about them speak of an image instead. All
else (routes, events, permissions) does not depend on what a function is made of.

A function's handler becomes the command of its image. Runtime and layers are the image's own.
"""

from collections.abc import Callable
from typing import Any

OF_ZIPS = ("Runtime", "Handler", "Layers")  # which AWS refuses beside an image
Parameters = dict[str, Any]


def apply(uri: str) -> None:
    """Change Chalice's sessions in this process. `uri`: the image's, by digest."""
    from chalice.cli import factory

    make = factory.create_botocore_session

    def adorned(*arguments: Any, **named: Any) -> Any:
        session: Any = make(*arguments, **named)
        for operation, rewrite in REWRITES.items():
            session.register(
                f"provide-client-params.lambda.{operation}",
                lambda params, rewrite=rewrite, **_: rewrite(params, uri),
            )
        return session

    factory.create_botocore_session = adorned


def created(params: Parameters, uri: str) -> Parameters:
    """A new dictionary each: Chalice looks at its own again when AWS refuses."""
    handler = {"ImageConfig": {"Command": [params["Handler"]]}}
    return _bare(params) | handler | {"PackageType": "Image", "Code": {"ImageUri": uri}}


def coded(params: Parameters, uri: str) -> Parameters:
    kept = {name: value for name, value in params.items() if name != "ZipFile"}
    return kept | {"ImageUri": uri}


def configured(params: Parameters, uri: str) -> Parameters:
    return _bare(params)


def _bare(params: Parameters) -> Parameters:
    return {name: value for name, value in params.items() if name not in OF_ZIPS}


REWRITES: dict[str, Callable[[Parameters, str], Parameters]] = {
    "CreateFunction": created,
    "UpdateFunctionCode": coded,
    "UpdateFunctionConfiguration": configured,
}
