"""tasks/proof/prove.py: in how much of the layer a distribution is tried."""

import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.layer import builder, installed
from tasks.layer import part as parts
from tasks.layer.archive import secret_scan, zip_writer
from tasks.layer.installed import Installed
from tasks.layer.team_store import origins
from tasks.proof import cache, own_check, probe, proof_plan
from tasks.proof import prove as proving
from tasks.proof.cache import Proof
from tasks.sandbox import choose, host_runtime
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install, sbom
from tasks.util.errors import VerifyError
from tests import handmade_layers, handmade_wheels, stored_parts
from tests.handmade_layers import build, lay_wheels, pack
from tests.unit.layer.archive.test_secret_patterns import KEY

FILES = {
    "a": {"a/__init__.py": "", "shared/__init__.py": "", "a-1.0.dist-info/METADATA": "Name: a"},
    "b": {"b/__init__.py": "", "b/deep/er.py": "", "shared/__init__.py": ""},
}
TREE = Installed(tuple(stored_parts.distribution(name, files) for name, files in FILES.items()))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A layer of both, with bytecode."""
    there = {path: text.encode() for files in FILES.values() for path, text in files.items()}
    made = ["b/__pycache__/__init__.cpython-312.pyc"]
    part = stored_parts.part(tmp_path / "part", there | {made[0]: b"code"}, made=made)
    layer = tmp_path / "layer.zip"
    with layer.open("wb") as file:
        zip_writer.write_zip(parts.together([part], bytecode=True), file)
    return layer


def names(layer: Path) -> set[str]:
    with zipfile.ZipFile(layer) as archive_:
        assert archive_.testzip() is None
        return {name.removeprefix("python/") for name in archive_.namelist()}


def test_all_of_them_are_tried_in_the_layer_itself(whole: Path) -> None:
    """Nothing is copied."""
    assert proof_plan.excerpt(whole, TREE, {"a", "b"}) == whole


def test_one_is_tried_with_its_files_alone(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that it shares, and its bytecode; the bytes are the layer's. Everybody's metadata is
    there: who lists it finds the same as in the layer."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = proof_plan.excerpt(whole, TREE, {"b"})
    metadata = "a-1.0.dist-info/METADATA"
    assert names(one) == {*FILES["b"], "b/__pycache__/__init__.cpython-312.pyc", metadata}
    with zipfile.ZipFile(one) as part, zipfile.ZipFile(whole) as layer:
        assert all(part.read(name) == layer.read(name) for name in part.namelist())


LOOK = cache.Look(TREE, {"a": "1", "b": "2"}, list(TREE.sizes))


@pytest.mark.parametrize(
    ("kind", "name", "asked"),
    [
        ("absent", "b", True),
        ("absent", "b.deep", True),
        ("absent", "b.deep.er", True),
        ("absent", "b/deep", True),
        ("absent", "elsewhere", False),
        ("absent", "b.x", False),
        ("asked", "b", True),
        ("asked", "c", False),
        ("listed", "", True),
        ("listed", "a", False),
        ("read", "a", False),
    ],
)
def test_what_the_others_have_is_asked_for(kind: str, name: str, asked: bool) -> None:
    """Modules and packages, of regular ones and of namespaces; paths; metadata; all there is."""
    assert bool(LOOK.beyond({kind: [name]}, {"a"})) is asked


# ---- through the real steps ---------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return handmade_layers.project(tmp_path, monkeypatch)


def change(settings: Settings, name: str, text: str) -> None:
    """One wheel is another from now on; the others are not even touched."""
    handmade_wheels.wheel(Path("wheels").absolute(), name, {f"{name}.py": text.encode()})
    install.run(settings, lambda: builder.choose(settings))


DYNAMIC = "import importlib; importlib.import_module('ne' + 'ed')"


def seen(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What lay at /opt each time something was proven."""
    found: list[set[str]] = []
    watched(monkeypatch, lambda each: found.append(names(each.layer)))
    return found


def watched(monkeypatch: pytest.MonkeyPatch, hear: Callable[[proving.Proving], object]) -> None:
    """`hear` is told of each proof before it is made."""
    original = proving.Proving.prove

    def prove(self: proving.Proving) -> dict[str, Proof]:
        hear(self)
        return original(self)

    monkeypatch.setattr(proving.Proving, "prove", prove)


# Of the example, small: google-generativeai's .pth file, pydantic's plugins, numpy's `lscpu`, a
# package that asks for one that is not there, one that lies beside others in a namespace.
LIKE_THE_EXAMPLE = {
    "names": {
        "ns/one/__init__.py": "import os\n",
        "names.pth": "import sys; from importlib.machinery import PathFinder; "
        "PathFinder.find_spec('ns', [sys._getframe(1).f_locals['sitedir']])\n",
    },
    "other": {"ns/other/__init__.py": "", "other-1.0.dist-info/entry_points.txt": "[a]\nb = c:d\n"},
    "plugins": {
        "plugins.py": "from importlib.metadata import distributions\n"
        "POINTS = [list(each.entry_points) for each in distributions()]\n",
    },
    "programs": {
        "programs.py": "import subprocess\ntry: subprocess.run(['lscpu'], check=True)\n"
        "except OSError: pass\n",
    },
    "optional": {"optional.py": "try: import extra\nexcept ImportError: pass\n"},
    "user": {"user.py": "import leaf\n"},
    "leaf": {"leaf.py": "x = 1\n"},
}


@pytest.fixture
def proven(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What each build proves after the first one, which proves all."""
    lay_wheels(settings, LIKE_THE_EXAMPLE)
    build(settings)
    found: list[set[str]] = []
    watched(monkeypatch, lambda each: found.append({*each.asked.missing}))
    return found


def test_a_changed_pin_is_proven_with_what_rests_on_it_and_nothing_else(
    settings: Settings, proven: list[set[str]]
) -> None:
    """Whatever else every import meets, or looks for."""
    for name, text in (("leaf", "x = 2"), ("optional", "x = 1"), ("plugins", "x = 1")):
        change(settings, name, text)
        build(settings)
    assert proven == [{"leaf", "user"}, {"optional"}, {"plugins"}]


def test_what_every_import_meets_is_everybodys_matter(
    settings: Settings, proven: list[set[str]]
) -> None:
    """Another .pth file, and what one has looked for."""
    files = {name: text.encode() for name, text in LIKE_THE_EXAMPLE["other"].items()}
    handmade_wheels.wheel(
        Path("wheels").absolute(), "other", files | {"ns/__init__.py": b"from . import other\n"}
    )
    install.run(settings, lambda: builder.choose(settings))
    build(settings)
    assert [len(each) for each in proven] == [len(LIKE_THE_EXAMPLE)]
    lay_wheels(settings, LIKE_THE_EXAMPLE | {"names": {"ns/one/__init__.py": "", "names.pth": ""}})
    build(settings)
    assert [len(each) for each in proven] == [len(LIKE_THE_EXAMPLE)] * 2


def test_only_what_looks_beyond_is_tried_in_the_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next time at once with what it looked for."""
    lay_wheels(
        settings, {"need": {"need.py": ""}, "two": {"two.py": ""}, "three": {"three.py": ""}}
    )
    build(settings)
    proven: list[tuple[set[str], bool]] = []
    watched(
        monkeypatch,
        lambda each: proven.append(({*each.asked.missing}, "need.py" in names(each.layer))),
    )
    made = {"two": DYNAMIC, "three": "x = 1"}
    for name, text in made.items():
        handmade_wheels.wheel(Path("wheels").absolute(), name, {f"{name}.py": text.encode()})
    install.run(settings, lambda: builder.choose(settings))
    build(settings)
    assert proven == [({"two", "three"}, False), ({"two"}, True)]
    change(settings, "need", "y = 1")
    build(settings)
    assert proven[2:] == [({"two", "need"}, True)]


def test_a_change_is_proven_with_what_it_needs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in all of the layer."""
    lay_wheels(settings, {"one": {"one.py": ""}, "two": {"two.py": "x = 1"}})
    build(settings)
    change(settings, "two", "x = 2")
    layers = seen(monkeypatch)
    assert build(settings).modules == 2
    assert [{name for name in layer if name.endswith(".py")} for layer in layers] == [{"two.py"}]


def test_what_asks_for_more_gets_the_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that nobody can read out of the source: it finds what is in the layer."""
    lay_wheels(settings, {"need": {"need.py": ""}, "two": {"two.py": ""}})
    build(settings)
    change(settings, "two", DYNAMIC)
    layers = seen(monkeypatch)
    record = build(settings)
    assert (record.modules, record.modules_that_never_imported) == (2, 0)
    assert len(layers) == 2
    assert "need.py" not in layers[0]
    assert "need.py" in layers[1]


def test_what_the_system_kills_is_not_proven(settings: Settings) -> None:
    """A machine out of memory is no fault of the module: tried again another time. And it hides no
    other error: each is said, with its own way out."""
    text = "import os, signal; os.kill(os.getpid(), signal.%s)"
    lay_wheels(settings, {"big": {"big.py": text % "SIGKILL"}})
    error = handmade_layers.refused(settings)
    assert error.problem.startswith("did not come to an end here")
    assert "big: exit status -9\nthe system killed what tried it" in error.problem
    assert "most likely for want of memory" in error.problem
    assert "more memory" in error.fix
    assert not (paths.STORE / "proofs").exists()
    lay_wheels(settings, {
        "big": {"big/__init__.py": "", "big/deep.py": text % "SIGKILL"},
        "bad": {"bad.py": "raise ValueError('odd')"},
        "token": {"token_.py": NAMED},
        "none": {"none.py": "import os\nX = os.getenv('aa_dsn').split(':')\n"},
        "sure": {"sure.py": "import os\nassert os.getenv('aa_key')\n"},
        "segv": {"segv.py": text % "SIGSEGV"},
        "fine": {"fine.py": ""},
    })  # fmt: skip
    error = handmade_layers.refused(settings)
    ended, _, open_ = error.problem.partition("did not come to an end here")
    assert "big.deep: exit status -9\nthe system killed" in open_
    assert "bad" not in open_
    for line in ("bad: ValueError: odd", "segv: exit status -11\ncompiled code of it crashed"):
        assert line in ended
    ways = error.fix.split("\n→ ")
    assert 'none: give the import test a value: proof-env = {aa_dsn = "…"}' in ways[1]
    named = [way.partition(":")[0] for way in ways]
    assert named == ["bad", "none", "segv", "sure", "token", "big.deep"]
    assert 'proof-env = {aa_key = "…"}' in ways[3]
    assert 'proof-env = {AA_TOKEN = "…"}' in ways[4]


NAMED = (
    "import os\nif os.environ.get('AA_DEBUG'): pass\nT = os.environ.get('AA_TOKEN')\n"
    "if not T: raise RuntimeError('AA_TOKEN is not set')\n"
)


LOOKS_FOR = """import importlib.util
if importlib.util.find_spec("la" + "ter"):
    raise ImportError("there is one")
"""


def test_who_looked_for_a_package_is_tried_with_it(settings: Settings) -> None:
    """Also where that one is known from another layer, and so is not to be tried itself."""
    looks, later = {"looks": {"looks.py": LOOKS_FOR}}, {"later": {"later.py": ""}}
    base = {"base": {"base.py": ""}}
    for wheels in (later | base, looks | base):
        lay_wheels(settings, wheels)
        build(settings)
    lay_wheels(settings, looks | later | base)
    for _ in range(2):  # no pass is kept
        with pytest.raises(VerifyError, match="there is one"):
            build(settings)


def test_a_package_that_comes_into_a_namespace_is_noticed(settings: Settings) -> None:
    """Its `__init__.py` runs before all that lies below."""
    below = {"below": {"ns/deep/a.py": ""}}
    lay_wheels(settings, below)
    build(settings)
    lay_wheels(settings, below | {"above": {"ns/__init__.py": "__path__ = []"}})
    with pytest.raises(VerifyError, match="below"):
        build(settings)


def test_what_was_seen_of_another_writers_part_says_nothing_of_ours(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dev trusts somebody who lies under the key of a part; prod makes that part itself, in the
    same store, and tests, searches and lists its own."""
    prod = replace(settings, store=str(tmp_path / "store"), store_trust=("ci",))
    dev = replace(prod, stage="dev", store_trust=("evil",))
    lay_wheels(prod, {"one": {"one.py": "x = 1\n"}})
    pack(prod)
    [key] = json.loads(paths.record(prod, "optimize").read_bytes())["parts"].values()
    [honest] = (tmp_path / "store").rglob(f"store/parts/{key}-*")
    files = {each.name: b"" for each in parts.read_part(honest).members if not each.made}
    files["one-1.0.dist-info/METADATA"] = handmade_layers.metadata("one").encode()
    forged = stored_parts.part(tmp_path / "forged", files | {"one.py": KEY.encode()})
    honest.unlink()
    tried: list[str] = []
    watched(monkeypatch, lambda each: tried.extend(each.asked.missing))
    [evil] = origins.trusted(dev)
    place = installed.store(dev).put(origins.folder("parts", evil), key, forged.path)
    with pytest.raises(VerifyError, match=r"credentials[^$]*one\.py"):
        build(dev)
    sbom.run(dev)
    assert tried == ["one"]
    assert not origins.are_trusted(prod, "sbom")
    origins.forget()
    build(prod)
    assert tried == ["one", "one"]
    [scan] = {*(tmp_path / "store").rglob(f"store/scans/{secret_scan.key(honest.name)}-*")}
    assert (json.loads(scan.read_bytes()), place.exists()) == ({}, True)


class Newer:
    """A distribution of another version."""

    version = "99"

    def __init__(self, name: str) -> None:
        self.name, self.requires = name, ()


@pytest.mark.parametrize("what", ["the SDK", "isolation", "a script"])
def test_what_lies_around_on_this_machine_is_in_the_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A package of the layer meets the tool's own boto3 there. A container's lies in its image."""
    before = probe.around(settings)
    assert probe.around(replace(settings, builder="docker")) == []
    if what == "the SDK":
        assert any(name == "botocore" for name, _ in before[0])  # type: ignore[attr-defined]
        monkeypatch.setattr(host_runtime, "distribution", Newer)
    elif what == "isolation":
        monkeypatch.setattr(choose, "not_isolated", lambda settings: [] if before[1] else ["x"])
    else:
        (paths.DOCKER / "bootstrap.py").write_text("")
    assert probe.around(settings) != before


def test_all_is_proven_again_where_that_is_another(
    settings: Settings, proven: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(settings)
    monkeypatch.setattr(probe, "around", lambda settings: ["another SDK"])
    build(settings)
    assert [len(each) for each in proven] == [len(LIKE_THE_EXAMPLE)]


def test_a_check_that_has_passed_is_not_run_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the same zip and script, whoever ran it: who has no Docker needs none. One that fails is
    never kept."""
    lay_wheels(settings, {"one": {"one.py": "x = 1\n"}})
    checked = replace(settings, check="check.py")
    Path("check.py").write_text("import one\nassert one.x == 1\n")
    ran: list[str] = []
    real = own_check.run

    def watched_check(within: Settings, *more: Any) -> None:
        ran.append(within.check)
        real(within, *more)

    monkeypatch.setattr(own_check, "run", watched_check)
    first = build(checked)
    assert (build(checked).check, len(ran)) == (first.check, 1)
    Path("check.py").write_text("import one\nassert one.x == 2\n")
    for number in (2, 3):
        with pytest.raises(VerifyError, match=r"check\.py' failed"):
            build(checked)
        assert len(ran) == number
    change(settings, "one", "x = 2\n")
    assert build(checked).check not in ("", first.check)
    monkeypatch.setattr(probe, "around", lambda settings: ["another SDK"])
    build(checked)
    assert len(ran) == 5
