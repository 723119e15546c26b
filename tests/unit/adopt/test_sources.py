"""adopt/requirements/sources.py, local_projects.py, exports.py: where requirements stand, in the
shapes that people's projects have; what cannot be taken is refused with what to do."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.adopt.requirements import exports, requirements_files, sources
from tasks.adopt.requirements.sources import LAYER, Source
from tasks.requirements import developer_tools
from tasks.util.errors import InputError

POETRY = "[tool.poetry.dependencies]\npython = '^3.12'\nsix = '^1.16'\n"
PROJECT = "[project]\nname = 'orders'\nversion = '1'\n"
DEPENDS = PROJECT + "dependencies = ['six==1.16.0']\n"
WORKSPACE = '[[package]]\nname = "orders"\nsource = { editable = "services/orders" }\n'
PYLOCK = """lock-version = "1.0"
default-groups = ["layer"]
[[packages]]
name = "six"
version = "1.16.0"
marker = "python_version > '3.8'"
sdist = {url = "https://e.org/six.tar.gz", hashes = {sha256 = "aa"}}
wheels = [{url = "https://e.org/six.whl", hashes = {sha256 = "bb"}}]
[[packages]]
name = "pytest"
version = "8.0"
marker = "'dev' in dependency_groups"
wheels = [{url = "https://e.org/pytest.whl", hashes = {sha256 = "cc"}}]
[[packages]]
name = "idna"
marker = "'layer' in dependency_groups"
archive = {url = "https://e.org/idna.zip", hashes = {sha256 = "dd"}}
"""


def app(root: Path, files: Mapping[str, str], place: str = "services/orders") -> Path:
    """The app's folder in a repository with these files; `./x` lies beside the app."""
    (root / ".git").mkdir()
    folder = root / place
    folder.mkdir(parents=True)
    for name, text in files.items():
        path = folder / name if name.startswith("./") else root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"./requirements.txt": "six\n", "uv.lock": WORKSPACE}, "requirements.txt"),
        ({"./pyproject.toml": PROJECT, "uv.lock": WORKSPACE}, "../../uv.lock"),
        ({"./pyproject.toml": DEPENDS, "uv.lock": WORKSPACE}, "../../uv.lock"),
        ({"./pyproject.toml": DEPENDS, "uv.lock": "version = 1\n"}, "pyproject.toml"),
        ({"poetry.lock": "", "pyproject.toml": POETRY}, "../../poetry.lock"),
        ({"services/Pipfile.lock": "{}", "uv.lock": ""}, "../Pipfile.lock"),
        ({"./Pipfile.lock": "{}", "./Pipfile": ""}, "Pipfile.lock"),
        ({"./pdm.lock": "", "./pyproject.toml": DEPENDS}, "pdm.lock"),
        ({"./pylock.toml": PYLOCK}, "pylock.toml"),
        ({"./requirements-all.txt": "six\n", "./requirements.txt": "# none\n"}, "requirements.txt"),
    ],
)
def test_where_requirements_are_looked_for(
    files: Mapping[str, str], found: str, tmp_path: Path
) -> None:
    """In the app's folder, then in those around it, up to the repository's; a workspace's lock
    before what its member leaves open."""
    assert sources.find(app(tmp_path, files)) == Source(file=found)


@pytest.mark.parametrize(
    ("files", "fix"),
    [
        ({"./pyproject.toml": POETRY}, "run `poetry lock`, then this again"),
        ({"./pyproject.toml": POETRY, "uv.lock": ""}, "run `poetry lock`, then this again"),
        ({"./Pipfile": "[packages]\nsix = '*'\n"}, "run `pipenv lock`, then this again"),
        ({"./pyproject.toml": PROJECT + "dynamic = ['dependencies']\n"}, "--from FILE"),
        ({"./pyproject.toml": "[tool.hatch.envs.default]\ndependencies = ['six']\n"},
         "[project] dependencies"),
        ({"./pyproject.toml": "[dependency-groups]\nlayer = ['six']\n"},
         "--from pyproject.toml --group layer"),
        ({"./setup.py": "", "./requirements.txt": "\n"}, "setup.py: only running it says"),
        ({"./environment.yml": ""}, "not of conda's"),
        ({"./requirements/prod.txt": "six\n"}, "--from: requirements/prod.txt"),
        ({"requirements.txt": "six\n"}, "--from: ../../requirements.txt"),
        ({"pyproject.toml": DEPENDS}, "--from: ../../pyproject.toml"),
        ({}, "list what the layer is to hold in requirements-all.txt"),
    ],
)  # fmt: skip
def test_no_requirements_are_an_error(files: Mapping[str, str], fix: str, tmp_path: Path) -> None:
    """Never an empty layer: what is there, and what to do with it."""
    with pytest.raises(InputError, match="no requirements found in") as caught:
        sources.find(app(tmp_path, files))
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("name", "text"),
    [("../pyproject.toml", "six==1.16.0\n"), ("../base.txt", "six\n"), ("../dev.in", "idna\n")],
)
def test_a_file_of_another_folder(name: str, text: str, tmp_path: Path) -> None:
    """Taken as it is named; the next run finds it again."""
    files = {"services/pyproject.toml": DEPENDS, "services/base.txt": "six\n",
             "services/dev.in": "idna\n"}  # fmt: skip
    folder = app(tmp_path, files)
    source = sources.named(name, "")
    assert exports.requirements(folder, source) == text
    _, made = requirements_files.halves(folder, source, text, set(), set())
    (folder / LAYER).write_text(made[LAYER])
    assert requirements_files.remembered(folder) == source


@pytest.mark.parametrize(
    ("name", "fix"), [("Pipfile", "pipenv lock"), ("setup.py", "write that into"), ("x.c", ".txt")]
)
def test_a_kind_of_file_that_is_not_read(name: str, fix: str) -> None:
    """With what to do."""
    with pytest.raises(InputError) as caught:
        sources.named(name, "")
    assert fix in str(caught.value)


WHERE = {  # what each tool is told, by what it says to do
    "uv lock": [
        "[tool.uv.sources]\nsix = { path = 'libs/six' }\n",
        "[tool.uv.sources]\nsix = { git = 'https://e.org/six' }\n",
        "[tool.uv.sources]\nsix = { url = 'https://e.org/six.whl' }\n",
        "[tool.uv.sources]\nsix = { workspace = true }\n",
        "[tool.uv.sources]\nsix = { index = 'ours' }\n",
        "[tool.uv]\nconstraint-dependencies = ['six<1.17']\n",
        "[tool.uv]\noverride-dependencies = ['six==1.15']\n",
        "[tool.uv]\nfind-links = ['wheels']\n",
        "[tool.uv]\nexclude-newer = '2026-01-01T00:00:00Z'\n",
    ],
    "poetry lock": [
        "[tool.poetry.dependencies]\nsix = { path = 'libs/six' }\n",
        "[tool.poetry.dependencies]\nsix = { git = 'https://e.org/six' }\n",
        "[tool.poetry.dependencies]\nsix = { source = 'ours' }\n",
        "[tool.poetry.dependencies]\nsix = '<1.17'\n",
        "[[tool.poetry.source]]\nname = 'ours'\nurl = 'https://e.org'\n",
    ],
    "pdm lock": [
        "[[tool.pdm.source]]\nname = 'ours'\nurl = 'https://e.org'\n",
        "[tool.pdm.resolution.overrides]\nsix = '1.15'\n",
    ],
    "write them into requirements.txt": [
        "[tool.hatch.envs.default]\nworkspace.members = ['libs/*']\n",
        "[tool.hatch.envs.default.env-vars]\nPIP_EXTRA_INDEX_URL = 'https://e.org'\n",
        "[[tool.rye.sources]]\nname = 'ours'\nurl = 'https://e.org'\n",
        "[tool.pixi.pypi-dependencies]\nsix = { path = 'libs/six' }\n",
    ],
    "pip-compile": ["[tool.pip-tools]\nindex-url = 'https://e.org'\n"],
}


@pytest.mark.parametrize(("fix", "said"), [(fix, x) for fix, all_ in WHERE.items() for x in all_])
def test_where_packages_come_from_is_never_dropped(fix: str, said: str, tmp_path: Path) -> None:
    """An index has another package of that name, perhaps a stranger's. `-e .` asks the same."""
    folder = app(tmp_path, {"./pyproject.toml": DEPENDS + said})
    with pytest.raises(InputError, match="others of the same names") as caught:
        exports.requirements(folder, sources.find(folder))
    assert fix in caught.value.fix
    with pytest.raises(InputError, match="others of the same names"):
        halves(folder, "-e .\n")


@pytest.mark.parametrize(
    ("files", "fix"),
    [
        ({"pyproject.toml": "[tool.uv]\nworkspace.members = ['*']\nsources.six.path = 'six'\n"},
         "uv lock"),
        ({"./uv.toml": "override-dependencies = ['six==1.15']\n"}, "uv lock"),
        ({"./pyproject.toml": DEPENDS + WHERE["uv lock"][0], "./uv.lock": ""}, "--from uv.lock"),
    ],
)  # fmt: skip
def test_nor_where_it_stands_beside(files: Mapping[str, str], fix: str, tmp_path: Path) -> None:
    """In uv.toml, in the workspace around it; with a lock that somebody does not name."""
    folder = app(tmp_path, {"./pyproject.toml": DEPENDS, **files})
    with pytest.raises(InputError, match="others of the same names") as caught:
        exports.requirements(folder, Source(file="pyproject.toml"))
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "said",
    [
        "[[tool.uv.index]]\nname = 'ours'\nurl = 'https://e.org'\ndefault = true\n",
        "[tool.uv]\ndev-dependencies = ['pytest']\n",
        "[tool.poetry.dependencies]\npython = '^3.12'\n",
        "[tool.poetry]\npackage-mode = false\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n",
        "[tool.hatch.envs.test]\ndependencies = ['pytest']\nenv-vars.CI = '1'\n",
        "[tool.pdm]\ndistribution = false\n",
    ],
)
def test_what_says_nothing_of_that_is_taken(said: str, tmp_path: Path) -> None:
    """Indexes for any package are those of the layer's build, too."""
    folder = app(tmp_path, {"./pyproject.toml": DEPENDS + said})
    assert exports.requirements(folder, sources.find(folder)) == "six==1.16.0\n"


def test_pyproject_that_names_nothing_is_refused_when_it_is_named(tmp_path: Path) -> None:
    """Poetry's own table is no list that everybody reads."""
    folder = app(tmp_path, {"./pyproject.toml": POETRY})
    with pytest.raises(InputError, match="names no package") as caught:
        exports.requirements(folder, Source(file="pyproject.toml"))
    assert "poetry lock" in caught.value.fix


def test_pylock(tmp_path: Path) -> None:
    """With hashes and markers; what developers' groups ask for stays out."""
    folder = app(tmp_path, {"./pylock.toml": PYLOCK})
    assert exports.requirements(folder, Source(file="pylock.toml")) == (
        "six==1.16.0 ; python_version > '3.8' \\\n"
        "    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "idna @ https://e.org/idna.zip \\\n    --hash=sha256:dd\n"
    )


PDM = """[metadata]
groups = ["default", "layer"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
[[package]]
name = "six"
version = "1.16.0"
groups = ["default", "layer"]
marker = "python_version > '3.8'"
files = [{file = "six.whl", hash = "sha256:bb"}, {file = "six.tar.gz", hash = "sha256:aa"}]
[[package]]
name = "six"
version = "1.16.0"
extras = ["x"]
groups = ["default"]
[[package]]
name = "idna"
version = "3.10"
groups = ["layer"]
files = [{file = "idna.whl", hash = "sha256:cc"}]
"""


def test_pdm(tmp_path: Path) -> None:
    """Read here: what the project needs, or a group; without PDM."""
    folder = app(tmp_path, {"./pdm.lock": PDM})
    six = "six==1.16.0 ; python_version > '3.8' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    assert exports.requirements(folder, Source(file="pdm.lock")) == six
    of_group = exports.requirements(folder, Source(file="pdm.lock", group="layer"))
    assert of_group == f"{six}idna==3.10 \\\n    --hash=sha256:cc\n"


@pytest.mark.parametrize(
    ("text", "group", "said"),
    [
        (PDM, "other", "no package of group other. There are: default, layer"),
        ("[[package]]\nname = 'a'\nversion = '1'\n", "", "--strategy inherit_metadata"),
        ("[[package]]\nname = 'a'\ngroups = ['default']\ngit = 'https://e.org/a'\n", "", "a comes"),
        ("[[package]]\nname = 'a'\ngroups = ['default']\npath = './a'\n", "", "a directory"),
    ],
)  # fmt: skip
def test_a_pdm_lock_that_cannot_be_taken(text: str, group: str, said: str, tmp_path: Path) -> None:
    """With what to do."""
    folder = app(tmp_path, {"./pdm.lock": text})
    with pytest.raises(InputError) as caught:
        exports.requirements(folder, Source(file="pdm.lock", group=group))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is not TOML"),
        ("lock-version = '2.0'\n", "'2.0'"),
        ("lock-version = '1.0'\n[[packages]]\nname = 'a'\nvcs = {type = 'git'}\n", "a comes from"),
        ("lock-version = '1.0'\n[[packages]]\nname = 'a'\ndirectory = {path = '.'}\n", "directory"),
        ("lock-version = '1.0'\n[[packages]]\nname = 'a'\nversion = '1'\n", "a names no file"),
    ],
)
def test_a_pylock_that_cannot_be_taken(text: str, said: str, tmp_path: Path) -> None:
    """Each entry by its name."""
    with pytest.raises(InputError, match=said):
        exports.requirements(app(tmp_path, {"./pylock.toml": text}), Source(file="pylock.toml"))


def halves(folder: Path, text: str, vendored: set[str] | None = None) -> tuple[str, str]:
    (folder / "requirements.txt").write_text(text)
    source = Source(file="requirements.txt")
    unused = developer_tools.unused({"chalice", "coverage"})
    _, made = requirements_files.halves(folder, source, "", vendored or set(), set(), unused)
    function, layer = (made[path].partition("\n\n")[2] for path in made)
    return function, layer


@pytest.mark.parametrize("line", ["-e .", ".", "-e ./", "--editable=.", "-e ../orders"])
def test_its_own_project_is_what_it_asks_for(line: str, tmp_path: Path) -> None:
    """Its code is packed anyway; with extras, what these ask for."""
    text = DEPENDS + "[project.optional-dependencies]\nweb = ['idna==3.10']\n"
    folder = app(tmp_path, {"./pyproject.toml": text})
    assert halves(folder, f"{line}\n") == ("", "six==1.16.0\n")
    if line == "-e .":
        assert halves(folder, "-e .[web]\n") == ("", "six==1.16.0\nidna==3.10\n")


def test_a_project_that_only_its_build_knows(tmp_path: Path) -> None:
    """What to write instead."""
    folder = app(tmp_path, {"./setup.py": ""})
    with pytest.raises(InputError, match=r"`-e .` means this project") as caught:
        halves(folder, "-e .\n")
    assert "in place of that line" in caught.value.fix


@pytest.mark.parametrize(
    "line", ["-e ../../libs/shared", "../../libs/shared", "shared @ ../../libs/shared"]
)
def test_a_folder_goes_into_vendor(line: str, tmp_path: Path) -> None:
    """Chalice cannot pack it; once it is there, the line goes, which Chalice would fail at."""
    files = {"libs/shared/pyproject.toml": "[project]\nname = 'our.shared'\n"}
    folder = app(tmp_path, files)
    with pytest.raises(InputError, match="a folder, which neither a layer nor Chalice") as caught:
        halves(folder, f"six\n{line}\n")
    assert "--no-deps --target vendor ../../libs/shared" in caught.value.fix
    assert halves(folder, f"six\n{line}\n", {"shared", "our-shared"}) == ("", "six\n")


def test_a_folder_that_chalice_packs_stays(tmp_path: Path) -> None:
    """`-e` of one with a setup.py; a wheel, too."""
    folder = app(tmp_path, {"libs/shared/setup.py": "", "./wheels/a-1-py3-none-any.whl": ""})
    text = "-e ../../libs/shared\n./wheels/a-1-py3-none-any.whl\n"
    assert halves(folder, f"six\n{text}") == (text, "six\n")


def test_what_only_tools_need_stays_out(tmp_path: Path) -> None:
    """Chalice's own closure in a freeze, pytest, black, flake8; what the app imports goes in."""
    tools = "inquirer==2.10\npython-editor==1.0\nblessed==1\nreadchar==2\npytest\nblack\nflake8\n"
    folder = app(tmp_path, {})
    assert halves(folder, f"{tools}coverage==7.0\nsix\n") == (tools, "coverage==7.0\nsix\n")


def test_options_of_an_included_file_are_seen_from_the_apps_folder(tmp_path: Path) -> None:
    """Where pip takes them from the file that names them."""
    text = "-c limits.txt\n--find-links ./wheels\nsix\n"
    folder = app(tmp_path, {"base/base.txt": text, "base/limits.txt": "six<2\n"})
    _, layer = halves(folder, "-r ../../base/base.txt\n")
    assert layer == "-c ../../base/limits.txt\n--find-links ../../base/wheels\nsix\n"


@pytest.mark.parametrize("text", ["chalice\n", "-i https://e.org/simple\n", "pytest\n./mine\n"])
def test_nothing_left_for_a_layer_is_an_error(text: str, tmp_path: Path) -> None:
    """With what became of each line."""
    with pytest.raises(InputError, match=r"requirements.txt leaves nothing for a layer"):
        halves(app(tmp_path, {"./mine": ""}), text)


def test_paths_in_an_export_are_seen_from_the_apps_folder(tmp_path: Path) -> None:
    """uv names them from the workspace's, Poetry from the root of the disk."""
    folder = app(tmp_path, {"libs/shared/a": ""})
    for line in ("-e ./libs/shared\n", f"shared @ file://{tmp_path}/libs/shared ; x > '1'\n"):
        assert "../../libs/shared" in exports.from_here(line, tmp_path, folder)
    assert exports.from_here("six==1.0\n", tmp_path, folder) == "six==1.0\n"
