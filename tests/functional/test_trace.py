"""`trace`: a command runs on what was installed; what it opened stays whatever rules say."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer import builder, input_hash
from tasks.layer.prune.plan import read_plans
from tasks.proof import trace
from tasks.settings import paths
from tasks.settings.model import Settings
from tasks.settings.step_records import PruneRecord
from tasks.steps import prune
from tasks.util.errors import BuildError, SettingsError
from tests import handmade_layers

NAMES = "'.'.join(['HISTORY', 'm' + 'd'])"  # no look at the code finds this name
PKG = {
    "pkg/__init__.py": "",
    "pkg/read.py": f"import os\nTEXT = open(os.path.dirname(__file__) + '/' + {NAMES}).read()\n",
    "pkg/HISTORY.md": "text",
    "pkg/CHANGES.md": "text",
    "pkg/never/__init__.py": "",
    "pkg/never/large.py": f"X = {'x' * 30_000!r}\n",
    "pkg/tests/data.py": "X = 1\n",
    "pkg/tests/test_x.py": "X = 1\n",
}
TEST = """import importlib, subprocess, sys, unittest
class Test(unittest.TestCase):
    def test_it(self):
        import app
        self.assertEqual(app.TEXT, "text")
        code = "import importlib; importlib.import_module('pkg.' + 'tests.data')"
        subprocess.run([sys.executable, "-c", code], check=True)
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A layer with two files that rules take, and an app that reads them."""
    found = handmade_layers.project(tmp_path, monkeypatch)
    Path("app.py").write_text("from pkg.read import TEXT\n", encoding="utf-8")
    Path("test_app.py").write_text(TEST, encoding="utf-8")
    handmade_layers.lay(found, PKG)
    return replace(found, trace="python -m unittest test_app.py")


def pruned(settings: Settings) -> PruneRecord:
    return prune.run(settings, lambda: builder.choose(settings))


def test_what_a_command_opens_stays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each process that it starts; modules that it never imported are offered, with bytes. It
    runs once for the same inputs."""
    taken = {"pkg/HISTORY.md", "pkg/CHANGES.md", "pkg/tests/data.py", "pkg/tests/test_x.py"}
    assert left_out(replace(settings, trace="")) >= taken
    said: list[str] = []
    monkeypatch.setattr(trace, "say", said.append)
    record = pruned(settings)
    assert left_out(settings) & taken == {"pkg/CHANGES.md", "pkg/tests/test_x.py"}
    assert record.spared["markdown"] == {"pkg/HISTORY.md": "the trace opened it"}
    assert record.unused == {"pkg/never/**/*.py": len(PKG["pkg/never/large.py"])}
    assert len([line for line in said if line.startswith("tracing")]) == 1
    assert handmade_layers.build(replace(settings, drop=tuple(record.unused))).modules == 3


def test_sources_that_a_command_reads_stay(settings: Settings) -> None:
    """Beside bytecode alone: what was only imported goes as that. However it is read."""
    reads = "import importlib, sys, inspect\nmodule = importlib.import_module('pkg.' + 'read')\n"
    how = "getattr(inspect, 'get' + 'source')(module)\n"  # no look at the code finds this word
    Path("run.py").write_text(reads + how, encoding="utf-8")
    only = replace(settings, bytecode="only", trace="run.py")
    pruned(only)
    [plan] = read_plans(paths.plan(only))
    assert "pkg/__init__.py" in plan.only
    assert "pkg/read.py" not in plan.only


LAUNCHED = {
    # as opentelemetry-instrument: a sitecustomize of its own comes first
    "own sitecustomize": "open(own + '/sitecustomize.py', 'w').close()\n"
    "env = {**os.environ, 'PYTHONPATH': own + ':' + os.environ['PYTHONPATH']}\n"
    "subprocess.run([sys.executable, '-c', 'import pkg.read'], env=env, check=True)\n",
    "folder that is gone": "os.chdir(own)\nos.rmdir(own)\nimport pkg.read\n"
    "open('/dev/null').close()\n",
    "closed files": "os.closerange(3, 100)\nimport pkg.read\n",
}


@pytest.mark.parametrize("how", LAUNCHED)
def test_a_command_runs_as_it_does_without(settings: Settings, how: str) -> None:
    """And is seen, whatever it does to itself."""
    begins = "import os, subprocess, sys, tempfile\nown = tempfile.mkdtemp()\n"
    Path("run.py").write_text(begins + LAUNCHED[how], encoding="utf-8")
    assert "pkg/HISTORY.md" not in left_out(replace(settings, trace="run.py"))


def left_out(settings: Settings) -> set[str]:
    pruned(settings)
    plans = read_plans(paths.plan(settings))
    return PKG.keys() - {path for each in plans for path in each.stay}


def test_a_drop_of_ones_own_wins(settings: Settings) -> None:
    """The proof says what comes of it."""
    assert "pkg/HISTORY.md" in left_out(replace(settings, drop=("pkg/HISTORY.md",)))


def test_what_it_runs_decides_the_input_hash(settings: Settings) -> None:
    """A layer without a trace has the hash that it always had."""
    plain = input_hash.parts(replace(settings, trace=""), "host")
    assert "trace" not in plain
    seen = {input_hash.parts(settings, "host")["trace"]}
    Path("app.py").write_text("import pkg\n", encoding="utf-8")
    seen.add(input_hash.parts(settings, "host")["trace"])
    seen.add(input_hash.parts(replace(settings, trace="test_app.py"), "host")["trace"])
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("python -c 'raise SystemExit(\"mine\")'", "mine"),
        ("no-such-program", "No such file or directory"),
        ("python -c 'pass'", "opened nothing of the layer"),
        ("python -c 'import time; time.sleep(60)'", "did not end in 1 s"),
    ],
)
def test_a_command_that_does_not_do_it(settings: Settings, command: str, why: str) -> None:
    """One error, with the command; nothing is pruned by half of a trace."""
    with pytest.raises(BuildError) as caught:
        pruned(replace(settings, trace=command, check_timeout=1))
    assert why in caught.value.problem
    assert "trace" in caught.value.fix
    assert not paths.record(settings, "prune").exists()


@pytest.mark.parametrize(
    ("command", "why"), [("check", "there is no check"), ("python 'x", "No closing quotation")]
)
def test_a_command_that_is_none(settings: Settings, command: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        pruned(replace(settings, trace=command))


def test_the_check_can_be_traced(settings: Settings) -> None:
    """By its name, whether it is a file or a module."""
    Path("check.py").write_text("import pkg.read\n", encoding="utf-8")
    assert "pkg/HISTORY.md" not in left_out(replace(settings, trace="check", check="check.py"))
    assert "pkg/HISTORY.md" not in left_out(replace(settings, trace="check", check="pkg.read"))
