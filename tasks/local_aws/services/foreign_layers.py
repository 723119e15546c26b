"""Layers of other accounts, which a function may name and the emulator cannot fetch: an empty
one stands in the place of each, under its own ARN. A layer of the account here is there, or is not.
"""

import base64
from typing import Any

from ...aws.arn import LAYER_ARN, layer_of, number_of

EMPTY = base64.b64encode(b"PK\x05\x06" + bytes(18)).decode()  # a zip of no file


def apply() -> None:
    from moto.awslambda.models import LambdaBackend

    get, find = LambdaBackend.get_layer_version, LambdaBackend.layers_versions_by_arn

    def got(self: Any, layer_name: str, layer_version: str) -> Any:
        """A whole ARN may stand in the name's place."""
        return _stands_for(self, f"{layer_name}:{layer_version}") or get(
            self, layer_name, layer_version
        )

    def found(self: Any, arn: str) -> Any:
        return _stands_for(self, arn) or find(self, arn)

    setattr(LambdaBackend, "get_layer_version", got)  # noqa: B010 - mypy refuses the plain form
    setattr(LambdaBackend, "layers_versions_by_arn", found)  # noqa: B010 - mypy refuses the plain form


def _stands_for(backend: Any, arn: str) -> Any:
    """None for a layer of the account here, and for what is no version's ARN."""
    from moto.awslambda.models import Layer, LayerVersion, lambda_backends

    named = LAYER_ARN.fullmatch(arn)
    if named is None or named["account"] == backend.account_id:
        return None
    theirs = lambda_backends[named["account"]][named["region"]]._layers._layers
    name, number = layer_of(arn).rpartition(":")[2], str(number_of(arn))
    if name not in theirs or number not in theirs[name].layer_versions:
        spec = {"LayerName": name, "Content": {"ZipFile": EMPTY}}
        version: Any = LayerVersion  # mypy takes it for abstract
        made = version(spec, named["account"], named["region"])
        layer = theirs.setdefault(name, Layer(made))
        made.attach(layer, int(number))
        layer.layer_versions[number] = made
    return theirs[name].layer_versions[number]
