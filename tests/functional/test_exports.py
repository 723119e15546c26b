"""adopt/requirements/exports.py: lock files of other tools, read by those tools themselves."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.adopt.requirements import exports, sources
from tasks.adopt.requirements.sources import Source
from tasks.util.errors import InputError
from tests import installed_wheel, sample_apps
from tests.installed_wheel import Tool
from tests.package_index import Index, serving
from tests.sample_apps import WORKER

POETRY = """[project]
name = "worker"
version = "1"
requires-python = ">=3.12"
dependencies = ["wanted==1.0"]

[dependency-groups]
extra = ["another==2.0"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "here"
url = "{url}/"
"""
PIPFILE = """[[source]]
url = "{url}"
verify_ssl = false
name = "here"

[packages]
wanted = "==1.0"

[extra]
another = "==2.0"
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """`wanted` needs `needed`; `another` stands alone."""
    with serving(tmp_path_factory.mktemp("index")) as made:
        made.add("wanted", "1.0", "Requires-Dist: needed")
        made.add("needed", "3.0")
        made.add("another", "2.0")
        yield made


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """Poetry with its export plugin, and Pipenv, as their own documentation installs them."""
    folder = tmp_path_factory.mktemp("tools")
    made = installed_wheel.empty(folder)
    made.install("poetry==2.5.1", "poetry-plugin-export==1.10.1", "pipenv==2026.10.3")
    quiet = {"POETRY_VIRTUALENVS_CREATE": "false", "PIPENV_NOSPIN": "1", "PIP_FIND_LINKS": ""}
    made.environment.update(quiet, POETRY_CACHE_DIR=str(folder / "cache"))
    return made


@pytest.mark.parametrize(
    ("tool", "file", "text", "lock"),
    [
        ("poetry", "pyproject.toml", POETRY, "poetry.lock"),
        ("pipenv", "Pipfile", PIPFILE, "Pipfile.lock"),
    ],
)
def test_what_the_tool_locked(
    tool: str, file: str, text: str, lock: str, tools: Tool, index: Index, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Every package with its hash; of a group, that group alone."""
    (tmp_path / file).write_text(text.format(url=index.url))
    made = tools.run(tmp_path, tool, "lock")
    assert made.code == 0, made.output
    for name, value in tools.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(tools.bin), prepend=":")
    said = exports.requirements(tmp_path, Source(file=lock))
    assert "wanted==1.0" in said
    assert "needed==3.0" in said
    assert "--hash=sha256:" in said
    assert "another" not in said
    said = exports.requirements(tmp_path, Source(file=lock, group="extra"))
    assert "another==2.0" in said
    assert "wanted" not in said


@pytest.mark.parametrize(
    ("lock", "fix"),
    [
        ("poetry.lock", "pipx inject poetry poetry-plugin-export"),
        ("Pipfile.lock", "pipx install pipenv"),
    ],
)
def test_without_the_tool(
    lock: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to install."""
    (tmp_path / lock).write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as caught:
        exports.requirements(tmp_path, Source(file=lock))
    assert "is needed to read its lock file, and" in caught.value.problem
    assert fix in caught.value.fix


def test_a_tool_that_refuses_is_heard(tmp_path: Path) -> None:
    """In its own words."""
    (tmp_path / "uv.lock").write_text("no lock")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n")
    with pytest.raises(InputError, match=r"`uv export .*` failed:\n.*uv.lock"):
        exports.requirements(tmp_path, Source(file="uv.lock"))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"requirements.txt": "six\n", "uv.lock": ""}, "requirements.txt"),
        ({"requirements.txt": "# none\n", "uv.lock": "", "poetry.lock": ""}, "uv.lock"),
        ({"Pipfile.lock": json.dumps({})}, "Pipfile.lock"),
        ({"pyproject.toml": "[project]\nname='x'\ndependencies=['six']\n"}, "pyproject.toml"),
    ],
)
def test_where_requirements_are_looked_for(
    files: dict[str, str], found: str, tmp_path: Path
) -> None:
    """The first file that names any."""
    made = {**WORKER, **files}
    if "requirements.txt" not in files:
        del made["requirements.txt"]
    assert sources.find(sample_apps.make(tmp_path / "app", made)).file == found


@pytest.mark.parametrize(("group", "said"), [("none", "there are: a, b"), ("a", "includes itself")])
def test_groups_that_are_none(group: str, said: str) -> None:
    """With the ones there are."""
    text = '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n'
    with pytest.raises(InputError, match=said):
        sources.declared(text, group)
