"""tasks/layer/prune/select.py with the built-in rules: what stays of a tree, and why."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer.installed import Installed
from tasks.layer.prune import recipes
from tasks.layer.prune.rules import NAMES
from tasks.layer.prune.select import DESCRIBES, Selection, select
from tasks.settings.model import Settings
from tests import handmade_layers


def choose_of(root: Path, packages: dict[str, dict[str, str]]) -> Selection:
    """The same of several packages, {name: files}."""
    return select(handmade_layers.trees(root, packages), recipes.active(Settings()), ())


def choose(root: Path, files: dict[str, str], **options: tuple[str, ...]) -> Selection:
    """Write the files below `root` and select among them."""
    settings = Settings(**options)  # type: ignore[arg-type] # any values
    return select(handmade_layers.tree(root, files), recipes.active(settings), settings.keep)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("a/tests/test_x.py", "tests"),
        ("a/test/conftest.py", "tests"),
        ("a/test/__init__.py", "tests"),
        ("a/SelfTest/Cipher/test_x.py", "tests"),
        ("tests/x.py", "tests"),
        ("test/data/x.bin", "tests"),
        ("a/b/conftest.py", "tests"),
        ("a/_umath_tests.cpython-312-x86_64-linux-gnu.so", "tests"),
        ("numpy/_core/_simd.cpython-312-x86_64-linux-gnu.so", "tests"),
        ("a/docs/index.html", "docs"),
        ("docs/index.html", "docs"),
        ("a/__pycache__/x.cpython-312.pyc", "bytecode"),
        ("a/README.md", "markdown"),
        ("a-1.dist-info/WHEEL", "metadata"),
        ("a-1.dist-info/sboms/a.cdx.json", "metadata"),
        ("a-1.egg-info/SOURCES.txt", "metadata"),
        ("a-1.dist-info/direct_url.json", "metadata"),
        ("a/__init__.pyi", "stubs"),
        ("a-stubs/x.txt", "stubs"),
        ("a-stubs/x.pyi", "stubs"),
        ("a/x.pyx", "sources"),
        ("a/include/x.h", "headers"),
        ("a/lib/libx.a", "headers"),
        ("bin/tool", "scripts"),
    ],
)
def test_a_rule_takes(tmp_path: Path, path: str, rule: str) -> None:
    """One example of each kind of file that no running function reads."""
    library = "a/_lib.abi3.so"  # headers of a package without one are its content
    selection = choose(tmp_path, {"a/__init__.py": "", library: "", path: "#!/x/python"})
    assert selection.removed == {path: rule}
    assert choose(tmp_path, {path: "#!/x/python"}, rules_off=NAMES).removed == {}


@pytest.mark.parametrize(
    "path",
    [
        "a/testing/__init__.py",
        "a/test.py",
        "a/latest/x.py",
        "a/docs.py",
        "a-1.dist-info/METADATA",
        "a-1.dist-info/RECORD",
        "a-1.dist-info/entry_points.txt",
        "a-1.dist-info/top_level.txt",
        "a-1.egg-info/PKG-INFO",
        "a-1.egg-info/requires.txt",
        "a-1.dist-info/pbr.json",
        "a-1.dist-info/plugin/schema.json",
        "a/py.typed",
        "a/cacert.pem",
        "cffi/_cffi_include.h",
        "Cython/Utility/Buffer.c",
        "django/test/client.py",
        "botocore/docs/x.py",
        "a/x.so",
    ],
)
def test_no_rule_takes(tmp_path: Path, path: str) -> None:
    """Names that only look like dead weight, and packages known to break without."""
    assert choose(tmp_path, {path: ""}).removed == {}


def test_tests_that_code_imports_stay(tmp_path: Path) -> None:
    """numpy.testing imported numpy._core.tests: the folder stays, and the record says why."""
    files = {
        "n/testing/utils.py": "from n.core.tests._natype import pd_NA",
        "n/core/tests/_natype.py": "",
        "n/core/tests/data.csv": "",
        "n/core/tests/test_na.py": "",
        "n/ma/tests/test_x.py": "from n.core.tests import _natype",
    }
    selection = choose(tmp_path, files)
    assert selection.removed == {"n/ma/tests/test_x.py": "tests"}
    assert selection.spared == {"tests": {"n/core/tests": "code that stays imports it"}}


def test_a_test_module_that_code_imports_stays(tmp_path: Path) -> None:
    """numpy.core.umath_tests is a shim over numpy.core._umath_tests."""
    module = "a/_umath_tests.cpython-312-x86_64-linux-gnu.so"
    selection = choose(tmp_path, {"a/umath_tests.py": "from ._umath_tests import *", module: ""})
    assert selection.spared == {"tests": {module: "code that stays imports it"}}


def test_tests_that_only_tests_import_go(tmp_path: Path) -> None:
    """An import from a folder that goes too keeps nothing."""
    files = {
        "a/tests/test_x.py": "from b.tests import y", "b/tests/test_y.py": "from a.tests import x"
    }  # fmt: skip
    assert set(choose(tmp_path, files).removed) == set(files)


@pytest.mark.parametrize("text", ["KEY = 'test.txt'", "HOST = 'test.example.com'"])
def test_names_of_files_and_hosts_keep_no_folder(tmp_path: Path, text: str) -> None:
    """botocore's examples name a file test.txt; a folder beside the packages is none of its."""
    files = {"test/__init__.py": "", "test/test_x.py": "", "tests/test_y.py": ""}
    assert choose(tmp_path, files | {"botocore/stub.py": text}).removed.keys() == files.keys()
    named = {"a/b.py": "load('test.test_x')", "a/c.py": "load('tests.test_y.Case')"}
    assert choose(tmp_path / "2", files | named).removed == {}


def test_what_spared_code_imports_stays_too(tmp_path: Path) -> None:
    """Looked at again until nothing changes."""
    files = {
        "a/x.py": "import a.tests",
        "a/tests/__init__.py": "import b.docs.y",
        "b/docs/y.py": "from c import test",
        "c/test/__init__.py": "",
    }
    assert choose(tmp_path, files).removed == {}


def test_other_rules_still_apply_in_spared_tests(tmp_path: Path) -> None:
    """A spared folder is kept code, not a sanctuary."""
    files = {"a/x.py": "import a.tests", "a/tests/__init__.py": "", "a/tests/__init__.pyi": ""}
    assert choose(tmp_path, files).removed == {"a/tests/__init__.pyi": "stubs"}


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("open(here / 'PROMPT.md')", "a/prompts/PROMPT.md"),
        ("name = '*.md'", "a/prompts/PROMPT.md"),
        ("f'{name}.md'", "a/prompts/PROMPT.md"),
        ("'%s.md' % name", "a/prompts/PROMPT.md"),
        ("name + '.c'", "a/kernels/sum.c"),
        ("for each in here.iterdir(): pass", "a/prompts/PROMPT.md"),
        ("importlib.resources.files(__name__)", "a/prompts/PROMPT.md"),
        ("compile('fortranobject.c')", "a/kernels/fortranobject.c"),
        ("lazy.attach_stub(__name__, __file__)", "a/code.pyi"),
    ],
)
def test_files_that_code_reads_stay(tmp_path: Path, code: str, path: str) -> None:
    """Named by the code of their own package, or put together there, or listed; the same file of
    another package goes."""
    other = path.replace("a/", "b/", 1)
    one = {"a/code.py": code, path: ""}
    two = {other: "", "b/code.py": "", "b/kernels/x.so": ""}
    assert list(choose_of(tmp_path, {"one": one, "two": two}).removed) == [other]


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("import b\nopen(importlib.resources.files(b) / 'a.proto')", "b/a.proto"),
        ("from importlib.resources import files\nfiles('b').joinpath(f'{n}.md')", "b/developer.md"),
        ("import b\nopen(join(dirname(b.__file__), name + '.md'))", "b/SYSTEM.md"),
        ("import b\nopen(join(b.__path__[0], 'README.md'))", "b/README.md"),
        ("import pkgutil\npkgutil.get_data('b', f'{n}.md')", "b/CHANGES.md"),
        ("import pkg_resources as p\np.resource_string('b', f'{n}.md')", "b/CHANGES.md"),
        ("from jinja2 import PackageLoader\nPackageLoader('b', 'docs')", "b/docs/a.html"),
        ("import importlib.resources as r\nfor p in r.files('b').iterdir(): f(p)", "b/SYSTEM.md"),
        ("import b\nopen(Path(b.__file__).parent / 'tests' / 'x.csv')", "b/tests/x.csv"),
        ("import b\nopen(Path(b.__file__).parent / 'docs' / name)", "b/docs/a.html"),
    ],
)  # fmt: skip
def test_files_that_code_of_another_package_reads_stay(
    tmp_path: Path, code: str, path: str
) -> None:
    """Prompts, definitions and data that are a package of their own. What is not read goes."""
    data = {"b/__init__.py": "", path: "x", "b/_lib.abi3.so": "", "b/a_pb2.py": "",
            "b/tests/test_x.py": "x"}  # fmt: skip
    reading = choose_of(tmp_path / "1", {"a": {"a/__init__.py": code}, "b": data}).removed
    assert reading == {"b/tests/test_x.py": "tests"}
    other = {"a/__init__.py": "import b\nprint('x.csv', 'a.html')", "c/__init__.py": code}
    apart = {**other, "c/__init__.py": code.replace("b", "d")}
    assert path in choose_of(tmp_path / "2", {"a": apart, "b": data}).removed


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("f'{n}_role.md'", "a/roles/developer_role.md"),
        ("n + '_role.md'", "a/roles/developer_role.md"),
        ("'_'.join((n, 'role.md'))", "a/roles/support_role.md"),
        ("'%s_role.md' % n", "a/roles/security_role.md"),
        ("'%(n)s-role.md' % names", "a/roles/news-role.md"),
        ("'{}_role.md'.format(n)", "a/roles/author_role.md"),
        ("f'{n}_v1.proto'", "a/schemas/a_v1.proto"),
        ("f'{n}.v1.proto'", "a/schemas/a.v1.proto"),
        ("f'{n}_model.h'", "a/include/a_model.h"),
        ("f'{n}_kernel.c'", "a/kernels/a_kernel.c"),
        ("fnmatch(f, '*_protocol.cpp')", "a/kernels/x_protocol.cpp"),
        ("[f for f in names if f.endswith(('_x.h', '_kernel.c'))]", "a/kernels/a_kernel.c"),
    ],
)
def test_a_put_together_name_may_end_in_more_than_a_suffix(
    tmp_path: Path, code: str, path: str
) -> None:
    """Others of the kind go, also beside a library."""
    others = {"a/roles/README.md", "a/schemas/x.proto", "a/include/x.h", "a/kernels/kernel.c"}
    files = {"a/x.py": code, path: "", **dict.fromkeys(others, ""), "a/schemas/x_pb2.py": ""}
    files |= {"a/kernels/_x.so": "", "a/schemas/a_v1_pb2.py": ""}
    assert {*choose(tmp_path, files).removed} == others


@pytest.mark.parametrize("path", ["a/include/ndarrayobject.h", "a/include/arrayobject.hpp"])
def test_a_name_in_the_middle_of_a_word_is_another_files(tmp_path: Path, path: str) -> None:
    """numpy's code quotes `arrayobject.h`, which ends a longer name, too."""
    files = {"a/x.py": "open(here / 'arrayobject.h')", "a/_x.so": "", path: ""}
    assert choose(tmp_path, files).removed == {path: "headers"}


@pytest.mark.parametrize(
    ("read", "path"),
    [
        ("acme:prompts/developer.md", "acme/prompts/developer.md"),
        ("acme:prompts/*_role.md", "acme/prompts/support_role.md"),
        ("acme:{}.md", "acme/prompts/developer.md"),
        ("acme:*", "acme/prompts/developer.md"),
        ("acme:tests/data/x.json", "acme/tests/data/x.json"),
        ("acme:sub/tests/data/*", "acme/sub/tests/data/x.json"),
        ("acme:docs/index.html", "acme/docs/index.html"),
        ("acme:schemas/a_v1.proto", "acme/schemas/a_v1.proto"),
        ("acme:src/kernel.c", "acme/src/kernel.c"),
    ],
)
def test_what_the_app_reads_of_a_package_of_data_stays(
    tmp_path: Path, read: str, path: str
) -> None:
    """Nobody else does. The same file of another package goes."""
    others = ("acme/__init__.py", "acme/src/_x.so", "acme/tests/test_x.py",
              "acme/sub/tests/test_x.py")  # fmt: skip
    files = {**dict.fromkeys(others, ""), path: "x", path.replace(".proto", "_pb2.py"): "x"}
    other = {name.replace("acme/", "other/", 1): text for name, text in files.items()}
    tree = handmade_layers.trees(tmp_path, {"acme": files, "other": other})
    rules = recipes.active(Settings())
    without, with_app = (select(tree, rules, (), app).removed for app in ((), (read,)))
    assert without.keys() - with_app.keys() == {path}


def test_files_of_the_same_package_beside_the_code_stay(tmp_path: Path) -> None:
    """It brings a folder of code and one of data."""
    files = {"a/x.py": "open(HERE.parent / 'a_data' / f'{name}.md')", "a_data/SYSTEM.md": "x"}
    assert choose(tmp_path, files).removed == {}


def test_bytecode_without_source_stays(tmp_path: Path) -> None:
    """A package shipped as .pyc alone would be gone; a cache beside its source is not needed."""
    files = {"a/only.pyc": "", "a/both.pyc": "", "a/both.py": ""}
    assert choose(tmp_path, files).removed == {"a/both.pyc": "bytecode"}


def test_programs_in_bin_stay(tmp_path: Path) -> None:
    """ruff and uv are found there by their packages; console scripts cannot run anyway."""
    files = {"bin/ruff": "\x7fELF", "bin/f2py": "#!/usr/bin/python3"}
    assert choose(tmp_path, files).removed == {"bin/f2py": "scripts"}


def test_keep_wins_over_everything(tmp_path: Path) -> None:
    """Over `drop`, recipes and rules."""
    documents = "googleapiclient/discovery_cache/documents"
    files = {f"{documents}/drive.v3.json": "", f"{documents}/dns.v1.json": "", "a/x.md": ""}
    keep = (f"{documents}/drive.v3.json", "a")
    selection = choose(tmp_path, files, recipes=("googleapiclient",), keep=keep, drop=("a",))
    assert selection.removed == {f"{documents}/dns.v1.json": "googleapiclient"}
    assert selection.kept == ("a/x.md", f"{documents}/drive.v3.json")


def test_recipes_are_off_until_named(tmp_path: Path) -> None:
    """They stop something from working."""
    files = {"boto3/__init__.py": "", "boto3-1.dist-info/METADATA": ""}
    assert choose(tmp_path, files).removed == {}
    assert set(choose(tmp_path, files, recipes=("aws-runtime",)).removed) == set(files)


def test_globs_that_match_nothing_are_named(tmp_path: Path) -> None:
    """In `keep` and in `drop`; a recipe without its package is no mistake."""
    selection = choose(
        tmp_path, {"a.py": ""}, keep=("b",), drop=("c", "a.py"), recipes=("aws-runtime",)
    )
    assert selection.unmatched == ("b", "c")


def test_code_of_any_distribution_counts(tmp_path: Path) -> None:
    """What one needs of another stays."""
    one = handmade_layers.tree(tmp_path / "1", {"a/x.py": "import b.tests.tool", "a/README.md": ""})
    two = handmade_layers.tree(tmp_path / "2", {"b/tests/tool.py": "", "c/tests/test_y.py": ""})
    both = Installed((*one.distributions, replace(two.distributions[0], name="two")))
    selection = select(both, recipes.active(Settings()), ())
    assert selection.removed == {"a/README.md": "markdown", "c/tests/test_y.py": "tests"}
    assert selection.stay == ("a/x.py", "b/tests/tool.py")


@pytest.mark.parametrize(
    "path",
    [
        "dbt/include/global_project/macros/materializations/tests/helpers.sql",  # dbt-core 1.9
        "dbt/include/global_project/docs/overview.md",
        "rest_framework/templates/rest_framework/docs/document.html",
        "chalice/templates/0000-rest-api/tests/test_app.py",  # what a new project is made from
        "kedro/{{ cookiecutter.repo_name }}/src/tests/test_run.py",
        "app/plugins/tests/rules.yaml",
        "app/docs/forms.json",
        "app/static/docs/conf.py",
        "mypy/typeshed/stdlib/json/__init__.pyi",
        "typeshed_client/typeshed/builtins.pyi",
        "app/schemas/order.proto",
        "app/kernels/sum.c",
        "agent/prompt_templates/AGENTS.md",
    ],
)
def test_what_is_read_at_run_time_stays(tmp_path: Path, path: str) -> None:
    """Data, templates, plugins and stubs that are data, by the names that tests and documentation
    have."""
    top = path.split("/")[0]
    assert choose(tmp_path, {f"{top}/__init__.py": "", path: "x"}).removed == {}


@pytest.mark.parametrize(
    "code",
    [
        'open(os.path.join(here, "tests", "data", "x.csv"))',
        "DATA = files(__package__) / 'tests' / 'data'",
        "DATA = here / 'tests/data'",
        'join(here, "..", "a/tests/data/x.csv")',
        "pkgutil.get_data('a', '../tests/data/x.csv')",
    ],
)
def test_data_of_tests_that_code_names_stays(tmp_path: Path, code: str) -> None:
    """nibabel's examples, tornado.testing's certificate: what the path names, and no test of it."""
    files = {"a/testing.py": code, "a/tests/data/x.csv": "x", "a/tests/test_x.py": "",
             "a/other/tests/data/x.csv": "x", "a/other/tests/test_x.py": "",
             "a/tests/data/make.py": "", "a/tests/other.csv": "", "b/tests/data/x.csv": "",
             "b/tests/test_x.py": ""}  # fmt: skip
    chosen = choose(tmp_path, files)
    assert files.keys() - chosen.removed.keys() == {"a/testing.py", "a/tests/data/x.csv"}
    assert chosen.spared["tests"] == {
        "a/tests/data/x.csv": "code of the same package names a path into it"
    }


@pytest.mark.parametrize(
    "code",
    [
        "a = ['tests', 'docs']",
        ">>> join(here, 'tests', 'data')",
        "# see join(here, 'tests', 'data')",
    ],
)
def test_a_folder_that_code_only_names_goes(tmp_path: Path, code: str) -> None:
    """pandas names its folder of tests to leave it out, scipy its data in examples; what tests
    name is theirs."""
    files = {"a/tests/data/x.csv": "x", "a/tests/test_x.py": "open('tests/data/x.csv')"}
    assert choose(tmp_path, files | {"a/run.py": code}).removed.keys() == files.keys()


def test_keys_of_tests_go_where_the_tests_stay(tmp_path: Path) -> None:
    """future and gevent import their tests, tornado.testing names its own key, an app imports
    Twisted's proto_helpers: all these layers were refused for private keys."""
    files = {"a/testing.py": "join(here, 'test', 'test.key')\nimport a.test.helpers",
             "a/test/test.key": "x", "a/test/key.pem.old": "x", "a/test/more/x.p12": "x",
             "a/test/x.crt": "x", "a/test/helpers.py": "", "a/cacert.pem": "x"}  # fmt: skip
    taken = {"a/test/test.key", "a/test/key.pem.old", "a/test/more/x.p12"}
    assert choose(tmp_path, files).removed == dict.fromkeys(taken, "test-keys")


@pytest.mark.parametrize(
    "code",
    [
        "CA = join(dirname(__file__), 'test', 'ca.pem')",
        "CA = join(dirname(__file__), 'test', f'{name}.pem')",
        "CA = Path(__file__).parent / 'test/ca.pem'",
    ],
)
def test_a_certificate_that_code_reads_stays(tmp_path: Path, code: str) -> None:
    """Its suffix is a key's. The scan says what it is. Tests and their helpers may do without."""
    files = {"a/test/ca.pem": "x", "a/test/test_x.py": "'ca.pem'"}
    assert "a/test/ca.pem" not in choose(tmp_path / "1", files | {"a/tls.py": code}).removed
    for number, helper in enumerate(("a/testing/tls.py", "a/_test_tls.py", "a/tests/tls.py")):
        removed = choose(tmp_path / f"2{number}", files | {helper: code}).removed
        assert removed["a/test/ca.pem"] == "test-keys"
    for number, other in enumerate((f"import unittest\n{code}", "DEFAULT = 'ca.pem'")):
        removed = choose(tmp_path / f"3{number}", files | {"a/tls.py": other}).removed
        assert removed["a/test/ca.pem"] == "test-keys"  # twisted.web.tap names one of the user's


def test_a_type_checker_reads_the_stubs_of_all(tmp_path: Path) -> None:
    """mypy's and jedi's search; a package that only has stubs of its own keeps nobody else's."""
    files = {"a/x.py": "", "a/x.pyi": "", "b-stubs/x.pyi": "", "b-stubs/METADATA.toml": ""}
    search = "names = [f'{name}-stubs', name]; ends = ['.pyi', '.py']"
    assert choose(tmp_path / "1", files | {"check/find.py": search}).removed == {}
    pruned = choose(tmp_path / "2", files | {"check/tests/test_find.py": search})
    assert pruned.removed.keys() == files.keys() - {"a/x.py"} | {"check/tests/test_find.py"}


def test_a_compiler_of_protos_reads_those_of_all(tmp_path: Path) -> None:
    """grpcio-tools, on what imports google/api/annotations.proto."""
    files = {"google/api/http.proto": "", "google/api/http_pb2.py": ""}
    code = "from grpc_tools import _protoc_compiler\n"
    assert choose(tmp_path / "1", files | {"grpc_tools/protoc.py": code}).removed == {}
    assert list(choose(tmp_path / "2", files).removed) == ["google/api/http.proto"]


@pytest.mark.parametrize("path", ["a/x.py", "a/x.cpython-312-x86_64-linux-gnu.so", "a/x.abi3.so"])
def test_a_stub_beside_what_it_describes_goes(tmp_path: Path, path: str) -> None:
    """Source or extension."""
    assert choose(tmp_path, {path: "", "a/x.pyi": ""}).removed == {"a/x.pyi": "stubs"}


def test_a_definition_beside_its_module_goes(tmp_path: Path) -> None:
    """protoc made the one from the other."""
    files = {"a/b-c.proto": "", "a/b_c_pb2.py": "".join(["here.iterdir()", "'%s.proto'"])}
    assert choose(tmp_path, files).removed == {"a/b-c.proto": "protos"}


def test_a_folder_whose_package_lists_its_modules_stays(tmp_path: Path) -> None:
    """Plugins, found by pkgutil. What lists them must stay itself."""
    files = {"a/plugins/test/test_x.py": ""}
    lists = "pkgutil.iter_modules(__path__)"
    assert choose(tmp_path, files | {"a/plugins/__init__.py": lists}).removed == {}
    hidden = choose(tmp_path, files | {"a/plugins/conftest.py": lists})
    assert set(hidden.removed) == {*files, "a/plugins/conftest.py"}


@pytest.mark.parametrize(
    "code",
    [
        "import a.commands\npkgutil.iter_modules(a.commands.__path__)",
        "from . import commands\npkgutil.iter_modules(commands.__path__)",
        "pkgutil.iter_modules([str(Path(__file__).parent / 'commands')])",
        "import a.commands as c\nfor each in pkgutil.iter_modules(c.__path__): pass",
    ],
)
def test_a_folder_that_is_listed_from_further_up_stays(tmp_path: Path, code: str) -> None:
    """A command `test` of a program whose cli.py lists a/commands; not what lies in other
    packages."""
    files = {"a/commands/__init__.py": "", "a/commands/test/__init__.py": "",
             "a/commands/test/test_run.py": "import pytest",
             "a/core/__init__.py": "", "a/core/tests/test_x.py": "import pytest"}  # fmt: skip
    removed = choose(tmp_path, files | {"a/cli.py": code}).removed
    assert removed == {"a/core/tests/test_x.py": "tests"}


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("def run(): pass\n", True), ("from .._run import run\n", True), ("NAME = 'x'\n", True),
        ("", False), ("# nothing\n", False), ('"""Tests."""\n', False),
        ("import unittest\n", False),
    ],
)  # fmt: skip
def test_a_folder_of_an_init_alone_stays_where_that_does_something(
    tmp_path: Path, text: str, stays: bool
) -> None:
    """A command `test` may be a package of one module."""
    files = {"a/__init__.py": "", "a/commands/test/__init__.py": text}
    assert ("a/commands/test/__init__.py" not in choose(tmp_path, files).removed) == stays


@pytest.mark.parametrize("path", ["a/test/x.txt", "a/test/one.py", "a/docs/overview.md"])
@pytest.mark.parametrize("code", ["here.iterdir()", "resources.files(__package__)"])
def test_a_folder_that_code_around_it_reads_stays(tmp_path: Path, path: str, code: str) -> None:
    """A test suite is one all the same."""
    files = {"a/__init__.py": code, path: "x", "a/b/tests/test_x.py": "", "a/b/tests/x.csv": ""}
    assert set(choose(tmp_path, files).removed) == {"a/b/tests/test_x.py", "a/b/tests/x.csv"}


@pytest.mark.parametrize(
    "path", ["lib/skills/README.md", "node_modules/y/test/x.js", "docs/README.md"]
)
def test_what_lies_in_a_package_of_nodes_stays(tmp_path: Path, path: str) -> None:
    """playwright's driver: its code is none of Python's."""
    files = {"a/__init__.py": "", "a/driver/package/package.json": "{}", "a/other/README.md": ""}
    removed = choose(tmp_path, files | {f"a/driver/package/{path}": "x"}).removed
    assert list(removed) == ["a/other/README.md"]


def test_targets_of_entry_points_stay(tmp_path: Path) -> None:
    """networkx names a module in its tests as a backend."""
    files = {
        "nx/classes/tests/dispatch.py": "", "nx/classes/tests/test_x.py": "", "nx/__init__.py": "",
        "nx/tests/test_y.py": "",
        "pkg-1.0.dist-info/entry_points.txt":
            "[networkx.backends]\nnx_loopback = nx.classes.tests.dispatch:backend [x]\n",
    }  # fmt: skip
    assert choose(tmp_path, files).removed == {"nx/tests/test_y.py": "tests"}


def test_a_program_that_the_app_calls_stays(tmp_path: Path) -> None:
    """As AWS_LAMBDA_EXEC_WRAPPER scripts call `opentelemetry-instrument`."""
    tree = handmade_layers.tree(
        tmp_path, {"bin/instrument": "#!python\n", "bin/other": "#!python\n"}
    )
    selection = select(tree, recipes.active(Settings()), (), ["bin/instrument"])
    assert selection.removed == {"bin/other": "scripts"}
    assert selection.spared == {"scripts": {"bin/instrument": "code calls it by its path"}}


@pytest.mark.parametrize(
    ("code", "stays"),
    [
        ("run([sys.executable, join(root, 'bin', 'tool')])", True),
        ("run([sys.executable, ROOT / 'bin' / 'tool'])", True),
        ("run(['/opt/python/bin/tool'])", True),
        ("run([f'{root}/bin/tool'])", True),
        ("run(['/usr/bin/tool'])", False),
        ("run(['/opt/bin/tool'])", False),
        ("run(['tool'])", False),
    ],
)
def test_a_script_that_code_calls_by_its_path_stays(tmp_path: Path, code: str, stays: bool) -> None:
    """Of Python's, whichever package calls it: with the interpreter that is there."""
    files = {"bin/tool": "#!/x/python\n", "bin/other": "#!/x/python\n", "a/run.py": code}
    removed = choose(tmp_path, files).removed.keys()
    assert removed == {"bin/other", *([] if stays else ["bin/tool"])}


@pytest.mark.parametrize(
    ("index", "text", "imports"),
    [
        ("a/plugins.json", '{"fake": "a.test.fake"}', True),
        ("a/plugins.yaml", "fake: a.test.fake:Plugin\n", True),
        ("a/plugins.cfg", "[plugins]\nfake = a.test.fake\n", True),
        ("a/plugins.cfg", "[plugins]\nfake=a.test.fake:Plugin\n", True),
        ("a/configure.zcml", '<utility component="a.test.fake.Plugin" />', True),
        ("a/pyproject.toml", 'module = ["a.test.fake"]', False),  # pandas', of mypy
        ("a/plugins.json", '{"glob": "a.test.*"}', False),
        ("a/plugins.json", '{"x": "b.test.fake", "y": "a.testing.x", "z": ".test.fake"}', False),
    ],
)
def test_modules_that_an_index_names_stay(
    tmp_path: Path, index: str, text: str, imports: bool
) -> None:
    """Code hands them to import_module."""
    files = {"a/__init__.py": "", "a/test/__init__.py": "", "a/test/fake.py": "",
             "a/test/test_x.py": "import unittest", index: text}  # fmt: skip
    assert ("a/test/fake.py" not in choose(tmp_path, files).removed) == imports


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ("a/index.json", '{"cases": ["tests/data/x.csv"]}'),
        ("a/data/index.yaml", "- file: a/tests/data/x.csv\n"),
        ("a/manifest.xml", "<file>tests/data/x.csv</file>"),
        ("a/files.toml", 'file = "tests/data/x.csv"'),
    ],
)
def test_data_of_tests_that_an_index_names_stays(tmp_path: Path, index: str, text: str) -> None:
    """Code reads its names from there. Addresses of pages are none."""
    files = {**SUITE, "a/__init__.py": "", "a/tests/data/x.csv": "x", "a/tests/y.csv": "y"}
    stays = files.keys() - choose(tmp_path / "1", files | {index: text}).removed.keys()
    assert stays == {"a/__init__.py", "a/tests/data/x.csv"}
    url = text.replace("tests/", "https://x.y/tests/").replace("a/https", "https")
    removed = choose(tmp_path / "2", files | {index: url}).removed
    assert removed.keys() == files.keys() - {"a/__init__.py"}


def test_a_licence_stays_whatever_rules_say(tmp_path: Path) -> None:
    """Only `drop` and recipes take it; the setting of its name, but for what code reads."""
    files = {"a/tests/test_x.py": "", "a/tests/LICENSE": "", "a-1.dist-info/licenses/NOTICE": "",
             "a/data.py": "open('LICENSE.txt')\n", "a/LICENSE.txt": ""}  # fmt: skip
    texts = {path for path in files if "LICENSE" in path or "NOTICE" in path}
    assert not texts & choose(tmp_path, files).removed.keys()
    dropped = choose(tmp_path, files, licenses="drop")  # type: ignore[arg-type] # a word
    assert {path for path, rule in dropped.removed.items() if rule == "licenses"} == texts - {
        "a/LICENSE.txt"
    }
    assert choose(tmp_path, files, drop=("a/tests",)).removed["a/tests/LICENSE"] == "drop"


def test_what_the_app_imports_stays(tmp_path: Path) -> None:
    """Twisted's proto_helpers."""
    files = {"twisted/test/proto_helpers.py": "", "twisted/test/test_x.py": ""}
    tree = handmade_layers.tree(tmp_path, files)
    chosen = select(tree, recipes.active(Settings()), (), ["twisted.test.proto_helpers"])
    assert chosen.spared == {"tests": {"twisted/test": "code that stays imports it"}}
    outer = handmade_layers.tree(tmp_path / "2", {"test/__init__.py": "", "test/test_x.py": ""})
    for name, stays in {"test.txt": False, "test.test_x": True, "test": True}.items():
        chosen = select(outer, recipes.active(Settings()), (), [name])
        assert (not chosen.removed) == stays


SUITE = {"a/tests/__init__.py": "", "a/tests/test_x.py": "import pytest\n"}


@pytest.mark.parametrize(
    ("code", "path"),
    [
        # stubs as signatures: pyglossary, stubdoc; jurigged reads the one beside a module
        ("open(os.path.join(here, 'api.pyi'))", "a/api.pyi"),
        ("files(__name__).joinpath(name + '.pyi')", "a/api.pyi"),
        ("Path(module.__file__).with_suffix('.pyi')", "a/api.pyi"),
        ("open(__file__ + 'i')", "a/__init__.pyi"),
        ("open(module.__file__ + 'i')", "a/api.pyi"),
        # definitions and headers: betterproto's and cffi's users
        ("open(here / 'api.proto')", "a/api.proto"),
        ("f'{name}.proto'", "a/api.proto"),
        ("ffi.cdef(open('%s/%s.h' % (here, name)).read())", "a/kern.h"),
        ("open(here + '/' + name + '.pyx')", "a/kern.pyx"),
        # templates that lie in `docs`: sphinx extensions, flask apps with a help page
        ("Environment(loader=PackageLoader('a', 'docs'))", "a/docs/a.html"),
        ("FileSystemLoader(os.path.join(here, 'docs'))", "a/docs/a.rst"),
        ("Flask(__name__, template_folder='docs')", "a/docs/a.html"),
        ("def show(folder='docs', name='a.rst'): pass", "a/docs/a.rst"),
        ("for each in ['docs', 'help']: print(here / each)", "a/docs/a.md"),
        ("open(os.path.join(here, 'sub', 'docs', name + '.rst'))", "a/sub/docs/a.rst"),
        # data among tests: tornado's certificate, gensim's and nibabel's corpora
        ("DATA = os.path.join(here, 'tests')", "a/tests/x.csv"),
        ("def load(folder='tests'): pass", "a/tests/data/x.csv"),
        ("open(here / f'tests/data/{name}.csv')", "a/tests/data/x.csv"),
        ("open(os.path.join(here, 'tests', 'x_' + name))", "a/tests/x_1.csv"),
        ("open(os.path.join(here, 'core', 'tests', 'x.csv'))", "a/core/tests/x.csv"),
        ("run([sys.executable, os.path.join(here, 'tests', 'worker.py')])", "a/tests/worker.py"),
        ("open(os.path.join(here, kind, 'cases.json'))", "a/tests/cases.json"),
    ],
)
def test_what_code_names_in_any_way_stays(tmp_path: Path, code: str, path: str) -> None:
    """Whichever rule would take it; where no code says a word of it, it goes."""
    made = {"a/api.py": "", "a/api_pb2.py": "", "a/_lib.abi3.so": "", "a/core/tests/test_y.py": ""}
    files = {**SUITE, **made, "a/__init__.py": code, "a/sub/__init__.py": "", path: "x"}
    assert path not in choose(tmp_path / "1", files).removed
    assert path in choose(tmp_path / "2", files | {"a/__init__.py": ""}).removed
    assert "a/tests/test_x.py" in choose(tmp_path / "3", files).removed


@pytest.mark.parametrize(
    "code",
    [
        "_LAZY = {'suite': '.tests.suite'}\nimport_module(_LAZY[name], __name__)",
        "_LAZY = ('core', 'tests')\nimport_module('.' + name, __name__)",
        "import_module(f'{__name__}.tests.suite')",
        "import_module('%s.tests.suite' % __name__)",
        "import_module(__name__ + '.' + 'tests')",
        "import_module(__name__ + '.tests')",
        "__import__('a.tests.suite', fromlist=['x'])",
        "__all__ = ['core', 'tests']",
        "__all__ = ['core']\n__all__ += ['tests']",
        "pkgutil.walk_packages(__path__, __name__ + '.')",
        "unittest.TestLoader().discover(here)",
        "find_spec('.tests', __package__)",
        "load('a.tests.suite:x')",
    ],
)
def test_a_suite_that_code_imports_by_a_name_it_puts_together_stays(
    tmp_path: Path, code: str
) -> None:
    """sympy.test, astropy.test and lazy packages as SciPy's. A module that quotes the word alone
    keeps nothing."""
    files = {**SUITE, "a/tests/suite.py": "x = 1"}
    assert choose(tmp_path / "1", files | {"a/__init__.py": code}).removed == {}
    only_named = {"a/__init__.py": "SKIP = {'tests', 'conftest'}\n__all__ = ['core']"}
    assert choose(tmp_path / "2", files | only_named).removed.keys() == files.keys()


def test_modules_below_packages_that_are_walked_stay(tmp_path: Path) -> None:
    """Also a package called `docs`, and one further down; nobody looks into another package."""
    walk = "pkgutil.walk_packages(__path__)"
    files = {"a/__init__.py": walk, "a/docs/__init__.py": "", "a/docs/p.py": "",
             "a/b/__init__.py": "", "a/b/tests/test_x.py": "x",
             "b/__init__.py": "", "b/tests/test_x.py": "x"}  # fmt: skip
    assert choose(tmp_path, files).removed == {"b/tests/test_x.py": "tests"}


@pytest.mark.parametrize("folder", ["tests", "test", "SelfTest"])
def test_a_folder_that_holds_no_test_stays(tmp_path: Path, folder: str) -> None:
    """Plugins of a tool for tests, a health check of one's own; what imports unittest is a test,
    whatever its name (aiosqlite.tests.smoke)."""
    plain = {"a/__init__.py": "", f"a/{folder}/__init__.py": "", f"a/{folder}/ping.py": "x = 1"}
    assert choose(tmp_path / "1", plain).removed == {}
    tests = plain | {f"a/{folder}/ping.py": "import unittest"}
    assert choose(tmp_path / "2", tests).removed.keys() == tests.keys() - {"a/__init__.py"}


def test_a_package_called_docs_stays(tmp_path: Path) -> None:
    """Pages of an app; a folder with Sphinx's conf.py is none."""
    files = {"a/__init__.py": "", "a/docs/__init__.py": "", "a/docs/views.py": "x = 1",
             "b/__init__.py": "", "b/docs/conf.py": "x = 1", "b/docs/index.rst": "x"}  # fmt: skip
    assert set(choose(tmp_path, files).removed) == {"b/docs/conf.py", "b/docs/index.rst"}


@pytest.mark.parametrize("shown", ["docstring", "README"])
def test_helpers_that_a_documentation_imports_stay(tmp_path: Path, shown: str) -> None:
    """gensim.test.utils, with the data that it reads: not the tests beside it."""
    example = ">>> from a.test.utils import datapath"
    files = {"a/__init__.py": f"# x\n{example}\n" * (shown == "docstring"),
             "a/test/__init__.py": "", "a/test/utils.py": "x", "a/test/test_data/x.txt": "x",
             "a/test/test_x.py": "x"}  # fmt: skip
    if shown == "README":
        files["pkg-1.0.dist-info/METADATA"] = "Name: pkg\n\n    from a.test.utils import datapath\n"
    selection = choose(tmp_path, files)
    assert selection.removed == {"a/test/test_x.py": "tests"}
    assert {*selection.spared["tests"].values()} == {"examples of its documentation import it"}


def test_headers_that_are_a_packages_content_stay(tmp_path: Path) -> None:
    """pybind11, nanobind and header-only libraries beside them: nothing of them is compiled."""
    files = {"heads/__init__.py": "", "heads/include/heads/x.h": "", "heads/src/x.cpp": "",
             "pybind11/include/pybind11/pybind11.h": "", "heads/lib/libx.a": ""}  # fmt: skip
    assert choose(tmp_path / "1", files).removed == {}
    built = choose(tmp_path / "2", files | {"heads/_x.abi3.so": ""}).removed
    assert set(built) == {"heads/include/heads/x.h", "heads/lib/libx.a"}


@pytest.mark.parametrize(
    "compiler",
    [
        "warp/bin/warp-clang.so", "pocl/lib/libpocl.so.2.14", "ROOT/lib/libCling.so",
        "t/libtcc.so", "t/bin/clang-17", "t/lib/libLLVM-17.so", "t/lib/libnvrtc.so.12", "t/zig",
    ],
)  # fmt: skip
def test_what_a_compiler_reads_stays(tmp_path: Path, compiler: str) -> None:
    """warp-lang, pocl, ROOT: their native code alone names these files."""
    top = compiler.split("/")[0]
    files = {f"{top}/__init__.py": "", f"{top}/native/array.h": "", f"{top}/native/a.c": ""}
    assert choose(tmp_path / "1", files | {compiler: ""}).removed == {}
    plain = {**files, f"{top}/native/_lib.so": "", f"{top}/libllvmlite.so": ""}
    assert f"{top}/native/array.h" in choose(tmp_path / "2", plain).removed


def test_what_is_copied_as_a_whole_stays(tmp_path: Path) -> None:
    """What a new project is made from, wherever it lies."""
    files = {"a/__init__.py": "shutil.copytree(here / kind, target)", "a/starters/x/docs/a.md": "x",
             "a/starters/x/README.md": "x", "a/starters/x/tests/data.json": "x"}  # fmt: skip
    assert choose(tmp_path, files).removed == {}


def test_stubs_and_headers_that_lie_where_they_always_do_go(tmp_path: Path) -> None:
    """phonenumbers/data/*.pyi and numpy/core/include are no data of a program."""
    files = {"a/data/__init__.py": "", "a/data/__init__.pyi": "", "a/_x.abi3.so": "",
             "a/include/x.h": "", "a/x_pb2.py": "name='x.proto'", "a/x.proto": ""}  # fmt: skip
    taken = {"a/data/__init__.pyi", "a/include/x.h", "a/x.proto"}
    assert set(choose(tmp_path, files).removed) == taken


ASKING = "from importlib import metadata\ntext = metadata.{}\n"


@pytest.mark.parametrize(
    ("asks", "stays"),
    [
        ("metadata('a')['Description']", "METADATA"),
        ("metadata('a').get_payload()", "METADATA"),
        ("metadata('a').json['description']", "METADATA"),
        ("distribution('a').read_text('WHEEL')", "WHEEL"),
        ("distribution('a').read_text(\"direct_url.json\")", "direct_url.json"),
        ("version('a')", ""),
    ],
)
def test_metadata_that_code_asks_for_stays_whole(tmp_path: Path, asks: str, stays: str) -> None:
    """A description is cut and an installer's notes go only where no code looks them up."""
    names = {f"a-1.dist-info/{name}": "" for name in ("METADATA", "WHEEL", "direct_url.json")}
    selection = choose(tmp_path, {**names, "b/__init__.py": ASKING.format(asks)})
    notes = {"WHEEL", "direct_url.json"} - {stays}
    assert selection.removed == {f"a-1.dist-info/{name}": "metadata" for name in notes}
    uncut = selection.spared.get("metadata", {})
    assert (DESCRIBES in uncut) == (stays == "METADATA")


@pytest.mark.parametrize(
    "place", ["importlib_metadata/x.py", "a/_vendor/x.py", "a/tests/test_x.py"]
)
def test_who_asks_for_others_keeps_no_metadata(tmp_path: Path, place: str) -> None:
    """Nor does what goes itself."""
    files = {place: ASKING.format("metadata('a')['Description']"), "a-1.dist-info/METADATA": ""}
    assert "metadata" not in choose(tmp_path, files).spared


@pytest.mark.parametrize(
    "text", ["exec('from a.tests import tool')", 'run("x = 1\\nfrom a.tests import tool")']
)
def test_an_import_may_lie_in_a_text(tmp_path: Path, text: str) -> None:
    files = {"b/run.py": text, "a/tests/test_x.py": "", "a/tests/tool.py": ""}
    assert "a/tests/tool.py" in choose(tmp_path, files).stay


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("import importlib\nimportlib.import_module(f'a.tests.{name}')", "a/run.py"),
        ("import importlib\nimportlib.import_module('a.tests.' + name)", "a/run.py"),
        ("KINDS = ['tests']\nimport_module('a.' + kind)", "a/run.py"),
        ("from importlib.resources import files\nfiles(f'{__name__}.tests')", "a/__init__.py"),
        ("pkgutil.get_data(__package__ + '.tests', name)", "a/__init__.py"),
        ("import_module('.' + {'x': 'tests.tool'}[name], __name__)", "a/__init__.py"),
        ("lazy.attach(__name__, {'tests.tool': ['x']})", "a/__init__.py"),
    ],
)
def test_a_folder_whose_name_is_put_together_stays(tmp_path: Path, code: str, module: str) -> None:
    files = {module: code, "a/tests/test_x.py": "", "a/tests/tool.py": ""}
    assert "a/tests/tool.py" in choose(tmp_path, files).stay


@pytest.mark.parametrize("name", ["README", "CHANGELOG", "History", "readme_ko", "API-NOTES"])
def test_pages_for_people_go(tmp_path: Path, name: str) -> None:
    """What is called otherwise may be read: by a name from a table, or from its caller."""
    files = {"a/__init__.py": "", f"a/b/{name}.md": "", "a/b/summary.md": ""}
    assert choose(tmp_path, files).removed == {f"a/b/{name}.md": "markdown"}


def test_headers_of_sources_that_stay_do_too(tmp_path: Path) -> None:
    """Where code around them reads folders: it hands them to a compiler together."""
    files = {"a/_x.so": "", "a/src/x.c": "", "a/src/x.h": "", "a/include/y.h": ""}
    reads = {"a/__init__.py": "os.listdir(here)"}
    assert choose(tmp_path, files | reads).removed == {"a/include/y.h": "headers"}
    assert {*choose(tmp_path / "2", files).removed} == {"a/include/y.h", "a/src/x.h"}


@pytest.mark.parametrize("text", ["open('tests.json')", "print('docs.txt', 'test.py')"])
def test_a_file_called_like_a_folder_keeps_none(tmp_path: Path, text: str) -> None:
    files = {"a/__init__.py": text, "a/tests/test_x.py": "", "a/docs/a.rst": ""}
    assert {*choose(tmp_path, files).removed} == {"a/tests/test_x.py", "a/docs/a.rst"}


def test_documentation_lies_beside_code(tmp_path: Path) -> None:
    """Not in a folder of pages that another file lists."""
    pages = {"a/__init__.py": "", "a/views/docs/a.html": "x", "a/docs/a.html": "x"}
    assert choose(tmp_path, pages).removed == {"a/docs/a.html": "docs"}


def test_definitions_in_a_folder_that_is_read_stay(tmp_path: Path) -> None:
    """By code beside it, though modules were made of them."""
    made = {"a/b/x.proto": "", "a/b/x_pb2.py": "", "a/c/d/e/y.proto": "", "a/c/d/e/y_pb2.py": ""}
    files = made | {"a/__init__.py": "os.listdir(os.path.join(here, kind))"}
    assert choose(tmp_path, files).removed == {"a/c/d/e/y.proto": "protos"}


@pytest.mark.parametrize(
    ("text", "goes"),
    [
        ("#!/bin/sh\n'''exec' '/my tools/bin/python3' \"$0\" \"$@\"\n' '''\nimport a\n", True),
        (f"#!/bin/sh\n'''exec' /{'x' * 400}/python \"$0\" \"$@\"\n' '''\n", True),
        ("#!/bin/sh\nexec python3 -m a \"$@\"\n", False),
        ("#!/bin/sh\n'''exec' '/bin/ruby' \"$0\"\n", False),
    ],
)  # fmt: skip
def test_a_console_script_may_name_its_python_in_the_second_line(
    tmp_path: Path, text: str, goes: bool
) -> None:
    """As uv and pip write it where a path is long or has a space."""
    assert ("bin/a" in choose(tmp_path, {"a.py": "", "bin/a": text}).removed) == goes


def test_a_script_that_is_not_pythons_stays(tmp_path: Path) -> None:
    """Its first line names no installer's Python, and code calls it by its path."""
    files = {"bin/tool": "#!/bin/sh\n", "bin/main": "#!/build/bin/python3\n"}
    assert choose(tmp_path, files).removed == {"bin/main": "scripts"}
