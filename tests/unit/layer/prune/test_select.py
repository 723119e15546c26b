"""tasks/layer/prune/select.py with the built-in rules: what stays of a tree, and why."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer.installed import Installed
from tasks.layer.prune import recipes
from tasks.layer.prune.rules import NAMES
from tasks.layer.prune.select import Selection, select
from tasks.settings.model import Settings
from tests import handmade_layers


def choose(root: Path, files: dict[str, str], **options: tuple[str, ...]) -> Selection:
    """Write the files below `root` and select among them."""
    settings = Settings(**options)  # type: ignore[arg-type] # any values
    return select(handmade_layers.tree(root, files), recipes.active(settings), settings.keep)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("a/tests/test_x.py", "tests"),
        ("a/test/data/x.bin", "tests"),
        ("tests/x.py", "tests"),
        ("a/b/conftest.py", "tests"),
        ("a/_umath_tests.cpython-312-x86_64-linux-gnu.so", "tests"),
        ("numpy/_core/_simd.cpython-312-x86_64-linux-gnu.so", "tests"),
        ("a/docs/index.html", "docs"),
        ("a/__pycache__/x.cpython-312.pyc", "bytecode"),
        ("a/README.md", "markdown"),
        ("a-1.dist-info/WHEEL", "metadata"),
        ("a-1.dist-info/licenses/LICENSE", "metadata"),
        ("a-1.egg-info/SOURCES.txt", "metadata"),
        ("a/x.pyi", "stubs"),
        ("a-stubs/x.txt", "stubs"),
        ("a/x.pyx", "sources"),
        ("a/x.proto", "protos"),
        ("a/include/x.h", "headers"),
        ("a/lib/libx.a", "headers"),
        ("bin/tool", "scripts"),
    ],
)
def test_a_rule_takes(tmp_path: Path, path: str, rule: str) -> None:
    """One example of each kind of file that no running function reads."""
    selection = choose(tmp_path, {"a/__init__.py": "", path: "#!x"})
    assert selection.removed == {path: rule}
    assert choose(tmp_path, {path: "#!x"}, rules_off=NAMES).removed == {}


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
    files = {"a/tests/x.py": "from b.tests import y", "b/tests/y.py": "from a.tests import x"}
    assert set(choose(tmp_path, files).removed) == set(files)


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
    files = {"a/x.py": "import a.tests", "a/tests/__init__.py": "", "a/tests/x.pyi": ""}
    assert choose(tmp_path, files).removed == {"a/tests/x.pyi": "stubs"}


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("open(here / 'PROMPT.md')", "a/data/PROMPT.md"),
        ("glob('*.md')", "a/data/PROMPT.md"),
        ("compile('fortranobject.c')", "a/src/fortranobject.c"),
        ("lazy.attach_stub(__name__, __file__)", "a/code.pyi"),
    ],
)
def test_files_that_code_reads_stay(tmp_path: Path, code: str, path: str) -> None:
    """Named by the code of their own package; the same file of another package goes."""
    files = {"a/code.py": code, path: "", path.replace("a/", "b/", 1): ""}
    assert list(choose(tmp_path, files).removed) == [path.replace("a/", "b/", 1)]


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
    one = handmade_layers.tree(tmp_path / "1", {"a/x.py": "import b.tests.tool", "a/x.md": ""})
    two = handmade_layers.tree(tmp_path / "2", {"b/tests/tool.py": "", "c/tests/y.py": ""})
    both = Installed((*one.distributions, replace(two.distributions[0], name="two")))
    selection = select(both, recipes.active(Settings()), ())
    assert selection.removed == {"a/x.md": "markdown", "c/tests/y.py": "tests"}
    assert selection.stay == ("a/x.py", "b/tests/tool.py")
