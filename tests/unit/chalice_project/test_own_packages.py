"""tasks/chalice_project/own_packages.py: what is imported beside the credentials, and the locks."""

from pathlib import Path

import pytest

from tasks.chalice_project import own_packages
from tasks.settings.model import Settings

LOCK, TOOLS = Path("requirements-all.lock"), Path("doitw.lock")
TEXT = """# made
six==1.16.0 \\
    --hash=sha256:00
Foo_Bar[extra]==2.0 ; python_version < "4"
foo-bar==1.0 ; python_version >= "4"
"""


def test_a_locks_versions() -> None:
    """Names as pip takes them; of markers each version."""
    assert own_packages.pins(TEXT) == {"six": {"1.16.0"}, "foo-bar": {"1.0", "2.0"}}


def test_each_difference_is_a_sentence() -> None:
    """Another version than every lock says, and what no lock names; what comes with us is ours."""
    locks = {LOCK: own_packages.pins(TEXT), TOOLS: {"six": {"1.17.0"}, "boto3": {"1.0"}}}
    here = {"six": "1.17.0", "foo-bar": "3", "boto3": "1.1", "doit": "1", "evil": "1"}
    assert own_packages.differences(here, locks, {"doit"}) == [
        "boto3 1.1 is installed, doitw.lock says 1.0",
        "foo-bar 3 is installed, requirements-all.lock says 1.0 or 2.0",
        "installed, and in no lock: evil",
    ]
    many = {f"p{number}": "1" for number in range(9)}
    [said] = own_packages.differences(many, locks, set())
    assert said == "installed, and in no lock: p0, p1, p2, p3, p4 and 4 more"


def test_this_checkouts_own_are_as_its_lock_says() -> None:
    """./doitw installs them by it."""
    assert own_packages.warnings(Settings()) == []


def test_without_a_lock_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to compare with."""
    monkeypatch.chdir(tmp_path)
    assert own_packages.warnings(Settings()) == []
    LOCK.write_text("pytest==0.1\n")
    said = own_packages.warnings(Settings())
    assert any(line.endswith("is installed, requirements-all.lock says 0.1") for line in said)


def test_what_a_layer_with_chalice_carries_in_vain() -> None:
    """What another line needs as well is not meant."""
    frozen = ["chalice", "botocore", "pyyaml", "doit"]
    assert own_packages.vain(frozen) == ["botocore", "pyyaml"]
    assert own_packages.vain([*frozen, "boto3"]) == ["pyyaml"]
