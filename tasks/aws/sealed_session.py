"""An SDK session for the emulator: where it is and who asks stands in the code. No variable, no
file below ~/.aws and no proxy says otherwise, also when they change while it is used.
"""

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from ..settings.local_access import Access


def make(access: Access, region: str) -> Any:
    """A botocore session (Any: it has no types), for boto3 and Chalice alike."""
    from botocore.config import Config
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES
    from botocore.configprovider import ConstantProvider
    from botocore.session import Session

    class Sealed(Session):
        def create_client(self, service_name: str, *arguments: Any, **named: Any) -> Any:
            """Whatever else is asked for, it goes to the one address."""
            config = named.pop("config", None) or Config()
            named |= {"region_name": region, "endpoint_url": access.url}
            named |= {"aws_access_key_id": access.key, "aws_secret_access_key": access.secret}
            named |= {"config": config.merge(Config(proxies={}))}
            return super().create_client(service_name, **named)

    sealed = Sealed()
    said = {name: default for name, (_, _, default, _) in VARIABLES.items()}
    said |= dict.fromkeys(("config_file", "credentials_file"), os.devnull)
    said |= {"region": region, "s3": {}, "proxies_config": None}
    said |= {"disable_host_prefix_injection": True}  # sync-127.0.0.1 is nowhere
    for name, value in said.items():
        provider = ConstantProvider(value)
        sealed.get_component("config_store").set_config_provider(name, provider)
    sealed.register_component("data_loader", _models())
    sealed.set_credentials(access.key, access.secret)
    return sealed


def read_ahead(services: Iterable[str]) -> None:
    """Read what the SDK needs for clients of these, for the first one of each."""
    nowhere = make(Access(url="http://127.0.0.1"), "us-east-1")
    for service in services:
        nowhere.create_client(service)


@cache
def _models() -> Any:
    """AWS's own descriptions of its services, read once. Nothing of ~/.aws/models."""
    from botocore.loaders import Loader

    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
