"""tasks/core/scanning.py in verify: what would give access to something stays on the machine."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.clients import workshops
from tasks.core import credentials, paths
from tasks.core.errors import VerifyError
from tasks.core.settings import Settings
from tasks.steps import install, verify
from tests import laid, wheels
from tests.unit.test_credentials import KEY

KEYED = {"alpha.py": "x = 1\n", "alpha/test.key": KEY}
CLEAN = {"beta.py": "x = 1\n"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return laid.project(tmp_path, monkeypatch)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that is searched from now on."""
    inside, names = credentials.inside, list[str]()

    def noted(name: str, content: bytes) -> list[str]:
        names.append(name.removeprefix("python/"))
        return inside(name, content)

    monkeypatch.setattr(credentials, "inside", noted)
    return names


def test_file_distribution_and_ways_out_are_named(settings: Settings) -> None:
    """The secret is not."""
    laid.lay_wheels(settings, {"alpha": {**KEYED, "alpha/.netrc": "login me"}, "beta": CLEAN})
    found = laid.refused(settings)
    assert "python/alpha/.netrc (alpha): passwords for servers" in found.problem
    assert "python/alpha/test.key (alpha): a private key" in found.problem
    assert "beta" not in found.problem
    assert 'drop = ["alpha/.netrc"]' in found.fix
    assert "harmless = […]" in found.fix
    assert KEY.splitlines()[1] not in str(found)


@pytest.mark.parametrize("way", ["drop", "harmless"])
def test_each_way_out_works(settings: Settings, way: str) -> None:
    """The file is left out, or said to be harmless; another one is not."""
    laid.lay_wheels(settings, {"alpha": {**KEYED, "alpha/pip.conf": ""}})
    globs: Any = {way: ("alpha/*.key",)}
    changed = replace(settings, **globs)
    found = laid.refused(changed)
    assert "test.key" not in found.problem
    assert "python/alpha/pip.conf" in found.problem
    globs = {way: ("alpha/*.key", "alpha/pip.conf")}
    assert laid.build(replace(settings, **globs))["modules"] == 1


def test_a_change_brings_one_in(settings: Settings, read: list[str]) -> None:
    """A build that makes and proves only what changed reads that, and nothing else."""
    laid.lay_wheels(settings, {"beta": CLEAN, "gamma": {"gamma.py": "x = 1\n"}})
    laid.build(settings)
    assert {"beta.py", "gamma.py"} < set(read)
    read.clear()
    wheels.wheel(Path("wheels"), "beta", {"beta.py": b"", "beta/test.key": KEY.encode()})
    install.run(settings, lambda: workshops.choose(settings))
    assert "python/beta/test.key (beta)" in laid.refused(settings).problem
    assert {name.split("-")[0].split("/")[0] for name in read} == {"beta", "beta.py"}


def test_it_is_refused_again(settings: Settings, read: list[str]) -> None:
    """What was found is remembered, too; and nothing is read for it."""
    laid.lay_wheels(settings, {"alpha": KEYED})
    first = laid.refused(settings)
    read.clear()
    with pytest.raises(type(first), match=r"alpha/test\.key"):
        verify.run(settings, lambda: workshops.choose(settings))
    assert read == []


def test_what_belongs_to_nobody_is_read_too(settings: Settings) -> None:
    """The zip is what is searched, not what it was made from; bytecode has its source's text."""
    laid.lay_wheels(settings, {"alpha": {"alpha.py": "x = 1\n"}})
    laid.build(settings)
    laid.rewrite(settings, {"python/left.pem": KEY})
    with pytest.raises(VerifyError, match=r"python/left\.pem \(no distribution\)"):
        verify.run(settings, lambda: workshops.choose(settings))


def test_an_address_with_a_token(settings: Settings) -> None:
    """Where somebody keeps what the installer wrote down."""
    address = b'{"url": "https://me:word@index.test/alpha.whl", "archive_info": {}}'
    files: Mapping[str, str | bytes] = {
        "alpha.py": "x = 1\n",
        "alpha-1.0.dist-info/direct_url.json": address,
    }
    laid.lay_wheels(settings, {"alpha": files})
    laid.build(settings)  # pruned, as always
    found = laid.refused(replace(settings, rules_off=("metadata",)))
    assert "alpha-1.0.dist-info/direct_url.json (alpha): the address it was" in found.problem
    assert "me:word" not in str(found)


def test_a_setting_that_changed_asks_again(settings: Settings) -> None:
    """What was proven with it is not proven without."""
    allowed = replace(settings, harmless=("alpha/test.key",))
    assert verify.fingerprint(settings) != verify.fingerprint(allowed)
    laid.lay_wheels(settings, {"alpha": KEYED})
    laid.build(allowed)
    assert paths.record(settings, "verify").exists()
    laid.refused(settings)
