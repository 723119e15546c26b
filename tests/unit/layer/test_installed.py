"""tasks/layer/installed.py: what was installed, who owns which file, what lies over what."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import installed
from tasks.layer.installed import KIND, Installed
from tasks.settings.model import Settings
from tasks.util import files
from tasks.util.errors import BuildError
from tests import handmade_layers, sandbox_scripts, stored_parts

SETTINGS = Settings(layer="t")
A = stored_parts.distribution("a", {"a.py": "x", "bin/run": "y"}, links={"a/link": "/etc"})
B = stored_parts.distribution("b", {"b.py": ""})
ASKED = ("a", "a-b", "old-one", "proto", "zope-interface")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, version: str = "1.0", record: str = "", folder: str = "") -> None:
    """A dist-info as an installer leaves it, and empty files."""
    info = Path("python", folder or f"{name}-{version}.dist-info")
    info.mkdir(parents=True)
    text = handmade_layers.metadata(name, version, "\nName: not a header\n")
    (info / "METADATA").write_text(text, encoding="utf-8")
    (info / "RECORD").write_text(record, encoding="utf-8")


def look() -> Installed:
    """What docker/inspect_installed.py says of it, as the steps see it."""
    Path("request").write_bytes(files.canonical({name: name for name in ASKED}))
    words = [
        str(sandbox_scripts.FOLDER / "inspect_installed.py"),
        "python",
        "apart",
        "request",
        "result",
    ]
    done = subprocess.run(
        [sys.executable, "-I", *words], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(Path("result").read_text(encoding="utf-8"))
    for facts in found.values():  # the builder's own (tasks/layer/wheels/wheel_memory.py)
        del facts["contents"], facts["altered"]
    return Installed(
        tuple(installed.from_facts(key, "pin", facts) for key, facts in sorted(found.items()))
    )


def test_names_are_normalised() -> None:
    """PEP 503; the description's own lines are no headers."""
    for name in ("Zope.Interface", "A_b"):
        put(name)
    found = [(each.name, each.version, each.folder) for each in look().distributions]
    assert found == [
        ("a-b", "1.0", "A_b-1.0.dist-info"),
        ("zope-interface", "1.0", "Zope.Interface-1.0.dist-info"),
    ]


def test_a_folder_without_headers_is_named_by_its_folder() -> None:
    """Old tools wrote less."""
    folder = Path("python/Old_One-2.0.dist-info")
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("\n", encoding="utf-8")
    [found] = look().distributions
    assert (found.name, found.version, found.files) == ("old-one", "", {})


def test_record_is_read_as_csv() -> None:
    """Names with commas; scripts where --target puts them; a missing hash is ''."""
    put("a", record='"x,y.py",sha256=1,3\n../../bin/run,sha256=2,3\nz.py,,\n\n')
    [found] = look().distributions
    assert found.hashes == {"x,y.py": "sha256=1", "bin/run": "sha256=2", "z.py": ""}
    assert found.texts["RECORD"].startswith('"x,y.py"')


def test_files_have_sizes_and_execute_bits() -> None:
    """Those that are there; programs are told from scripts."""
    put("a", record="a.py,,\ngone.py,,\nbin/run,,\nbin/script,,\n")
    for name, text in {"a.py": "x = 1", "bin/run": "\x7fELF", "bin/script": "#!python"}.items():
        path = Path("python", name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if name == "bin/run" else 0o644)
    [found] = look().distributions
    assert found.files == {"a.py": (5, False), "bin/run": (4, True), "bin/script": (8, False)}
    assert found.programs == ("bin/run",)


def test_what_is_stored_comes_back() -> None:
    """Every fact, by name, with the keys that install's record gives."""
    uncertain = replace(B, key="known afterwards")
    stored_parts.keep(SETTINGS, [A, uncertain])
    assert installed.load_installed(SETTINGS) == Installed((A, uncertain))
    assert installed.needed(SETTINGS) == Installed((A, uncertain))
    assert installed.are_kept(SETTINGS)


@pytest.mark.parametrize("content", [None, b"", b"x"], ids=["gone", "cut off", "changed"])
def test_what_is_gone_or_damaged_is_no_tree(content: bytes | None) -> None:
    """A part of it would be another layer: install has to run again."""
    stored_parts.keep(SETTINGS, [A, B])
    [path] = Path("build/store", KIND).glob(f"{B.key}-*")
    path.unlink() if content is None else path.write_bytes(content)
    assert installed.load_installed(SETTINGS) is None
    assert not installed.are_kept(SETTINGS)


def test_one_distribution_twice_is_an_error() -> None:
    """Under different spellings and versions."""
    put("proto", "1.0")
    put("Proto", "2.0")
    with pytest.raises(AssertionError, match="proto was installed twice"):
        look()


def test_nothing_installed_is_an_error_for_who_needs_it() -> None:
    """With what to run."""
    assert installed.load_installed(SETTINGS) is None
    with pytest.raises(BuildError, match="gone from the store") as caught:
        installed.needed(SETTINGS)
    assert "again" in caught.value.fix


def test_the_store_is_as_large_as_the_settings_say() -> None:
    """Millions of bytes."""
    assert installed.store(Settings(store_size=3)).limit == 3_000_000


def test_a_shared_file_belongs_to_the_first() -> None:
    """By name; it is counted once."""
    a = stored_parts.distribution("a", {"n/__init__.py": "xx"})
    b = stored_parts.distribution("b", {"n/__init__.py": "xx", "b.py": "x"})
    tree = Installed((a, b))
    assert tree.owners == {"n/__init__.py": "a", "b.py": "b"}
    assert list(tree.sizes.items()) == [("b.py", 1), ("n/__init__.py", 2)]


def test_bytecode_belongs_to_its_source() -> None:
    """Optimised forms as well, and where it lies in its place; other paths are themselves."""
    source = installed.source_of
    assert source("a/__pycache__/b.cpython-312.pyc") == "a/b.py"
    assert source("__pycache__/b.cpython-312.opt-1.pyc") == "b.py"
    assert source("a/b.py") == "a/b.py"
    assert source("not__pycache__x/b.pyc") == "not__pycache__x/b.py"
