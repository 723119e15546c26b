"""verify: what a package meets in Lambda and not elsewhere; each end has its true reason."""

import base64
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.proof import verdict
from tasks.settings import paths
from tasks.settings.model import Settings
from tests import handmade_layers
from tests.handmade_layers import build, lay, lay_wheels, refused

HOME = "import pathlib\n(pathlib.Path.home() / '.cache').mkdir(exist_ok=True)\n"
MAKES_HOME = "import os\nos.makedirs(os.path.expanduser('~/.cache/x'), exist_ok=True)\n"
LOCK = "import multiprocessing\nL = multiprocessing.Lock()\n"
VARIABLE = "import os\nURL = os.environ['PKG_DATABASE_URL']\n"
OTHER_WORDS = (
    "import os\nif not os.getenv('PKG_TOKEN'):\n"
    "    raise RuntimeError('set the environment variable PKG_TOKEN')\n"
)
WRITES = "import pathlib\npathlib.Path(__file__).with_name('cache.json').write_text('{}')\n"
CONNECTS = "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)\n"
USER = "import getpass, os, pwd\nassert getpass.getuser() == pwd.getpwuid(os.getuid()).pw_name\n"
NO_HOME = "import os\nCACHE = os.path.join(os.environ['HOME'], '.cache')\n"
HOME_BY_NAME = "import os, pwd\nopen(pwd.getpwuid(os.getuid()).pw_dir + '/.aa', 'w')\n"
PROGRAM = "import subprocess\nsubprocess.check_output(['git', '--version'])\n"
PROGRAM_BY_PATH = "import subprocess\nsubprocess.check_output(['/usr/bin/git', '--version'])\n"
SHELL = "import subprocess\nsubprocess.check_output('git --version', shell=True)\n"
CAUGHT = """import subprocess
try:
    subprocess.run(['git'])
except OSError:
    pass
raise ImportError('Bad git executable.')
"""
MANY_FILES = "import os\nL = [os.open('/dev/null', 0) for _ in range(1100)]\n"
MEMORY = "raise MemoryError\n"
SLOW = "import time\ntime.sleep(600)\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return handmade_layers.project(tmp_path, monkeypatch)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return handmade_layers.listen(monkeypatch)


# ---- what an import wants, and Lambda has not ---------------------------------------------------


@pytest.mark.parametrize(
    ("code", "seen", "why", "fix"),
    [
        (HOME, "/home/sbx_user1051", "home directory, which cannot be made", 'HOME = "/tmp"'),
        (MAKES_HOME, "/home/sbx_user1051", "home directory, which cannot", 'HOME = "/tmp"'),
        (LOCK, "pkg: ", "OSError: [Errno 38] Function not implemented", "multiprocessing.Pipe"),
        (NO_HOME, "KeyError: 'HOME'", "HOME, which Lambda does not set", 'set HOME = "/tmp"'),
        (VARIABLE, "KeyError: 'PKG_DATABASE_URL'", "environment variable PKG_DATABASE_URL",
         'proof-env = {PKG_DATABASE_URL = "…"}'),
        (OTHER_WORDS, "RuntimeError: set the", "environment variable PKG_TOKEN",
         'proof-env = {PKG_TOKEN = "…"}'),
        (WRITES, "Read-only file system: '/opt/python/pkg/cache.json'",
         "a layer is read-only in Lambda", "environment_variables"),
        (CONNECTS, "ConnectionRefusedError", "import test has no network", "connects only when"),
        (HOME_BY_NAME, "/home/sbx_user1051/.aa", "home directory, which cannot", 'HOME = "/tmp"'),
        (PROGRAM, "directory: 'git'", "the program git, and Lambda's image has none", "starts git"),
        (PROGRAM_BY_PATH, "'/usr/bin/git'", "the program git, and", "starts git"),
        (SHELL, "status 127", "the program git, and", "starts git"),
        (CAUGHT, "Bad git executable", "the program git, and", "starts git"),
        (MANY_FILES, "Too many open files", "than the 1,024", "opens fewer"),
        (MEMORY, "MemoryError", "not enough memory", "more memory"),
        ("import ctypes\nctypes.CDLL('libcrypt.so.1')\n", "OSError: libcrypt.so.1: cannot open",
         "Lambda's image has no libcrypt.so.1", "auditwheel repair"),
        ("import tkinter\n", "No module named '_tkinter'", "no tkinter", "only when it is used"),
        ("import libwanted\n", "No module named 'libwanted'", "libwanted is in no package of",
         "add the missing package"),
    ],
    ids=["home", "makes home", "shared memory", "no home", "variable",
         "variable in other words", "layer", "network", "home by name", "program",
         "program by path", "shell", "program, error caught",
         "many files", "memory", "this machine's library", "tkinter", "package"],
)  # fmt: skip
def test_an_import_that_lambda_would_refuse(
    settings: Settings, code: str, seen: str, why: str, fix: str
) -> None:
    """It is refused here, with what was seen, why, and the way out that fits."""
    lay(settings, {"pkg/__init__.py": code})
    found = refused(settings)
    assert seen in found.problem
    assert why in found.problem
    assert "seen in this machine's Python" in found.problem
    assert fix in found.fix
    assert "pin versions" not in found.fix


def test_a_variable_of_config_json_is_not_the_proofs(settings: Settings) -> None:
    """Which the way out says."""
    lay(settings, {"pkg/__init__.py": VARIABLE})
    given = {"environment_variables": {"PKG_DATABASE_URL": "x"}}
    paths.CHALICE_CONFIG.parent.mkdir(exist_ok=True)
    text = json.dumps({"app_name": "a", "stages": {settings.stage: given}})
    paths.CHALICE_CONFIG.write_text(text, encoding="utf-8")
    assert "PKG_DATABASE_URL of .chalice/config.json is the function's" in refused(settings).fix
    assert not Path("/home/sbx_user1051").exists()


def test_the_user_and_the_programs_that_lambda_has_are_there(settings: Settings) -> None:
    """The user by name, a shell's usual tools, the function's own Python."""
    tools = ("sh", "bash", "ls", "awk", "sed", "grep", "env", "uname", "python3")
    code = f"{USER}import shutil, subprocess\nassert all(map(shutil.which, {tools!r}))\n"
    code += "assert subprocess.check_output(['/usr/bin/env', 'python3', '-c', 'print(1)'])\n"
    lay(settings, {"pkg.py": code})
    assert build(settings).modules == 1


def test_the_runtimes_sdk_is_there(settings: Settings) -> None:
    """Behind the layer, which may have its own."""
    code = "import os, sys, boto3, dateutil\nRUNTIME = os.environ['LAMBDA_RUNTIME_DIR']\n"
    code += (
        "assert boto3.__file__.startswith(RUNTIME)\nassert 'opt' not in boto3.__file__.split('/')\n"
    )
    code += (
        "runtime, standard = (sys.path.index(p) for p in (RUNTIME, os.path.dirname(os.__file__)))\n"
    )
    code += "assert runtime < standard\n"
    lay(settings, {"pkg.py": code})
    assert build(settings).modules == 1
    lay_wheels(settings, {
        "boto3": {"boto3/__init__.py": "OURS = True\n"},
        "user": {"user.py": "import boto3\nboto3.OURS\n"},
    })  # fmt: skip
    assert build(settings).modules == 2


def test_what_lay_behind_the_layer_may_come_to_lie_in_it(settings: Settings) -> None:
    """A proof with the runtime's module holds for no layer that brings its own. Nothing but the
    test itself knows that this one is imported."""
    code = "import importlib\nassert importlib.import_module('url' + 'lib3').PoolManager\n"
    lay_wheels(settings, {"user": {"user.py": code}})
    assert build(settings).modules == 1
    own = {"urllib3": {"urllib3/__init__.py": "", "urllib3/more.py": ""}}
    lay_wheels(settings, {"user": {"user.py": code}, **own})
    assert "has no attribute 'PoolManager'" in refused(settings).problem


def test_what_wants_a_library_is_said_though_the_package_imports(
    settings: Settings, said: list[str]
) -> None:
    """Of a module that people import by its own name, as pyzbar's."""
    code = "raise ImportError('Unable to find zbar shared library')\n"
    lay(settings, {"pkg/__init__.py": "", "pkg/inner.py": code})
    assert build(settings).modules_that_never_imported == 1
    assert any("a module of pkg cannot be imported in Lambda: pkg.inner: Impo" in x for x in said)


@pytest.mark.parametrize(
    "name", ["AWS_DEFAULT_REGION", "AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "LAMBDA_TASK_ROOT",
             "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "TZ", "_HANDLER",
             "AWS_XRAY_DAEMON_ADDRESS", "AWS_XRAY_CONTEXT_MISSING", "AWS_LAMBDA_LOG_FORMAT",
             "PYTHONPATH", "LD_LIBRARY_PATH"]
)  # fmt: skip
def test_what_every_function_finds_in_its_environment(settings: Settings, name: str) -> None:
    """boto3 wants a region, for example."""
    lay(settings, {"pkg/__init__.py": f"import os\nX = os.environ[{name!r}]\n"})
    assert build(settings).modules == 1


def test_what_no_function_finds_in_its_environment(settings: Settings) -> None:
    """What a machine, bubblewrap or an engine sets of its own. PWD and SHLVL are those that the
    runtime's script leaves, as functions printed them. The host's name is an address."""
    code = (
        "import os\nassert not {'HOME', 'TMPDIR', 'HOSTNAME', 'TERM', 'USER'} & {*os.environ}\n"
        "assert (os.environ['PWD'], os.environ['SHLVL']) == ('/var/task', '0')\n"
        "assert os.path.expanduser('~') == '/home/sbx_user1051'\n"
        "import socket\nassert socket.gethostbyname(socket.gethostname()) == '169.254.76.1'\n"
    )
    lay(settings, {"pkg/__init__.py": code})
    assert build(settings).modules == 1


def test_an_import_begins_as_in_a_function(settings: Settings) -> None:
    """With a log handler, its folder first on the path, and the layer before anything else."""
    code = (
        "import logging, os, sys\n[handler] = logging.getLogger().handlers\n"
        "from awslambdaric import bootstrap\n"
        "assert type(handler) is bootstrap.LambdaLoggerHandler, handler\n"
        "assert type(sys.stdout) is type(sys.stderr) is bootstrap.Unbuffered\n"
        "import __main__\nassert __main__.awslambdaricmain.bootstrap is bootstrap\n"
        "record = logging.LogRecord('x', 30, 'f', 1, 'said', (), None)\n"
        "handler.filter(record)\nassert handler.format(record).endswith('Z\\t\\tsaid\\n')\n"
        "task, *layers, runtime = sys.path[:4]\nassert task == '/var/task'\n"
        "assert layers[1].endswith('/opt/python')\n"
        "assert layers[0].startswith(layers[1] + '/lib/python')\n"
        "assert runtime == os.environ['LAMBDA_RUNTIME_DIR']\n"
    )
    lay(settings, {"pkg/__init__.py": code})
    assert build(settings).modules == 1


@pytest.mark.parametrize(
    ("sizes", "words"),
    [((64,), "no function of the stage has more than 64 MB"),
     ((64, 512), "a function of the stage has 64 MB"), ((512,), "")],
)  # fmt: skip
def test_an_import_that_takes_more_memory_than_a_function_has(
    settings: Settings, said: list[str], sizes: tuple[int, ...], words: str
) -> None:
    """More than any has: an error; more than some: a warning. What is given back counts, too."""
    lay(settings, {"pkg/__init__.py": "x = b'x' * (100 << 20)\ndel x\n"})
    each = {f"f{size}": {"lambda_memory_size": size} for size in sizes}
    stages = {settings.stage: {"lambda_memory_size": sizes[0], "lambda_functions": each}}
    config = {"version": "2.0", "app_name": "a", "stages": stages}
    paths.CHALICE_CONFIG.parent.mkdir(exist_ok=True)
    paths.CHALICE_CONFIG.write_text(json.dumps(config), encoding="utf-8")
    if len(sizes) == 1 and words:
        error = refused(settings)
        assert words in error.problem
        assert "raise lambda_memory_size" in error.fix
        return
    build(settings)
    warned = [line for line in said if " MB of memory" in line]
    assert [words in line for line in warned] == [True] * bool(words)


def test_a_value_of_the_proof_is_given(settings: Settings) -> None:
    """And part of what the proof rests on: without it, it is refused again."""
    lay(settings, {"pkg/__init__.py": VARIABLE})
    given = replace(settings, proof_env=("PKG_DATABASE_URL=postgres://proof=1",))
    assert build(given).modules == 1
    assert "PKG_DATABASE_URL" in refused(settings).problem


@pytest.mark.parametrize(
    "code", [HOME, LOCK, VARIABLE, WRITES, CONNECTS, "import sys\nsys.exit(3)\n", "input('?')\n"]
)
def test_a_module_that_nobody_imports_may_fail(settings: Settings, code: str) -> None:
    """As it did before pruning."""
    lay(settings, {"pkg/__init__.py": "", "pkg/cli.py": code})
    record = build(settings)
    assert (record.modules, record.modules_that_never_imported) == (1, 1)


# ---- time ---------------------------------------------------------------------------------------


def test_a_time_out_is_an_error_of_its_own(settings: Settings) -> None:
    """Said with the seconds, twice, and the setting; nothing of it is kept."""
    lay(settings, {"pkg/__init__.py": SLOW, "pkg/inner.py": ""})
    found = refused(replace(settings, proof_timeout=1))
    assert "pkg: no end after 1 s" in found.problem
    assert "nor in another 1 s when nothing else ran" in found.problem
    assert "does not import" not in found.problem
    assert "proof-timeout" in found.fix
    assert "pin versions" not in found.fix
    assert not [*Path("build/store").glob("proofs/*")]


def test_more_time_is_enough(
    settings: Settings, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was too slow before is proven, in the same checkout; what Lambda's first ten seconds are
    too short for is said."""
    monkeypatch.setattr(verdict, "INIT_SECONDS", 2)
    lay(settings, {"pkg/__init__.py": "import time\ntime.sleep(3)\n"})
    assert "no end after 1 s" in refused(replace(settings, proof_timeout=1)).problem
    assert build(replace(settings, proof_timeout=30)).modules == 1
    [line] = [line for line in said if "importing pkg took" in line]
    assert "after 2 s" in line


def test_a_slow_module_that_nobody_imports_is_a_warning(
    settings: Settings, said: list[str]
) -> None:
    """It is no proof, and so not kept: the next build tries again."""
    lay(settings, {"pkg/__init__.py": "", "pkg/serve.py": SLOW})
    assert build(replace(settings, proof_timeout=1)).modules == 1
    assert any("warning: pkg.serve was not tested: no end after 1 s" in line for line in said)
    assert not [*Path("build/store").glob("proofs/*")]


# ---- modules with the names of others -----------------------------------------------------------


def test_a_module_that_breaks_what_it_hides_is_named(settings: Settings) -> None:
    """With its distribution, and who fails for it; also where that one came later."""
    code = "import secrets\nTOKEN = secrets.token_hex()\n"
    lay_wheels(settings, {"user": {"user.py": code}})
    assert build(settings)
    lay_wheels(settings, {"user": {"user.py": code}, "hbsecrets": {"secrets.py": "x = 1\n"}})
    found = refused(settings)
    assert "secrets of hbsecrets hides the standard library's secrets" in found.problem
    assert "user" in found.problem
    assert "leave out hbsecrets" in found.fix
    assert 'drop = ["secrets.py", "secrets/**"]' in found.fix


def test_a_module_that_fails_itself_is_named(settings: Settings) -> None:
    lay_wheels(settings, {"hbqueue": {"queue.py": "raise RuntimeError('not that queue')\n"}})
    assert "queue of hbqueue hides the standard library's queue" in refused(settings).problem


@pytest.mark.parametrize("name", ["pathlib", "typing", "dataclasses", "uuid", "asyncio", "ssl"])
def test_what_the_runtime_has_not_imported_is_hidden(settings: Settings, name: str) -> None:
    """Though this tool's own scripts use some of these."""
    lay_wheels(settings, {"old": {f"{name}/__init__.py": "from nowhere import gone\n"}})
    assert f"{name} of old hides the standard library's {name}" in refused(settings).problem


def test_a_module_that_breaks_nothing_is_a_warning(settings: Settings, said: list[str]) -> None:
    """It says what it lacks."""
    lay_wheels(settings, {"hbsecrets": {"secrets.py": "class X: pass\n"}})
    assert build(settings)
    (line,) = [line for line in said if "secrets" in line]
    assert line.startswith("warning: module secrets of hbsecrets has the name of a standard one")
    assert "SystemRandom" in line


def test_what_the_runtime_has_imported_cannot_be_hidden(
    settings: Settings, said: list[str]
) -> None:
    """As enum34's enum: never used, and said."""
    lay_wheels(settings, {
        "enum34": {"enum/__init__.py": "raise RuntimeError('python 2')\n"},
        "user": {"user.py": "import enum\nE = enum.StrEnum\n"},
    })  # fmt: skip
    assert build(settings)
    (line,) = [line for line in said if "enum34" in line]
    assert "module enum of enum34 has the name of a standard one" in line
    assert "never used" in line


@pytest.mark.parametrize("name", ["math", "sys", "itertools", "os", "zipimport"])
def test_built_in_modules_are_found_before_any_path(
    settings: Settings, said: list[str], name: str
) -> None:
    """Nothing hides them: no word."""
    lay_wheels(settings, {"old": {f"{name}/__init__.py": "raise RuntimeError\n", "old.py": ""}})
    assert build(settings)


def test_modules_of_the_app_and_of_the_runtime_are_named(
    settings: Settings, said: list[str]
) -> None:
    """The app's own files win over the layer; which of the runtime's, nobody should rest on."""
    Path("app.py").write_text("", encoding="utf-8")
    lay_wheels(settings, {
        "hbapp": {"app.py": "x = 1\n", "chalicelib/__init__.py": ""},
        "hbfn": {"lambda_function.py": "", "bootstrap.py": ""},
    })  # fmt: skip
    build(settings)
    assert any("module app of hbapp has the name of the app's own" in line for line in said)
    assert not any("chalicelib of hbapp" in line for line in said)
    for name in ("bootstrap", "lambda_function"):
        assert any(f"{name} of hbfn has the name of one of Lambda's runtime" in s for s in said)


def test_a_namespace_that_one_closes_is_said(settings: Settings, said: list[str]) -> None:
    """The others of it are named, too."""
    lay_wheels(settings, {
        "nsa": {"ns/a/__init__.py": "x = 1\n"}, "nsb": {"ns/b.py": "x = 2\n"},
        "nsbad": {"ns/__init__.py": "", "ns/c.py": "x = 3\n"},
    })  # fmt: skip
    build(settings)
    (line,) = [line for line in said if "namespace" in line]
    assert "ns is a namespace of nsa, nsb, and nsbad closes it with ns/__init__.py" in line


def test_a_namespace_that_stays_open_is_none_to_speak_of(
    settings: Settings, said: list[str]
) -> None:
    """Without __init__.py, or with one that extends its path."""
    extends = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
    lay_wheels(settings, {
        "nsa": {"ns/a/__init__.py": "", "old/__init__.py": extends, "old/a.py": ""},
        "nsb": {"ns/b.py": "", "old/b.py": ""},
    })  # fmt: skip
    build(settings)
    assert not any("namespace" in line for line in said)


# ---- files of all kinds -------------------------------------------------------------------------


def test_pth_files_are_read_as_lambda_reads_them(settings: Settings) -> None:
    """Its bootstrap adds the layer as a site directory: folders they name, lines they run."""
    lay_wheels(settings, {
        "pth": {"inner/pth_mod.py": "x = 1\n", "pth.pth": "inner\n"},
        "pth2": {"pth2.py": "ON = False\n", "pth2.pth": "import pth2; pth2.ON = True\n"},
        "user": {"user.py": "import pth_mod, pth2\nassert pth2.ON\n"},
    })  # fmt: skip
    assert build(settings).modules_that_never_imported == 0


def test_what_is_no_valid_python_is_skipped_and_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 2's print, a NUL byte, another encoding: the package is good all the same."""
    files: dict[str, str | bytes] = {
        "pkg/__init__.py": "x = 1\n",
        "pkg/old.py": "print 'x'\n",
        "pkg/nul.py": b"x = 1\0\n",
        "pkg/latin.py": b"x = '\xe4'\n",
    }
    lay(settings, files)
    from tasks.steps import optimize

    said: list[str] = []
    monkeypatch.setattr(optimize, "say", said.append)
    record = build(settings)
    assert (record.modules, record.modules_that_never_imported) == (1, 3)
    assert any("3 files not valid Python" in line for line in said)
    assert any(line == "without bytecode: pkg/nul.py" for line in said)


def test_files_that_work_in_a_layer(settings: Settings) -> None:
    """Sourceless modules, programs, unusual names and modes; each is used as it is imported."""
    sourceless = base64.b64decode(compiled())
    code = (
        "import pathlib, subprocess\nhere = pathlib.Path(__file__).parent\n"
        "from .core import f\nassert f() == 42\n"
        "assert subprocess.check_output([here / 'tool']) == b'ok\\n'\n"
        "assert (here / '데이터' / 'é ü.txt').read_text() == 'ok'\n"
        "assert (here / 'a b' / '[x]*.txt').read_text() == 'x'\n"
    )
    lay(settings, {
        "pkg/__init__.py": code, "pkg/core.pyc": sourceless, "pkg/tool": "#!/bin/sh\necho ok\n",
        "pkg/데이터/é ü.txt": "ok", "pkg/a b/[x]*.txt": "x",
    }, programs=["pkg/tool"])  # fmt: skip
    assert build(settings).modules == 1


def compiled() -> bytes:
    """A sourceless module of this Python, as base64."""
    import importlib.util
    import marshal

    code = marshal.dumps(compile("def f(): return 42\n", "core.py", "exec"))
    return base64.b64encode(importlib.util.MAGIC_NUMBER + bytes(12) + code)


def test_the_preload_is_the_runtimes(settings: Settings) -> None:
    """What a module finds in sys.modules as it is imported: none of this tool's own imports."""
    names = ("pathlib", "selectors", "ctypes", "runpy", "subprocess", "importlib.metadata")
    code = (
        f"import sys\nfound = [n for n in {names!r} if n in sys.modules]\nassert not found, found\n"
    )
    code += "import importlib\nassert not hasattr(importlib, 'metadata')\n"
    lay(settings, {"pkg.py": code})
    assert build(settings).modules == 1
    assert sys.version_info >= (3, 12)
