"""tasks/context/team_store.py: who uses the team's store, and as whom."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.aws.client import Aws
from tasks.aws.credentials import Identity
from tasks.context import open_team_store, team_store
from tasks.settings.model import Settings
from tasks.util.errors import AwsError, LayerError

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("typed", "stage", "said", "mode"),
    [
        ("deploy", "prod", "", "read-write"), ("publish", "prod", "", "read-write"),
        ("build", "prod", "", "off"), ("deploy", "local", "", "off"),
        ("deploy", "prod", "off", "off"), ("build", "prod", "read", "read"),
        ("build", "local", "read-write", "off"), ("deploy", "local", "read", "off"),
    ],
)  # fmt: skip
def test_what_speaks_with_aws_anyway_uses_it(
    monkeypatch: pytest.MonkeyPatch, typed: str, stage: str, said: str, mode: str
) -> None:
    """And a setting says it for all but the emulator, where any function may lay down entries."""
    monkeypatch.setattr(sys, "argv", ["doit", typed])
    assert team_store.mode(Settings(stage=stage, team_store=said)) == mode


def somebody(arn: str, settings: Settings) -> Any:
    return SimpleNamespace(settings=settings, identity=Identity(account=ACCOUNT, arn=arn))


@pytest.mark.parametrize(
    ("arn", "writer"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy-prod/GitHubActions", "deploy-prod"),
        (f"arn:aws:iam::{ACCOUNT}:user/people/anna", "anna"),
        (f"arn:aws:iam::{ACCOUNT}:root", "root"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/../x", ""),
    ],
)
def test_a_writer_is_called_as_its_role(arn: str, writer: str) -> None:
    """What is no part of a key in S3 writes nothing."""
    settings = Settings()
    assert open_team_store.writer_of(somebody(arn, settings)) == writer
    role = replace(settings, role=f"arn:aws:iam::{ACCOUNT}:role/company/ci")
    assert open_team_store.writer_of(somebody(arn, role)) == "ci"
    assert open_team_store.writer_of(somebody(arn, replace(role, store_writer="mine"))) == "mine"


@pytest.mark.parametrize("how", ["profile", "services", "variable", "vpc", "aws"])
def test_what_stands_in_for_aws_and_has_no_name_here_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    """A later run would count its entries as those of AWS's bucket of that name. An endpoint of a
    VPC is AWS's."""
    url = "http://127.0.0.1:9000"
    profile = {
        "profile": f"endpoint_url = {url}\n",
        "services": f"services = near\n[services near]\ns3 =\n  endpoint_url = {url}\n",
    }
    (tmp_path / "config").write_text(f"[default]\n{profile.get(how, '')}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    vpc = "https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com"
    if how in ("variable", "vpc"):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", vpc if how == "vpc" else url)
    aws = Aws(Settings(), {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
    address = aws.client("s3").meta.endpoint_url
    if how in ("vpc", "aws"):
        open_team_store.refuse_nameless(address)
    else:
        with pytest.raises(AwsError, match=r"127\.0\.0\.1"):
            open_team_store.refuse_nameless(address)


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("http://127.0.0.1:4566", "http://127.0.0.1:9000"),
        ("http://127.0.0.1:4566", "https://s3.eu-west-1.amazonaws.com"),
    ],
)
def test_s3_is_asked_at_the_endpoint_that_the_origin_names(
    monkeypatch: pytest.MonkeyPatch, named: str, asked: str
) -> None:
    """Another host's entries would count as those of the named one."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", named)
    open_team_store.refuse_nameless(f"{named}/")
    with pytest.raises(AwsError, match="AWS_ENDPOINT_URL is http"):
        open_team_store.refuse_nameless(asked)


METADATA = "Metadata-Version: 2.1\nName: One\nVersion: 1.0\n"
FACTS: dict[str, Any] = {
    "name": "one", "version": "1.0", "folder": "one-1.0.dist-info", "files": {"one.py": [6, 0]},
    "hashes": {"one.py": "a"}, "texts": {"METADATA": METADATA}, "links": {}, "programs": [],
    "modules": {"one.py": [["os"], [], False, [], []]}, "targets": ["one"],
}  # fmt: skip
ELF: dict[str, Any] = {
    "machine": "x86_64", "program": False, "soname": "", "needed": ["libc.so.6"],
    "versions": {"libc.so.6": ["GLIBC_2.17"]},
}  # fmt: skip
AFTER: dict[str, Any] = {
    "imports": {"one": ""}, "loads": {}, "compiled": 0, "missed": [], "seconds": {"one": 0.1},
    "memory": {"one": 1}, "needs": {}, "others": {}, "seen": {"absent": ["two"]}, "hides": {},
    "hidden": {}, "metadata": "", "elf": {"one.so": ELF},
}  # fmt: skip
PROOF: dict[str, Any] = {"after": AFTER, "rests": {"absent:two": "a"}, "by": "ci", "at": "2026"}


def entry(folder: Path, said: object) -> Path:
    path = folder / "entry"
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


BLANK = FACTS | {"texts": {"METADATA": "Name: one\nVersion: 1.0 \n"}}
HONEST = [
    ("installed", BLANK),
    ("checks", {"by": "ci", "at": "2026"}), ("installed", FACTS), ("proofs", PROOF), ("scans", {}),
    ("scans", {"a.py": ["AWS key"]}),
    ("proofs", PROOF | {"after": {name: AFTER[name] for name in AFTER if name[-1] != "y"}}),
    ("proofs", PROOF | {"after": AFTER | {"elf": {"one.so": ELF | {"damaged": True}}}}),
]  # fmt: skip


def _listed(*lies: Any) -> list[Any]:
    return list(lies)


NAMELESS = FACTS | {"texts": {"METADATA": "Version: 1.0\n"}}
LIES: list[tuple[str, object]] = [
    *(("installed", lie) for lie in _listed(
        {}, [], None, FACTS | {"texts": {}}, FACTS | {"name": "two"}, FACTS | {"version": "2.0"},
        NAMELESS, FACTS | {"files": {"one.py": 6}}, FACTS | {"files": {"../../x": [1, 0]}},
        FACTS | {"files": {"/etc/passwd": [1, 0]}}, FACTS | {"modules": {"one.py": []}},
        FACTS | {"targets": [1]}, FACTS | {"more": 1}, FACTS | {"hashes": None},
        {name: FACTS[name] for name in FACTS if name != "files"},
    )),
    *(("proofs", PROOF | {"after": AFTER | lie}) for lie in _listed(
        {"imports": []}, {"imports": {"one": None}}, {"compiled": 1}, {"compiled": "0"},
        {"elf": {"one.so": {}}}, {"elf": {"one.so": ELF | {"versions": ["GLIBC_2.17"]}}},
        {"seconds": {"one": float("nan")}}, {"hides": {"re": {"used": True}}}, {"seen": ["a"]},
        {"imports": {"one": "no end after 60 s"}}, {"metadata": None},
    )),
    ("proofs", {"after": {"imports": {}, "loads": {}, "compiled": 0}, "by": {"a": 1}}),
    ("proofs", PROOF | {"by": {"a": 1}}), ("proofs", PROOF | {"at": 1}), ("proofs", {}),
    ("proofs", PROOF | {"rests": {"a": 1}}), ("proofs", PROOF | {"more": ""}), ("proofs", None),
    ("checks", {"by": "ci"}), ("checks", {"by": "ci", "at": 1}), ("checks", None),
    ("scans", {"a.py": "AWS key"}), ("scans", {"a.py": [1]}), ("scans", []), ("scans", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said"), HONEST)
def test_what_a_build_makes_is_taken(tmp_path: Path, kind: str, said: object) -> None:
    open_team_store.CHECKS[kind](entry(tmp_path, said))


@pytest.mark.parametrize(("kind", "lie"), LIES)
def test_a_lie_of_a_trusted_writer_is_refused_as_it_comes(
    tmp_path: Path, kind: str, lie: object
) -> None:
    """No later step is to end with a traceback for it: each reads just what these are."""
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        open_team_store.CHECKS[kind](entry(tmp_path, lie))


MEMBER = ["a.py", 0o644, 0, 0, 1, 0, 1, False, True]
STRIP: dict[str, Any] = {"files": 0, "bytes": 0, "left_alone": [], "unreadable": []}


def a_part(folder: Path, *members: object, **index: object) -> Path:
    """Of one byte."""
    said = {"members": members, "strip": STRIP, "skipped": []} | index
    text = json.dumps(said).encode()
    path = folder / "part"
    path.write_bytes(b"x" + text + len(text).to_bytes(8, "little"))
    return path


def test_a_part_is_taken(tmp_path: Path) -> None:
    for more in ({}, {"strip": None}, {"skipped": ["a.py"]}):
        open_team_store.CHECKS["parts"](a_part(tmp_path, MEMBER, **more))
    open_team_store.CHECKS["parts"](a_part(tmp_path, MEMBER[:-1]))  # of before, one less


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, "../a.py"), (0, 1), (1, 0o4755), (2, 12), (3, -1), (4, -1), (4, "1"), (5, 10**6),
     (6, 10**6), (6, -1), (7, "no"), (8, None)],
)  # fmt: skip
def test_a_member_that_cannot_be_is_refused(tmp_path: Path, place: int, value: object) -> None:
    """It would be read from beyond the part, or break the zip."""
    member = [*MEMBER[:place], value, *MEMBER[place + 1 :]]
    with pytest.raises((ValueError, TypeError, LayerError)):
        open_team_store.CHECKS["parts"](a_part(tmp_path, member))


@pytest.mark.parametrize(
    "index",
    [
        {"strip": {}},
        {"strip": STRIP | {"files": "1"}},
        {"strip": {"files": 0, "bytes": 0, "left_alone": []}},
        {"skipped": [1]},
        {"members": [[]]},
    ],
)
def test_a_part_of_another_form_is_refused(tmp_path: Path, index: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, LayerError)):
        open_team_store.CHECKS["parts"](a_part(tmp_path, MEMBER, **index))
