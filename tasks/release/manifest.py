"""The manifest beside each zip in S3: what a layer version holds and what it was made from.

Enough to say what is in version 2, and to publish it again from its zip after it was deleted.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..aws import arn as arns
from ..aws import s3, s3_versions
from ..aws.client import Aws
from ..settings import s3_keys
from ..settings.model import Settings, option
from ..settings.step_records import InstallRecord, VerifyRecord, ZipRecord
from ..util import files, typed_json
from ..util.files import digest
from ..util.version import VERSION
from .version import LayerVersion

_SHA256 = re.compile(r"[0-9a-f]{64}")
FORMAT = "doit-lambda-layer.manifest/1"  # raise when a field changes its meaning
# What decides a layer's content, as far as it is a setting.
RULES = ("rules_off", "recipes", "drop", "keep", "prefer")
RECORDED = (
    "requirements", "python", "architecture", "image", "builder", *RULES, "strip", "bytecode",
    "compression", "check",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """One that was resolved. `bytes`: unzipped, in the layer. `direct`: asked for by name."""

    name: str
    version: str
    direct: bool
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Sizes in bytes: the zip's (`bytes`), at /opt (`unzipped`), before pruning (`installed`).

    `inputs`: the parts of the input hash (`identity.parts`). `others`: {name: bytes} of what no
    package owns. `built`: its folder, YYYYMMDD-HHMMSS, UTC, and what `s3_keys.apart` may
    have put after it. `git`: {"commit", "dirty"}, None outside of a checkout. `image`: its
    reference, or '' when the host built. `digest`: exactly which image that was, '' where it is not
    known. `modules`: the outermost that can be imported. `settings`: as in pyproject.toml. `tool`:
    our version. `wishes`: of the person who built it (release/wishes.py).
    """

    layer: str
    python: str
    architecture: str
    image: str
    builder: str
    input: str
    sha256: str
    inputs: Mapping[str, str]
    bytes: int
    unzipped: int
    installed: int
    files: int
    distributions: Sequence[ManifestEntry]
    others: Mapping[str, int]
    settings: Mapping[str, Any]
    tool: str
    git: Mapping[str, Any] | None
    built: str
    digest: str = ""
    wishes: Sequence[str] = ()
    modules: Sequence[str] = ()

    @property
    def is_consistent(self) -> bool:
        """Are the parts those of the input hash? S3 says whatever somebody wrote."""
        whole = all(_SHA256.fullmatch(each) for each in (self.input, self.sha256))
        return whole and digest(dict(self.inputs)) == self.input

    @property
    def time(self) -> str:
        """When the zip was made: YYYYMMDD-HHMMSS, UTC."""
        return self.built[: s3_keys.TIME]

    @property
    def packages(self) -> dict[str, int]:
        """{package: bytes unzipped}, what no package owns included."""
        return {each.name: each.bytes for each in self.distributions} | dict(self.others)

    @property
    def commit(self) -> str:
        """`commit 1a2b3c4d5e6f + changes` when the tree was dirty. '' without git."""
        if not self.git:
            return ""
        commit, dirty = str(self.git.get("commit", "–")), self.git.get("dirty")
        return f"commit {commit[:12]}" + (" + changes" if dirty else "")


def make_manifest(
    settings: Settings, packed: ZipRecord, installed: InstallRecord, verified: VerifyRecord,
    git: Mapping[str, Any] | None,
) -> Manifest:  # fmt: skip
    """From the records of zip, install and verify."""
    sizes = dict(verified.packages)
    return Manifest(
        layer=settings.layer,
        python=settings.python,
        architecture=settings.architecture,
        image=packed.inputs["image"],
        builder=installed.builder,
        digest=installed.image,
        inputs=packed.inputs,
        installed=installed.bytes,
        distributions=[
            ManifestEntry(
                name=each.name,
                version=each.version,
                direct=each.direct,
                bytes=sizes.pop(each.name, 0),
            )
            for each in installed.distributions
        ],
        others=sizes,
        settings=recorded(settings),
        tool=VERSION,
        git=git,
        input=packed.input,
        sha256=packed.sha256,
        bytes=packed.bytes,
        unzipped=packed.unzipped,
        files=packed.files,
        built=packed.built,
    )


def recorded(settings: Settings, names: Sequence[str] = RECORDED) -> dict[str, Any]:
    """{setting, as in pyproject.toml: value}"""
    return {option(name): getattr(settings, name) for name in names}


def to_json(manifest: Manifest) -> bytes:
    """The same bytes for the same manifest, for people to read as well."""
    told = {"format": FORMAT} | asdict(manifest)
    return json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n"


def from_json(text: bytes) -> Manifest | None:
    """None for what is not a manifest of this format."""
    told = typed_json.parsed(text)
    if told.get("format") != FORMAT:
        return None
    # fields that a later version adds are left alone
    return typed_json.made(
        Manifest, {each.name: told[each.name] for each in fields(Manifest) if each.name in told}
    )


def write_manifest(aws: Aws, made: Manifest) -> None:
    s3.put_bytes(aws, s3_keys.manifest_key(made.layer, made.built), to_json(made))


def claim(aws: Aws, made: Manifest, *, empty: bool) -> bool:
    """Write it, where its folder is free or this zip's. False where it is another's. `empty`: no
    other zip lies there. Of two machines that ask at the same moment one gets the folder."""
    key = s3_keys.manifest_key(made.layer, made.built)
    if empty and s3_versions.write_object(aws, key, to_json(made), ""):
        return True
    there = at(aws, made.built)
    if there is None or there.sha256 != made.sha256:
        return False
    write_manifest(aws, made)
    return True


def read_manifest(aws: Aws, version: LayerVersion) -> Manifest | None:
    """The manifest of a version that exists. None for one by hand or by another tool."""
    return at(aws, version.built) if version.built else None


def of_number(aws: Aws, number: int) -> Manifest | None:
    """The manifest of a version by its number alone, deleted or not."""
    note = s3.get_bytes(aws, s3_keys.note_key(aws.settings.layer, number))
    built = typed_json.parsed(note).get("built")
    return at(aws, str(built)) if built else None


def at(aws: Aws, built: str) -> Manifest | None:
    """`built`: the folder's name."""
    text = s3.get_bytes(aws, s3_keys.manifest_key(aws.settings.layer, built))
    return from_json(text) if text else None


def note(aws: Aws, arn: str, built: str) -> bool:
    """Remember where a version's zip lies. False when that is known."""
    key = s3_keys.note_key(aws.settings.layer, arns.number_of(arn))
    return bool(
        s3_versions.write_object(aws, key, files.canonical({"arn": arn, "built": built}), "")
    )
