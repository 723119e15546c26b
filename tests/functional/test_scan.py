"""tasks/layer/archive/secret_scan.py in verify: what would give access to something stays on the
machine."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.layer import builder
from tasks.layer.archive import secret_patterns
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install, verify
from tasks.util.errors import VerifyError
from tests import handmade_layers, handmade_wheels
from tests.unit.layer.archive.test_secret_patterns import KEY

KEYED = {"alpha.py": "x = 1\n", "alpha/test.key": KEY}
CLEAN = {"beta.py": "x = 1\n"}
WORD = "x = 'AKIA'  # and so it is searched\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return handmade_layers.project(tmp_path, monkeypatch)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that is searched from now on."""
    inside, names = secret_patterns.inside, list[str]()

    def noted(name: str, content: bytes) -> list[str]:
        names.append(name.removeprefix("python/"))
        return inside(name, content)

    monkeypatch.setattr(secret_patterns, "inside", noted)
    return names


def test_file_distribution_and_ways_out_are_named(settings: Settings) -> None:
    """The secret is not."""
    handmade_layers.lay_wheels(
        settings, {"alpha": {**KEYED, "alpha/.netrc": "login me"}, "beta": CLEAN}
    )
    found = handmade_layers.refused(settings)
    assert "python/alpha/.netrc (alpha): passwords for servers" in found.problem
    assert "python/alpha/test.key (alpha): a private key" in found.problem
    assert "beta" not in found.problem
    assert 'drop = ["alpha/.netrc", "alpha/test.key"]' in found.fix
    assert 'harmless = ["alpha/.netrc", "alpha/test.key"]' in found.fix
    assert KEY.splitlines()[1] not in str(found)


def test_a_packages_own_test_keys_are_named_in_one_line(settings: Settings) -> None:
    """As future's, of which a module that stays imports the folder: they were never secret. They
    go by themselves, unless that rule is off."""
    keys = {f"alpha/backports/test/{name}": KEY for name in ("badcert.pem", "keycert.pem", "x.key")}
    code = {
        "alpha/__init__.py": "import alpha.backports.test",
        "alpha/backports/test/__init__.py": "",
    }
    handmade_layers.lay_wheels(settings, {"alpha": {**keys, **code}})
    assert handmade_layers.build(settings).modules == 2
    kept = replace(settings, rules_off=("test-keys",))
    found = handmade_layers.refused(kept)
    line = 'harmless = ["alpha/backports/test/*.pem", "alpha/backports/test/x.key"]'
    assert line in found.fix
    assert "revoke" not in found.fix
    changed = replace(kept, harmless=("alpha/backports/test/*.pem", "alpha/backports/test/x.key"))
    assert handmade_layers.build(changed).modules == 2


def test_test_modules_with_keys_are_named_alone(settings: Settings) -> None:
    """As ecdsa's and jwcrypto's, which lie beside the code: what leaves them out leaves that."""
    text = f"KEY = '''{KEY}'''\n"
    code = {"alpha/__init__.py": "", "alpha/curves.py": "x = 1\n"}
    keyed = ("alpha/test_ecdh.py", "alpha/test_keys.py", "alpha/tests.py")
    handmade_layers.lay_wheels(settings, {"alpha": {**code, **dict.fromkeys(keyed, text)}})
    found = handmade_layers.refused(settings)
    named = ", ".join(f'"{each}"' for each in keyed)
    assert f"harmless = [{named}]" in found.fix
    assert "revoke" not in found.fix
    assert handmade_layers.build(replace(settings, drop=keyed)).modules == 2


@pytest.mark.parametrize("way", ["drop", "harmless"])
def test_each_way_out_works(settings: Settings, way: str) -> None:
    """The file is left out, or said to be harmless; another one is not."""
    handmade_layers.lay_wheels(settings, {"alpha": {**KEYED, "alpha/pip.conf": ""}})
    globs: Any = {way: ("alpha/*.key",)}
    changed = replace(settings, **globs)
    found = handmade_layers.refused(changed)
    assert "test.key" not in found.problem
    assert "python/alpha/pip.conf" in found.problem
    globs = {way: ("alpha/*.key", "alpha/pip.conf")}
    assert handmade_layers.build(replace(settings, **globs)).modules == 1


def test_a_change_brings_one_in(settings: Settings, read: list[str]) -> None:
    """A build that makes and proves only what changed reads that, and nothing else."""
    handmade_layers.lay_wheels(settings, {"beta": {"beta.py": WORD}, "gamma": {"gamma.py": WORD}})
    handmade_layers.build(settings)
    assert {"beta.py", "gamma.py"} <= set(read)
    read.clear()
    files = {"beta.py": f"\n{WORD}".encode(), "beta/test.key": KEY.encode()}
    handmade_wheels.wheel(Path("wheels"), "beta", files)
    install.run(settings, lambda: builder.choose(settings))
    assert "python/beta/test.key (beta)" in handmade_layers.refused(settings).problem
    assert {name.split("-")[0].split("/")[0] for name in read} == {"beta", "beta.py"}


def test_it_is_refused_again(settings: Settings, read: list[str]) -> None:
    """What was found is remembered, too; and nothing is read for it."""
    handmade_layers.lay_wheels(settings, {"alpha": KEYED})
    first = handmade_layers.refused(settings)
    read.clear()
    with pytest.raises(type(first), match=r"alpha/test\.key"):
        verify.run(settings, lambda: builder.choose(settings))
    assert read == []


def test_what_belongs_to_nobody_is_read_too(settings: Settings) -> None:
    """The zip is what is searched, not what it was made from; bytecode has its source's text."""
    handmade_layers.lay_wheels(settings, {"alpha": {"alpha.py": "x = 1\n"}})
    handmade_layers.build(settings)
    handmade_layers.rewrite(settings, {"python/left.pem": KEY})
    with pytest.raises(VerifyError, match=r"python/left\.pem \(no distribution\)"):
        verify.run(settings, lambda: builder.choose(settings))


def test_what_was_packed_without_a_word_and_changed_is_read(settings: Settings) -> None:
    """What packed it saw other bytes."""
    handmade_layers.lay_wheels(settings, {"alpha": {"alpha.py": "x = 1\n"}})
    handmade_layers.pack(settings)
    handmade_layers.rewrite(settings, {"python/alpha.py": KEY})
    with pytest.raises(VerifyError, match=r"python/alpha\.py \(alpha\): a private key"):
        verify.run(settings, lambda: builder.choose(settings))


def test_what_has_no_word_is_not_read_again(settings: Settings, read: list[str]) -> None:
    """Once, as it was packed, is enough."""
    handmade_layers.lay_wheels(settings, {"beta": {**CLEAN, "beta/y.py": WORD}})
    handmade_layers.build(settings)
    assert read == ["beta/y.py"]


def test_an_address_with_a_token(settings: Settings) -> None:
    """Where somebody keeps what the installer wrote down."""
    address = b'{"url": "https://me:word@index.test/alpha.whl", "archive_info": {}}'
    files: Mapping[str, str | bytes] = {
        "alpha.py": "x = 1\n",
        "alpha-1.0.dist-info/direct_url.json": address,
    }
    handmade_layers.lay_wheels(settings, {"alpha": files})
    handmade_layers.build(settings)  # pruned, as always
    found = handmade_layers.refused(replace(settings, rules_off=("metadata",)))
    assert "alpha-1.0.dist-info/direct_url.json (alpha): the address it was" in found.problem
    assert "me:word" not in str(found)


def test_a_setting_that_changed_asks_again(settings: Settings) -> None:
    """What was proven with it is not proven without."""
    allowed = replace(settings, harmless=("alpha/test.key",))
    assert verify.fingerprint(settings) != verify.fingerprint(allowed)
    handmade_layers.lay_wheels(settings, {"alpha": KEYED})
    handmade_layers.build(allowed)
    assert paths.record(settings, "verify").exists()
    handmade_layers.refused(settings)
