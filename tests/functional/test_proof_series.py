"""Nothing in the store turns a good layer bad, or a bad one good: series of layers in one checkout
end, one for one, as each does from an empty store, with the same zip."""

import os
import random
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tasks.layer import builder, bytecode
from tasks.sandbox import isolation
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.steps import install
from tasks.util.errors import LayerError
from tests import handmade_layers, handmade_wheels
from tests.project import ROOT

SECONDS = 2  # proof-timeout
# What the machine does to `big`, by a file outside of the layer: it is no matter of bytes.
MACHINE = """import os, pathlib, signal, time
state = pathlib.Path({state!r})
state = state.read_text() if state.exists() else ""
if state == "busy": time.sleep(600)
if state == "full": raise OSError(28, "No space left on device")
if state == "small": raise MemoryError
if state == "killed": os.kill(os.getpid(), signal.SIGKILL)
"""
DYNAMIC = "import importlib\nimportlib.import_module('ne' + 'ed')\n"
OPTIONAL = (
    "import importlib\ntry:\n    importlib.import_module('ex' + 'tra')\n"
    "except ImportError:\n    pass\n"
)
PLUGINS = (
    "from importlib.metadata import entry_points\n"
    "for point in entry_points(group='host'): point.load()\n"
)
POINT = "[host]\nplug = plug:run\n"
VERSION = "from importlib.metadata import version\nassert version('need') == '1.0'\n"
LISTS = (
    "import pathlib\nhere = pathlib.Path(__file__).parent\n"
    "assert not (here / 'marker').exists(), 'marked'\n"
)
USES_SECRETS = "import secrets\nsecrets.token_hex()\n"
Files = Mapping[str, str]
End = tuple[object, ...]
# An isolated proof sees programs and libraries of the machine alone. Here it sees this, too.
STATE = ROOT / f".proof-series-{os.getpid()}" / "state"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Wheels by name, settings that are not the usual ones, the state of the machine, and bytes of
    bytecode for which there is no room."""

    wheels: Mapping[str, Files]
    settings: Mapping[str, Any]
    machine: str = ""
    room: int = 0


def layer(machine: str = "", room: int = 0, **wheels: Files | str) -> Layer:
    """A wheel given as text is a module of its name."""
    found = {name: {f"{name}.py": each} if isinstance(each, str) else each
             for name, each in wheels.items()}  # fmt: skip
    return Layer(wheels=found, settings={}, machine=machine, room=room)


PLUG = {"plug.py": "def run(): pass\n", "plug-1.0.dist-info/entry_points.txt": POINT}
BAD_PLUG = PLUG | {"plug.py": "raise RuntimeError('bad plugin')\n"}
LAYERS = {
    "small": layer(one="x = 1\n"),
    "two": layer(one="x = 1\n", two="import one\n"),
    "dynamic": layer(ask=DYNAMIC, need="x = 1\n"),
    "dynamic, gone": layer(ask=DYNAMIC, one="x = 1\n"),
    "dynamic, broken": layer(ask=DYNAMIC, need="raise RuntimeError('no')\n"),
    "optional": layer(opt=OPTIONAL),
    "optional, there": layer(opt=OPTIONAL, extra="x = 1\n"),
    "optional, broken": layer(opt=OPTIONAL, extra="raise RuntimeError('no')\n"),
    "plugins": layer(host=PLUGINS, plug=PLUG),
    "plugins, none": layer(host=PLUGINS),
    "plugins, broken": layer(host=PLUGINS, plug=BAD_PLUG),
    "metadata": layer(meta=VERSION, need="x = 1\n"),
    "metadata, gone": layer(meta=VERSION, one="x = 1\n"),
    "lists": layer(look=LISTS),
    "lists, marked": layer(look=LISTS, mark={"marker/__init__.py": ""}),
    "hides": layer(user=USES_SECRETS, old={"secrets.py": "x = 1\n"}),
    "hides nothing": layer(user=USES_SECRETS),
    "path": layer(user="import inner_module\n", pth={"pth.pth": "inner\n",
                  "inner/inner_module.py": ""}),
    "path, gone": layer(user="import inner_module\n", one="x = 1\n"),
    "large": layer(one="x = 1\n", two="import one\n", more="y = 1\n" * 50, room=200),
    "big": layer(big=MACHINE, one="x = 1\n"),
    **{state: layer(big=MACHINE, one="x = 1\n", machine=state)
       for state in ("busy", "full", "small machine", "killed")},
    "plain": replace(layer(one="x = 1\n", two="import one\n"), settings={"bytecode": "none"}),
    "unstripped": replace(layer(one="x = 1\n"), settings={"strip": False}),
    "value": replace(layer(env="import os\nos.environ['A_VALUE']\n"),
                     settings={"proof_env": ("A_VALUE=1",)}),
    "no value": layer(env="import os\nos.environ['A_VALUE']\n"),
}  # fmt: skip


def end(folder: Path, name: str, patch: pytest.MonkeyPatch) -> End:
    """Of one layer in the checkout `folder`: the zip's sha256 and counts, or the error's words."""
    wanted, state = LAYERS[name], STATE
    wheels = folder / f"wheels-{name}"
    for wheel, files in wanted.wheels.items():
        text = {path: each.replace("{state!r}", repr(str(state))) for path, each in files.items()}
        made = {path: each.encode() for path, each in text.items()}
        handmade_wheels.wheel(wheels, wheel, made)
    state.write_text(wanted.machine.partition(" ")[0], encoding="utf-8")
    lines = ["--no-index", f"--find-links {wheels}", *wanted.wheels]
    Path("requirements-all.txt").write_text("\n".join(lines), encoding="utf-8")
    settings = replace(
        Settings(layer="t", builder="host", proof_timeout=SECONDS), **wanted.settings
    )
    with patch.context() as limited:
        if wanted.room:
            limited.setattr(bytecode, "room", lambda settings: wanted.room)
        return _end(settings, folder)


def _end(settings: Settings, folder: Path) -> End:
    builder.choose.cache_clear()
    try:
        install.run(settings, lambda: builder.choose(settings))
        record = handmade_layers.build(settings)
    except LayerError as error:
        words = re.sub(r"/\S*/opt/", "/opt/", error.problem).replace(str(folder), "")
        return (type(error).__name__, words, error.fix)
    finally:
        builder.choose(settings).close()
    kept = ("sha256", "modules", "modules_that_never_imported", "libraries", "distributions")
    return tuple(getattr(record, each) for each in kept)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, End]:
    """What each comes to from an empty store; found when it is first asked for."""
    return {}


def from_empty(alone: dict[str, End], name: str, where: Path) -> End:
    if name not in alone:
        with pytest.MonkeyPatch.context() as patch:
            folder = where / name.replace(" ", "-").replace(",", "")
            folder.mkdir(parents=True)
            handmade_layers.project(folder, patch)
            alone[name] = end(folder, name, patch)
    return alone[name]


ORDERS: Sequence[Sequence[str]] = (
    ["large", "two", "small", "busy", "big", "killed", "big", "small machine", "full", "big"],
    ["plugins, broken", "plugins", "plugins, none", "plugins", "plugins, broken"],
    ["optional", "optional, broken", "optional, there", "optional", "dynamic, gone", "dynamic",
     "dynamic, broken", "dynamic"],
    ["hides nothing", "hides", "hides nothing", "metadata", "metadata, gone", "lists",
     "lists, marked", "lists", "path", "path, gone", "path"],
    ["plain", "two", "large", "plain", "unstripped", "small", "value", "no value", "value"],
)  # fmt: skip


def shuffled(seed: int, count: int = 12) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - the order of a test
    return [chance.choice(sorted(LAYERS)) for _ in range(count)]


# Each takes a third of a minute: the first one in each run, all in the long one.
SERIES = [*ORDERS, *(shuffled(seed) for seed in range(2))]


@pytest.mark.parametrize(
    "order", [SERIES[0], *(pytest.param(x, marks=pytest.mark.long) for x in SERIES[1:])],
    ids=["machine", "plugins", "optional", "met by all", "settings", "random 0", "random 1"],
)  # fmt: skip
def test_each_ends_as_from_an_empty_store(
    order: Sequence[str], alone: dict[str, End], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whatever was built before: too large, timed out, killed, out of memory, with other
    settings."""
    shared = tmp_path / "shared"
    shared.mkdir()
    wanted = [from_empty(alone, name, tmp_path / "alone") for name in order]
    handmade_layers.project(shared, monkeypatch)
    found = [end(shared, name, monkeypatch) for name in order]
    known = from_empty(alone, "big", tmp_path / "alone")
    for number, name in enumerate(order):
        # what was proven of the same bytes need not be tried on a machine that has no room for it
        allowed = [wanted[number], *([known] if LAYERS[name].machine else [])]
        assert found[number] in allowed, (number, name)


@pytest.fixture(autouse=True)
def _the_state_is_seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And gone when a test ends."""
    seen = isolation.seen_by
    monkeypatch.setattr(isolation, "seen_by", lambda program: [*seen(program), STATE.parent])
    STATE.parent.mkdir()
    yield
    shutil.rmtree(STATE.parent)


def test_the_series_has_good_and_bad_ends(alone: dict[str, End], tmp_path: Path) -> None:
    """Or it would show nothing."""
    bad = ("dynamic, gone", "optional, broken", "plugins, broken", "hides", "busy", "no value")
    good = ("dynamic", "optional", "plugins", "hides nothing", "big", "value")
    ends = {name: from_empty(alone, name, tmp_path) for name in (*bad, *good)}
    assert [name for name in bad if ends[name][0] != "VerifyError"] == []
    assert [name for name in good if ends[name][0] == "VerifyError"] == []
    assert not [*paths.STORE.glob("nothing")]
