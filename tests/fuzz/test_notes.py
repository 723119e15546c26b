"""What other machines, other versions of this tool or somebody's hand left in S3 and in build/."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.aws import arn
from tasks.release import manifest, version
from tasks.release.stage import lease, rollback_pin
from tasks.util import files
from tests.reliability_counts import answer

ROW = "notes in S3"
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats()
FIELDS = st.sampled_from(
    ["owner", "token", "since", "until", "released", "arns", "by", "at", "reason", "inputs",
     "lifted", "layer", "built", "distributions", "format"]
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=8,
)
BYTES = st.binary(max_size=30) | VALUES.map(lambda value: json.dumps(value).encode())
LOCK = {"owner": "a@b", "token": "t", "since": 1.0, "until": 2.0}
MANIFEST = json.loads(
    manifest.to_json(
        manifest.Manifest(
            layer="deps", python="3.12", architecture="x86_64", image="", builder="host",
            input="i", sha256="s", inputs={"python": "3.12"}, bytes=1, unzipped=2, installed=3,
            files=4, distributions=[manifest.ManifestEntry(name="six", version="1", direct=True,
            bytes=2)], others={"x": 1}, settings={"keep": []}, tool="0", git={"commit": "1a",
            "dirty": False}, built="20250102-030405",
        )
    )
)  # fmt: skip
PIN = {"arns": ["a"], "by": "a@b", "at": "now", "reason": "r", "inputs": ["i"]}


def spoken(read: Callable[[bytes], object], data: bytes) -> None:
    """Read, and said to a person."""
    answer(ROW, lambda: str(read(data)))


@given(BYTES, st.sampled_from(sorted(LOCK)), VALUES)
@example(b"[" * 100_000, "owner", 0)
@example(b"\xff", "until", "soon")
@example(b"{}", "since", 10**30)
@example(b"{}", "until", None)
def test_locks_and_pins(data: bytes, changed: str, value: object) -> None:
    """None for what is none of ours; never half of one."""
    spoken(lease.parse_lease, data)
    spoken(rollback_pin.from_json, data)
    spoken(lease.parse_lease, json.dumps({**LOCK, changed: value}).encode())
    for name in PIN:
        spoken(rollback_pin.from_json, json.dumps({**PIN, name: value}).encode())


@given(BYTES, st.sampled_from(sorted(MANIFEST)), VALUES)
@example(b"[" * 100_000, "distributions", [{"name": "six"}])
@example(b"{}", "git", {"commit": 1})
@example(b"{}", "others", {"a": "b"})
@example(b"{}", "inputs", [])
def test_manifests(data: bytes, changed: str, value: object) -> None:
    """A manifest that can be used, or none."""
    for each in (data, json.dumps({**MANIFEST, changed: value}).encode()):
        found = answer(ROW, lambda data=each: manifest.from_json(data))  # type: ignore[misc] # not inferred
        if isinstance(found, manifest.Manifest):
            assert isinstance(sum(found.packages.values()), int)
            assert isinstance(found.commit, str)
        else:
            assert found is None


@given(BYTES)
@example(b"[" * 100_000)
def test_records(data: bytes) -> None:
    """A torn one counts as none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        path.write_bytes(data)
        found = answer(ROW, lambda: files.read_record(path))
        assert found is None or isinstance(found, dict)


@given(st.text(max_size=80) | st.lists(st.sampled_from(["input=", "content=", "built=", "ab" * 32,
       "20250102-030405", " ", ",", "\n"])).map("".join), st.text(max_size=30))  # fmt: skip
def test_descriptions_and_arns(description: str, typed: str) -> None:
    """Layer versions by hand have anything there."""
    entry = {"LayerVersionArn": "a:1", "Version": 1, "Description": description}
    found = answer(ROW, lambda: version.from_response(entry))
    assert isinstance(found, version.LayerVersion)
    assert len(found.input_hash) in (0, 64)
    assert len(found.content_hash) in (0, 64)
    assert len(found.built) in (0, 15, 24)
    answer(ROW, lambda: arn.parse_arns(typed))
    answer(ROW, lambda: version.parse_number(typed))
