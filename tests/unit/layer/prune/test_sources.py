"""tasks/layer/prune/sources.py: which modules can do without their sources."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from tasks.layer.installed import Installed
from tasks.layer.prune import sources
from tasks.layer.prune.dist_info import cut_down
from tasks.layer.prune.globs import matcher
from tests import handmade_layers

INFO = "pkg-1.0.dist-info/METADATA"
PLAIN = {"pkg/__init__.py": "x = 1\n", "pkg/a.py": "import os\n", "pkg/b/__main__.py": "x = 1\n"}


def choose(root: Path, files: dict[str, str], *keep: str) -> tuple[set[str], dict[str, str]]:
    """(what goes as bytecode alone, why a distribution keeps its sources)"""
    found = sources.choose(handmade_layers.tree(root, files), files, matcher(keep))
    return {*found.only}, dict(found.why)


def test_modules_go_as_bytecode(tmp_path: Path) -> None:
    """And what is run by its name."""
    assert choose(tmp_path, PLAIN | {INFO: "Name: pkg\nLicense: MIT\n"}) == ({*PLAIN}, {})


@pytest.mark.parametrize(
    "text",
    [
        "import inspect\ntext = inspect.getsource(f)\n",
        "from inspect import getsourcelines\ngetsourcelines(f)\n",
        "with open(inspect.getsourcefile(f)) as file: pass\n",
        "import linecache\nlinecache.getlines(f)\n",
        "text = __loader__.get_source(__name__)\n",
        "open(__file__).read()\n",
        "io.open( __file__, 'rb')\n",
        "Path(__file__).read_text()\n",
        "@numba.njit(parallel=True, cache=True)\ndef f(): pass\n",
        "from numba import *\n@vectorize(['f8(f8)'], cache = True)\ndef f(x): pass\n",
        "print 'getsource', inspect.getsource(f)\n",
        "for f in os.listdir(here):\n    if f.endswith('.py'): load(f)\n",
        "for f in here.glob('*.py'): load(f)\n",
        "for f in os.listdir(here):\n    if re.match(r'^([a-z]\\w*)\\.py$', f): load(f)\n",
        "runpy.run_path(str(Path(__file__).with_name(name + '.py')))\n",
        "SourceFileLoader(name, os.path.join(os.path.dirname(__file__), name + '.py'))\n",
        "spec_from_file_location(name, Path(__file__).parent / f'{name}.py')\n",
        "files(__name__)  # importlib.resources\nopen('%s.py' % name)\n",
        "CONF = __file__[:-3] + '.json'\n",
        "open(__file__.replace('.py', '.sql'))\n",
        "with tokenize.open(other.__file__) as file: pass\n",
        "tree = ast.parse(open(spec.origin).read())\n",
        "open(sys.modules[name].__spec__.origin)\n",
        "text = Path(inspect.getfile(f)).read_text()\n",
        "linecache\nopen(frame.f_code.co_filename)\n",
        "spec.loader.get_source('pkg.a')\n",
        "spec.loader.get_source()\n",
        "ConfigDict(use_attribute_docstrings=True)\n",
        "text = (HERE / f'{name}.py').read_text()\n",
        "(Path(__file__).parent / '__init__.py').read_text()\n",
        "with open(os.path.join(here, '__init__.py')) as file: pass\n",
        "unittest.TestLoader().discover(here)\n",
        "open(inspect.getfile(type(self))[:-3] + '.yaml')\n",
        "path = sys.modules[name].__file__\nwith open(path) as file: pass\n",
        "ME = Path(__file__).resolve()\ntext = ME.read_text()\n",
        "_f = os.path.abspath(__file__)\nast.parse(open(_f).read())\n",
        "open(re.sub(r'\\.py$', '.txt', __file__))\n",
        "import inspect\ninspect.getcomments(f)\n",
        "path = importlib.util.find_spec('pkg.a').origin\nwith tokenize.open(path) as f: pass\n",
        "with open(spec.origin, 'rb') as file: pass\n",
        "path = inspect.getsourcefile(f)\nwith open(path) as file: pass\n",
        "path = inspect.getfile(f)\ntext = open(path).read()\n",
        "path = f.__code__.co_filename\nast.parse(open(path).read())\n",
        "NAME = os.path.basename(__file__).replace('.py', '')\n",
        "NAME = os.path.basename(__file__)[:-3]\n",
        "NAME = Path(__file__).name.removesuffix('.py')\n",
        "if os.path.exists(os.path.join(ROOT, name + '.py')): pass\n",
        "import zipfile\nzipfile.PyZipFile(file, 'w').writepy(here)\n",
        "import pytest\npytest.register_assert_rewrite('pkg.helpers')\n",
        # python-dotenv 1.0.0, and others that look for who called
        "here = __file__\nwhile frame.f_code.co_filename == here: frame = frame.f_back\n",
        "while frame.f_code.co_filename == __file__: frame = frame.f_back\n",
        "skip = [f for f in inspect.stack() if f.filename != __file__]\n",
        "name = f.f_code.co_filename\nwhile name in (__file__, other): pass\n",
        "_ME = os.path.normcase(__file__)\nif _ME == f.f_code.co_filename: pass\n",
        "if not os.path.exists(frame.f_code.co_filename): pass\n",
        "stamp = os.path.getmtime(f.__code__.co_filename)\n",
        "path = f.__code__.co_filename\nstamp = os.stat(path).st_mtime\n",
        # it sends itself away
        "shutil.copy(__file__, folder)\n",
        "context.addPyFile(__file__)\n",
        "import zipfile\nwith zipfile.ZipFile(f, 'w') as z: z.write(__file__)\n",
        "import shutil\nshutil.make_archive('x', 'zip', os.path.dirname(__file__))\n",
        "import shutil\nHERE = Path(__file__).parent\nshutil.copytree(HERE, folder)\n",
        "import zipfile\nHERE = Path(__file__).parent\nfor p in HERE.rglob('*'): z.write(p)\n",
        "import zipfile\nfor p in Path(__file__).parent.rglob('*'): z.write(p)\n",
        "import tarfile\nfor top, _, names in os.walk(os.path.dirname(__file__)): t.add(top)\n",
        # the line that called it
        "import inspect\ntext = inspect.stack()[1].code_context[0]\n",
        "import inspect\ntext = inspect.stack()[1][4][0]\n",
        "from inspect import getframeinfo\ntext = getframeinfo(frame).code_context\n",
        "import traceback\ntext = traceback.extract_stack()[-2].line\n",
        "import traceback\nfile, line, name, text = traceback.extract_stack()[-2]\n",
        # pysnmp's smi/builder.py, which loads MIBs
        "import importlib.machinery\nSUFFIXES = importlib.machinery.SOURCE_SUFFIXES\n",
        "from importlib.machinery import BYTECODE_SUFFIXES, SOURCE_SUFFIXES\n",
        "import imp\nends = [e for e, _, kind in imp.get_suffixes() if kind == imp.PY_SOURCE]\n",
        "from importlib import machinery\nends = tuple(machinery.all_suffixes())\n",
        "import runpy\nhere = os.path.dirname(__file__)\nrunpy.run_path(path)\n",
        "from runpy import run_path\nfor f in os.listdir(here): run_path(f)\n",
        "for f in os.listdir(here):\n    if re.match(r'(\\w+)_check\\.py$', f): load(f)\n",
        # hooks of the import
        "class Loader(Base):\n    def source_to_code(self, data, path): pass\n",
        "from importlib.machinery import SourceFileLoader\nclass L(SourceFileLoader): pass\n",
    ],
)
def test_code_that_reads_sources_keeps_those_of_its_distribution(tmp_path: Path, text: str) -> None:
    """It says which module does."""
    only, why = choose(tmp_path, PLAIN | {"pkg/c.py": text})
    assert only == set()
    assert why["pkg"].endswith("(pkg/c.py)")


@pytest.mark.parametrize(
    "text",
    [
        "import linecache\nlinecache.cache[name] = lines\n",
        "'''\n>>> inspect.getsource(f)\n'''\n",
        "GONE = {'source': 'Use `inspect.getsource` instead.'}\n",
        "name = inspect.getsourcefile(f)\n",
        "template.get_source(environment, name)\n",
        "here = os.path.dirname(__file__)\n",
        "open(name)\n",
        "import numba\n@njit(cache=False)\ndef f(): pass\n",
        "np.vectorize(f, cache=True)\n",
        "class A:\n    inherit_cache = True\n",
        "if name.endswith('.py'): pass\n",
        "if name == '__init__.py': pass\n",
        "open(os.path.join(os.path.dirname(__file__), 'VERSION'))\n",
        "ROOT = Path(__file__).parent / 'x.json'\n",
        "surface = context.get_source()\n",
        "from importlib.machinery import EXTENSION_SUFFIXES\n",
        # cffi's verifier.py
        "import imp\nends = [e for e, _, kind in imp.get_suffixes() if kind == imp.C_EXTENSION]\n",
        "import importlib.machinery\n# as importlib.machinery.SOURCE_SUFFIXES\n",
        "import runpy\ndef run(path): runpy.run_path(path)\n",
        "write(f'{name}.py')\n",
        "open(os.path.join(folder, f'{name}.py'), 'w')\n",
        "open(os.path.join(folder, '__init__.py'), 'a')\n",
        "# (HERE / f'{name}.py').read_text()\n",
        "FILE = os.path.dirname(__file__)\nopen(FILE)\n",
        "here = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'x')\nopen(here)\n",
        "import inspect\n'context': parent.code_context,\n",
        "import traceback\nself.trace = traceback.extract_stack(sys._getframe(1))\n",
        "import traceback\nline = traceback.extract_stack()[-2].lineno\n",
        "import tarfile\nF = dirname(__file__) + '/x.tar'\nfor n in os.listdir(tmp): t.add(n)\n",
        "import shutil\nfor p in Path(mpl.__file__).parent.glob('*.png'): pass\n"
        "shutil.copytree(source, target)\n",
        "name = frame.f_code.co_filename\nif name.startswith(os.path.dirname(__file__)): pass\n",
        "_srcfile = os.path.normcase(f.__code__.co_filename)\nif name == _srcfile: pass\n",
    ],
)
def test_other_code_does_not(tmp_path: Path, text: str) -> None:
    only, why = choose(tmp_path, PLAIN | {"pkg/c.py": text})
    assert (only, why) == ({*PLAIN, "pkg/c.py"}, {})


@pytest.mark.parametrize(
    "reader",
    [
        "inspect.getsource(f)",
        "linecache.getlines(frame.f_code.co_filename)",
        "import executing",
        "import inspect; inspect.stack()[1].code_context[0]",
        "pass\nclass X(Base):\n    def source_to_code(self, data, path): pass",
    ],
)
def test_code_that_is_read_by_what_it_imports_keeps_its_sources(
    tmp_path: Path, reader: str
) -> None:
    """inflect decorates with typeguard's @typechecked; icontract, executing and varname, too. Who
    does not import them does without."""
    one = handmade_layers.tree(
        tmp_path / "1", {"guard/__init__.py": f"def check(f):\n    {reader}\n"}
    )
    two = handmade_layers.tree(tmp_path / "2", {"pkg/a.py": "from guard import check\n"})
    three = handmade_layers.tree(tmp_path / "3", {"other.py": "import pkg\n"})
    tree = Installed(
        tuple(
            replace(each.distributions[0], name=name)
            for name, each in {"guard": one, "inflect": two, "other": three}.items()
        )
    )
    found = sources.choose(tree, tree.sizes, matcher(()))
    assert found.only - {"guard/__init__.py"} == {"other.py"}
    assert found.why["inflect"] == "guard reads its sources (pkg/a.py)"


@pytest.mark.parametrize(
    ("code", "keeps"),
    [
        ("from walk import find\nfind(os.path.dirname(__file__))\n", True),
        ("from walk.find import find\nfind(pkg.__path__)\n", True),
        ("from walk import find\nfind('elsewhere')\n", False),
        ("from other import find\nfind(os.path.dirname(__file__))\n", False),
    ],
)
def test_a_folder_that_another_looks_for_modules_in_keeps_its_sources(
    tmp_path: Path, code: str, keeps: bool
) -> None:
    """optuna's migrations, which alembic lists."""
    look = "def find(here):\n    return [f for f in os.listdir(here) if f.endswith('.py')]\n"
    packages = {"walk": {"walk/__init__.py": "", "walk/find.py": look}, "pkg": {"pkg/a.py": code}}
    tree = handmade_layers.trees(tmp_path, packages)
    found = sources.choose(tree, tree.sizes, matcher(()))
    assert ("pkg/a.py" not in found.only) == keeps
    assert found.why.get("pkg", "").startswith("walk looks for modules in its folder") == keeps


def test_a_type_checker_reads_those_of_all(tmp_path: Path) -> None:
    """mypy reads whatever its program imports."""
    search = "names = [f'{name}-stubs', name]; ends = ['.pyi', '.py']"
    only, why = choose(tmp_path, PLAIN | {"pkg/find.py": search})
    assert only == set()
    assert why == {"every package": "a type checker reads them (pkg/find.py)"}
    notes = "# `pandas-stubs` does not know it\n# https://x.y/pyarrow-stubs/array.pyi#L23\n"
    assert choose(tmp_path / "2", PLAIN | {"pkg/find.py": notes})[1] == {}  # narwhals


def test_a_package_that_lists_its_own_folder_keeps_that(tmp_path: Path) -> None:
    """numpy.doc does."""
    lists = "for f in os.listdir(here):\n    if f.endswith('.py'): load(f)\n"
    more = {"pkg/doc/__init__.py": lists, "pkg/doc/x.py": "", "pkg/doc/y/z.py": ""}
    assert choose(tmp_path, PLAIN | more) == ({*PLAIN}, {})


@pytest.mark.parametrize("license_", ["MPL-2.0", "LGPL with exceptions", "MIT AND GPL-3.0-only"])
def test_a_licence_may_ask_for_the_source(tmp_path: Path, license_: str) -> None:
    only, why = choose(tmp_path, PLAIN | {INFO: f"Name: pkg\nLicense: {license_}\n"})
    assert only == set()
    assert why == {"pkg": f"its licence asks for the source ({license_})"}


@pytest.mark.parametrize("file", ["LICENSE", "pkg-1.0.dist-info/licenses/COPYING"])
def test_a_licence_that_only_its_text_tells_asks_too(tmp_path: Path, file: str) -> None:
    """The metadata say nothing of it, or nothing that is known."""
    text = "  GNU GENERAL PUBLIC LICENSE\n     Version 3, 29 June 2007\n"
    for said in ("", "License: see LICENSE\n"):
        files = PLAIN | {INFO: f"Name: pkg\n{said}", file: text}
        only, why = choose(tmp_path, files)
        assert only == set()
        assert why == {"pkg": "its licence asks for the source (GPL, by its text)"}


def test_python_3_11_still_finds_who_brings_a_package(tmp_path: Path) -> None:
    """Its packages_distributions() looks at names that end in `.py`, where there is no
    top_level.txt."""
    record = "pkg-1.0.dist-info/RECORD"
    files = {"pkg/__init__.py": "", "pkg/large.py": "x = 1\n" * 9, "other.py": "y = 1\n",
             "ns/a/b.py": "z = 1\n", "kept/a/__init__.py": "",
             "kept/not-a-module.py": "x"}  # fmt: skip
    files[record] = "".join(f"{path},sha256=x,1\n" for path in files)
    tree = handmade_layers.tree(tmp_path, files)
    only = sources.choose(tree, files, matcher(()), "3.11").only
    assert only == {"pkg/large.py", "kept/a/__init__.py"}
    rows = [
        PurePosixPath(row.split(",")[0])
        for row in cut_down("RECORD", files[record], files, only).split()
    ]
    tops = {row.parts[0] if len(row.parts) > 1 else row.stem for row in rows if row.suffix == ".py"}
    assert tops == {"pkg", "other", "ns", "kept"}  # as Python 3.11's _top_level_inferred
    told = handmade_layers.tree(tmp_path, files | {"pkg-1.0.dist-info/top_level.txt": "pkg\n"})
    modules = {path for path in files if path not in (record, "kept/not-a-module.py")}
    assert sources.choose(told, told.sizes, matcher(()), "3.11").only == modules
    assert sources.choose(tree, files, matcher(()), "3.12").only == modules


@pytest.mark.parametrize(
    "path",
    [
        "pkg/templates/app.py",
        "pkg/project_template/x.py",
        "pkg/not-a-module.py",
        "pkg/worker.py",
        "bin/run.py",
        "pkg/kept.py",
        "pkg/both.py",
    ],
)
def test_single_sources_stay(tmp_path: Path, path: str) -> None:
    """Templates, what is no module, what code names, what `keep` names, what is compiled there."""
    more = {"pkg/c.py": "run([sys.executable, here / 'worker.py'])\n", "pkg/both.pyc": ""}
    only, _ = choose(tmp_path, PLAIN | more | {path: "x = 1\n"}, "pkg/kept.py")
    assert only == {*PLAIN, "pkg/c.py"}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("Path(__file__).parent.glob('*_check.py')", "a_check.py"),
        ("names = [f for f in os.listdir(here) if f.endswith('_rule.py')]", "a_rule.py"),
        ("os.path.exists(os.path.join(here, f'{n}_driver.py'))", "a_driver.py"),
        ("open(here / '%s-data.py' % n)", "a-data.py"),
        ("open(here / ('%(n)s_x.py' % {'n': n}))", "a_x.py"),
        ("load(here, n + '_plugin.py')", "a_plugin.py"),
        # itk-core's itk/support
        ("f.endswith('Config.py')", "ITKCommonConfig.py"),
        ("exists(f'{name}Python.py')", "ITKPython.py"),
    ],
)
def test_sources_that_are_found_by_the_end_of_their_names_stay(
    tmp_path: Path, code: str, name: str
) -> None:
    """The others go."""
    files = PLAIN | {"pkg/c.py": f"{code}\n", "pkg/check.py": ""}
    assert choose(tmp_path, files | {f"pkg/sub/{name}": ""}) == ({*files}, {})


def test_a_module_beside_packages_that_another_one_loads_stays(tmp_path: Path) -> None:
    """python-multipart's package `multipart` looks for the module of that name."""
    one = handmade_layers.tree(tmp_path / "1", {"six.py": "", "multi.py": "", "b/multi.py": ""})
    two = handmade_layers.tree(tmp_path / "2", {"multi/__init__.py": "spec('x', 'multi.py')"})
    both = Installed((*one.distributions, replace(two.distributions[0], name="two")))
    found = sources.choose(both, [*both.sizes], matcher(()))
    assert {*found.only} == {"six.py", "b/multi.py", "multi/__init__.py"}


@pytest.mark.parametrize("asks", ["os.path.isfile(os.path.join(p, {}))", "(p / {}).exists()"])
def test_code_that_asks_for_packages_keeps_what_makes_them(tmp_path: Path, asks: str) -> None:
    """Not the modules inside."""
    code = {"pkg/c.py": f"while {asks.format(repr('__init__.py'))}: p = up(p)\n"}
    only, why = choose(tmp_path, PLAIN | code)
    assert (only, why) == ({*PLAIN, "pkg/c.py"} - {"pkg/__init__.py"}, {})
