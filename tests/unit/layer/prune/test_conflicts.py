"""Two distributions, one path: alike, preferred, or refused."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.layer.installed import Installed, InstalledDistribution
from tasks.layer.prune import conflicts
from tasks.util.errors import BuildError, SettingsError
from tests import handmade_layers, stored_parts

EXTEND = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
IMPORTED = "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
SETUPTOOLS = "__import__('pkg_resources').declare_namespace(__name__)\n"
EITHER = """# licence
try:
    __import__('pkg_resources').declare_namespace(__name__)
except ImportError:
    from pkgutil import extend_path
    __path__ = extend_path(__path__, __name__)
"""


def brings(name: str, files: Mapping[str, str]) -> InstalledDistribution:
    inits = {path: text for path, text in files.items() if path.endswith("/__init__.py")}
    hashes = {path: f"sha256={text}" for path, text in files.items()}
    return stored_parts.distribution(name, files, hashes=hashes, inits=inits)


def winner(path: str, first: str, second: str, *prefer: str) -> str:
    """Beside a package `n`."""
    files = ({path: first, "a.py": ""}, {path: second, "b.py": ""}, {"n/code.py": "x = 1"})
    tree = Installed(tuple(brings(name, each) for name, each in zip("abc", files, strict=True)))
    return conflicts.settle(tree, [*tree.sizes], conflicts.read_preferences(prefer))[path]


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        ("x = 1\n", "# another comment\nx = 1\n", "a"),
        ("x = 'a'\n", '"""What it is."""\nx = "a"  # quoted\n', "a"),
        (IMPORTED, EXTEND, "a"),
        ("", EXTEND, "b"),
        (SETUPTOOLS, "# nothing\n", "b"),
        (SETUPTOOLS, EITHER, "b"),
        (EITHER, EXTEND, "b"),
        ("import pkg_resources\npkg_resources.declare_namespace(__name__)\n", EXTEND, "b"),
        # sagemaker-train and sagemaker-core, which runs whichever comes last
        (EXTEND, f"{IMPORTED}try:\n    import x\nexcept ImportError:\n    pass\n", "b"),
        (EXTEND, f"{EITHER}x = 1\n", "b"),
    ],
)  # fmt: skip
def test_packages_that_run_alike(first: str, second: str, wins: str) -> None:
    """Comments, docstrings and the ways to declare a namespace; that which needs least wins."""
    assert winner("n/__init__.py", first, second) == wins


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "LICENSE", "pyproject.toml", ".gitignore", "setup.cfg", "setup.py",
        "__init__.py", "versioneer.py", "noxfile.py",
        "build.py", "manage.py", "tasks.py", "hatch_build.py", "src/__init__.py",
        "n/.DS_Store", "n/.gitignore", ".github/workflows/ci.yml", "n/.idea/n.iml",
        "share/doc/README", "requirements/dev.txt", "assets/logo.svg",
    ],
)  # fmt: skip
def test_what_is_no_code_at_the_root(path: str) -> None:
    """Two wheels that packed too much; what editors and Git leave anywhere."""
    assert winner(path, "one", "two") == "a"


@pytest.mark.parametrize(
    "path",
    [
        "examples/__init__.py", "scripts/run.py", "benchmarks/data/x.json", "n/py.typed",
        "notebooks/a.py", "tools/release.py", "tutorials/x.py", "integration_tests/__init__.py",
    ],
)  # fmt: skip
def test_what_was_packed_by_mistake(path: str) -> None:
    """Examples at the root, that nobody imports; what only type checkers look for."""
    assert winner(path, "x = 1\n", "x = 2\n") == "a"


@pytest.mark.parametrize("importer", ["n/x.py", ""])
def test_a_folder_that_others_import_was_not(importer: str) -> None:
    """By code of another package, or by an entry point. What it imports of itself is no matter."""
    path = "examples/x.py"
    said: tuple[list[str], list[str], bool, list[str], list[str]]
    said = (["examples.x"], [], False, [], [])
    a, b = (brings(name, {path: name, f"{name}.py": ""}) for name in "ab")
    a = replace(a, modules={path: said})
    assert conflicts.settle(Installed((a, b)), [path], []) == {path: "a"}
    a = replace(a, modules={importer: said}) if importer else replace(a, targets=["examples.x"])
    with pytest.raises(BuildError, match="both write"):
        conflicts.settle(Installed((a, b)), [path, importer], [])


def test_a_folder_that_the_app_imports_or_that_is_all_was_not_packed_by_mistake() -> None:
    """A package may be called `tools`."""
    path = "tools/__init__.py"
    a, b = (brings(name, {path: f"x = {name!r}", f"{name}.py": ""}) for name in "ab")
    assert conflicts.settle(Installed((a, b)), [path], []) == {path: "a"}
    with pytest.raises(BuildError, match="both write"):
        conflicts.settle(Installed((a, b)), [path], [], lambda: ["tools"])
    alone = brings("c", {path: "x = 1"})
    with pytest.raises(BuildError, match="both write"):
        conflicts.settle(Installed((a, alone)), [path], [])


@pytest.mark.parametrize("path", ["bin/tool", "libs/libx.so.1"])
def test_programs_and_libraries_are_code(path: str) -> None:
    """A program has no suffix, a library may have its version behind it."""
    a, b = (brings(name, {path: name, f"{name}.py": ""}) for name in "ab")
    with pytest.raises(BuildError, match="both write"):
        conflicts.settle(Installed((a, b)), [path], [])


@pytest.mark.parametrize("named", ["example.com", "setup.py", "docs.python.org"])
def test_a_file_or_host_that_the_app_names_is_no_import(named: str) -> None:
    path = {"setup.py": "setup.py"}.get(named, f"{named.partition('.')[0]}/x.py")
    a, b = (brings(name, {path: name, f"{name}.py": ""}) for name in "ab")
    assert conflicts.settle(Installed((a, b)), [path], [], lambda: [named]) == {path: "a"}


@pytest.mark.parametrize("path", ["n/VERSION", "n/CHANGELOG.rst", "n/AUTHORS", "n/README"])
def test_pages_in_a_folder_that_two_share(path: str) -> None:
    """The layer has one of them, and says so."""
    assert winner(path, "1", "2") == "a"
    assert conflicts.in_doubt({path: "a", "LICENSE": "a", "n/__init__.py": "a"}) == [path]


@pytest.mark.parametrize(
    "text",
    [
        "PARAMS = {'Key': 'test.txt', 'Bucket': 'tests.zip'}",  # botocore/stub.py
        "HOSTS = ('test.example.org', 'tests.pypi.org')",
        "ARGS = ['test.csv', 'tests.py:main']",
    ],
)
def test_names_of_files_and_hosts_import_no_folder(tmp_path: Path, text: str) -> None:
    """Nor does a module that goes."""
    files = {"test/__init__.py": "x = 1\n", "tests/__init__.py": "x = 1\n"}
    both = ({"a.py": "", **files}, {"b.py": "", **dict.fromkeys(files, "x = 2\n")})
    others = Installed(tuple(map(brings, "ab", both)))
    code = handmade_layers.tree(tmp_path, {"n/stub.py": text, "n/gone.py": "import tests, test"})
    tree = Installed((*others.distributions, *code.distributions))
    assert conflicts.settle(tree, [*files, "n/stub.py"], []) == dict.fromkeys(files, "a")
    with pytest.raises(BuildError, match="both write"):
        conflicts.settle(tree, [*files, "n/gone.py"], [])


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("n/__init__.py", "x = 1\n", "x = 2\n"),
        ("n/__init__.py", "", "x = 1\n"),
        ("n/__init__.py", "print 'x'\n", "print 'y'\n"),
        ("n/__init__.py", EXTEND, "x = 1\n"),
        ("n/__init__.py", EXTEND, f"def f():\n    {EXTEND}\n"),
        ("n/__init__.py", f"{EXTEND}x = 2\n", f"{EXTEND}x = 1\n"),
        ("n/data.json", "1", "2"),
        ("top.py", "x = 1\n", "x = 1 # y\n"),
        ("x.pth", "a", "b"),
    ],
)
def test_what_differs_is_refused(path: str, first: str, second: str) -> None:
    """With both ways out, as the settings take them."""
    with pytest.raises(BuildError) as caught:
        winner(path, first, second)
    assert f"a and b both write {path}, differently" in str(caught.value)
    assert f'prefer = ["a: {path}"]' in caught.value.fix
    assert f'drop = ["{path}"]' in caught.value.fix


def test_many_are_named_by_their_folder() -> None:
    """As opencv's builds, which are the same package twice."""
    files = {f"cv2/{number}.py": "x" for number in range(20)}
    tree = Installed((brings("a", files), brings("b", dict.fromkeys(files, "y"))))
    with pytest.raises(BuildError, match="and 10 more files") as caught:
        conflicts.settle(tree, files, [])
    assert 'prefer = ["a: cv2"]' in caught.value.fix
    won = conflicts.settle(tree, files, conflicts.read_preferences(["B: cv2"]))
    assert won == dict.fromkeys(files, "b")


def test_the_lines_that_it_names_settle_all() -> None:
    """Of files here and there; also where no package brings them all."""
    shared = {"a": ["x.py", "n/1.py"], "b": ["x.py", "n/1.py", "n/2.py", "m/3.py"]}
    shared |= {"c": ["n/2.py", "m/3.py", "m/4.py"], "d": ["m/4.py", "m/5.py"], "e": ["m/5.py"]}
    brought = (brings(name, dict.fromkeys(each, name)) for name, each in shared.items())
    tree = Installed(tuple(brought))
    with pytest.raises(BuildError) as caught:
        conflicts.settle(tree, tree.sizes, [])
    assert '"b: m/3.py", "c: m/4.py", "d: m/5.py", "b: n", "a: x.py"' in caught.value.fix
    named = [each.strip('"') for each in caught.value.fix.split("[")[1].split("]")[0].split(", ")]
    assert len(conflicts.settle(tree, tree.sizes, conflicts.read_preferences(named))) == 6


def test_a_path_with_brackets_is_preferred_as_it_is() -> None:
    """In a glob they mean a character."""
    tree = Installed(tuple(brings(name, {"n/[id].js": name, f"n/{name}.py": ""}) for name in "ab"))
    with pytest.raises(BuildError) as caught:
        conflicts.settle(tree, tree.sizes, [])
    assert 'prefer = ["a: n/?id?.js"]' in caught.value.fix
    named = conflicts.read_preferences(["a: n/?id?.js"])
    assert conflicts.settle(tree, tree.sizes, named) == {"n/[id].js": "a"}


def test_more_than_two_that_clash() -> None:
    """They are all named, and one of them is asked for."""
    tree = Installed(tuple(brings(name, {"n/x.py": name}) for name in "abc"))
    with pytest.raises(BuildError, match=r"a and b and c all write n/x\.py") as caught:
        conflicts.settle(tree, tree.sizes, [])
    assert caught.value.fix.startswith("choose one of them: prefer")


@pytest.mark.parametrize("prefer", ["b: n/__init__.py", "B : n", "b:**"])
def test_the_settings_say_it(prefer: str) -> None:
    """A distribution, however it is spelt, and a glob."""
    assert winner("n/__init__.py", "x = 1\n", "x = 2\n", prefer) == "b"


def test_one_file_cannot_come_from_two() -> None:
    """The settings contradict themselves."""
    with pytest.raises(SettingsError, match=r"n/x\.py cannot come from both a and b"):
        winner("n/x.py", "1", "2", "a: n/x.py", "b: n")


def test_what_goes_is_no_conflict() -> None:
    """Rules and `drop` come first; bytecode of the installer does not count. What has no hash may
    be anything."""
    tree = Installed((brings("a", {"t/x.py": "1"}), brings("b", {"t/x.py": "2"})))
    assert conflicts.settle(tree, [], []) == {}
    hashes = {"n/__pycache__/x.pyc": "1", "z": ""}
    a = stored_parts.distribution("a", hashes=hashes)
    b = stored_parts.distribution("b", hashes={"n/__pycache__/x.pyc": "2", "z": "3"})
    assert conflicts.claims(Installed((a, b)), [*hashes]) == {"z": [a, b]}
    other = stored_parts.distribution("c", hashes=hashes)
    assert conflicts.claims(Installed((a, other)), [*hashes]) == {"z": [a, other]}
    assert conflicts.claims(Installed((a,)), [*hashes]) == {}


def test_texts_of_licences_in_a_folder_that_two_share() -> None:
    """They are no code there, either."""
    made = [
        stored_parts.distribution(
            name, hashes={"n/LICENSE": f"sha256={name}"}, licenses={"n/LICENSE": name}
        )
        for name in ("a", "b")
    ]
    assert conflicts.settle(Installed(tuple(made)), ["n/LICENSE"], []) == {"n/LICENSE": "a"}


def test_preferences_that_name_nothing() -> None:
    """A distribution that is not there, and a file that it does not bring."""
    tree = Installed((brings("a", {"n/x.py": "1"}),))
    asked = conflicts.read_preferences(["a: n", "a: m", "b: n/x.py"])
    assert conflicts.unmatched(tree, asked) == ["a: m", "b: n/x.py"]
