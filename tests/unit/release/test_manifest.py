"""tasks/release/manifest.py: what a layer version holds and what it was made from."""

import json
from typing import Any

import pytest

from tasks.release import manifest
from tasks.release.manifest import Manifest
from tasks.settings.model import Settings
from tasks.settings.step_records import InstallRecord, VerifyRecord, ZipRecord
from tasks.util.version import VERSION
from tests import made_records

PACKED: dict[str, Any] = {
    "input": "a" * 64, "sha256": "b" * 64, "inputs": {"image": "public.ecr.aws/x"},
    "bytes": 30, "unzipped": 100, "files": 7, "built": "20250102-030405",
}  # fmt: skip
INSTALLED = made_records.made(
    InstallRecord, builder="builder:1", bytes=200, image="public.ecr.aws/x@sha256:1",
    distributions=[made_records.distribution("six", "1.17.0")],
)  # fmt: skip
VERIFIED = made_records.made(VerifyRecord, packages={"six": 90, "bin": 10})
GIT = {"commit": "c" * 40, "dirty": True}


def made(**settings: Any) -> Manifest:
    return manifest.make_manifest(
        Settings(**settings), ZipRecord(**PACKED), INSTALLED, VERIFIED, GIT
    )


def test_it_says_what_is_in_the_layer() -> None:
    """Versions and sizes; what no distribution owns apart."""
    found = made()
    [six] = found.distributions
    assert (six.name, six.version, six.direct, six.bytes) == ("six", "1.17.0", True, 90)
    assert found.others == {"bin": 10}
    assert found.packages == {"six": 90, "bin": 10}
    assert (found.bytes, found.unzipped, found.installed, found.files) == (30, 100, 200, 7)


def test_it_says_what_the_layer_was_made_from() -> None:
    """Hashes, image, settings as they are written, our version, the commit."""
    found = made(rules_off=("docs",), recipes=("googleapiclient",))
    assert (found.input, found.sha256) == ("a" * 64, "b" * 64)
    assert found.image == "public.ecr.aws/x"
    assert found.settings["rules-off"] == ("docs",)
    assert found.settings["recipes"] == ("googleapiclient",)
    assert found.digest == "public.ecr.aws/x@sha256:1"
    assert (found.tool, found.git, found.built) == (VERSION, GIT, "20250102-030405")


def test_no_account_and_no_place_is_in_it() -> None:
    """It may be shown to anybody."""
    assert not {"bucket", "region", "stage"} & made().settings.keys()


def test_it_is_read_as_it_was_written() -> None:
    """Lists come back as lists; a field of a newer version is passed over."""
    text = manifest.to_json(made(drop=("x",)))
    found = manifest.from_json(text)
    assert found is not None
    assert manifest.to_json(found) == text
    newer = json.dumps(json.loads(text) | {"colour": "red"}).encode()
    assert manifest.from_json(newer) == found


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'"x"', b'{"format": "other/9"}', b"\xff"])
def test_what_is_none_of_ours_is_none(text: bytes) -> None:
    """Not an error: who looks at history goes on."""
    assert manifest.from_json(text) is None


@pytest.mark.parametrize("field", ["sha256", "distributions", "built"])
def test_half_of_one_is_none(field: str) -> None:
    """A field that must be there."""
    told = json.loads(manifest.to_json(made()))
    del told[field]
    assert manifest.from_json(json.dumps(told).encode()) is None
