"""tasks/chalice_project/source/package_files.py: files of packages that the app's code names."""

from pathlib import Path

import pytest

from tasks.chalice_project.source import imports, package_files
from tasks.layer.prune.rules import FOLDERS, SUFFIXES

FILES = "from importlib.resources import files\n"


def named(text: str) -> set[str]:
    return {*package_files.named(text.encode(), FOLDERS, SUFFIXES)}


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ('files("acme") / "prompts" / "developer.md"', "prompts/developer.md"),
        ('files("acme").joinpath("prompts/developer.md")', "prompts/developer.md"),
        ('files("acme").joinpath("tests", "data", "x.json")', "tests/data/x.json"),
        ('(files("acme") / "tests" / "data" / f"{name}.json").read_text()', "tests/data/*"),
        ('files("acme") / f"prompts/{role}_role.md"', "prompts/*_role.md"),
        ('files("acme") / "prompts" / ("%s_role.md" % role)', "prompts/%s_role.md"),
        ('files("acme") / "{}.md".format(role)', "{}.md"),
        ('files("acme") / (role + "_role.md")', "*_role.md"),
        ('DATA = files("acme") / "tests"', "tests/*"),
        ('files("acme.sub") / "docs" / "index.html"', "docs/index.html"),
        ('pkgutil.get_data("acme", "schemas/a_v1.proto")', "schemas/a_v1.proto"),
        ('import acme\nopen(os.path.join(os.path.dirname(acme.__file__), "a.md"))', "a.md"),
        ('from acme import data as d\nfiles(d).joinpath("a.md")', "a.md"),
    ],
)
def test_files_of_a_package(code: str, path: str) -> None:
    """Quoted whole or put together, as the documentation of importlib.resources does."""
    assert named(FILES + code) == {f"acme:{path}"}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('for p in files("acme").joinpath("prompts").iterdir(): p.read_text()', {"acme:*"}),
        ('import acme.data as d\n[p for p in files(d).glob("*")]', {"acme:*"}),
        ('files("acme").joinpath(name).read_text()', set()),
        ('os.listdir("/tmp")', set()),
        ('import acme\nfiles("acme") / "x.json"', set()),
        ('import acme\n@app.route("/docs")\ndef f(): return "docs, tests and README.md"', set()),
        ('import acme\nMAIL = "a@b.c"', set()),
        ('import acme\nURL = "https://x.example/docs/a.md"', set()),
        ('import acme\nopen("/var/task/README.md")', set()),
        ('import json\nopen("README.md")', set()),
        ('files("acme") / "a.md"; def', set()),
    ],
)
def test_other_texts_and_folders(code: str, found: set[str]) -> None:
    """A folder that is listed counts. Routes, addresses, the app's own files and what no rule
    judges do not."""
    assert named(FILES + code) == found


def test_a_text_that_is_put_together_of_many(tmp_path: Path) -> None:
    """Deeper than Python's parser goes. An app without such names has none."""
    assert named('import acme\nx = "a.md"' + ' + "a"' * 50_000) == set()
    (tmp_path / "app.py").write_text('files("acme") / "docs" / "a.md"')
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "chalicelib/a.py").write_text("import acme")
    found = imports.of_app_and_programs(tmp_path, FOLDERS, "", SUFFIXES)
    assert found == ["acme:docs/a.md"]
