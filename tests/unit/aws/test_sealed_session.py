"""tasks/aws/sealed_session.py: nothing but the code says where the emulator is."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tasks.aws import sealed_session
from tasks.settings.local_access import Access
from tests import hostile_surroundings

ACCESS = Access(url="http://127.0.0.1:9", key="LKIA", secret="s")  # noqa: S106


def test_no_variable_file_or_proxy_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is made and after; through boto3 as through botocore; whatever the caller asks."""
    with hostile_surroundings.listening() as sink:
        session: Any = sealed_session.make(ACCESS, "eu-west-1")
        for name, value in hostile_surroundings.variables(sink, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        later: Any = sealed_session.make(ACCESS, "eu-west-1")
        for each in (session, later):
            boto: Any = boto3.session.Session(botocore_session=each)
            client = boto.client("s3", region_name="x", config=Config(connect_timeout=1))
            for made in (client, each.create_client("lambda", endpoint_url=sink.url)):
                assert made.meta.endpoint_url == ACCESS.url
                assert made.meta.region_name == "eu-west-1"
                assert made.meta.config.proxies == {}
            url = client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"})
            assert url.startswith(f"{ACCESS.url}/b/k?")
            assert ACCESS.key in url
        assert sink.heard == []
