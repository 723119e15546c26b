"""tasks/util/source_location.py: file, line and the words at fault, as compilers show them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.chalice_project import config
from tasks.context import settings
from tasks.requirements import file
from tasks.util import source_location
from tasks.util.errors import LayerError
from tasks.util.source_location import SourceLocation

TOML = """[tool.ruff]
strip = 1

[tool.lambda-layer]  # ours
layer = "deps"
  "strip" = "yes"

[tool.lambda-layer.stages."dev"]
strip = 2
"""
CONFIG = """{
  "app_name": "shop",
  "stages": {
    "prod": {
      "automatic_layer": true,
      "layers": "none"
    }
  }
}
"""


def test_a_place_shows_the_line_and_marks_the_words() -> None:
    """Indented lines lose their margin."""
    place = SourceLocation(
        file="a.toml", line=3, text='   strip = "yes"', start=3, length=5, hint="hm"
    )
    assert str(place) == '  --> a.toml:3\n   | strip = "yes"\n   | ^^^^^ hm'


@pytest.mark.parametrize(
    ("table", "key", "line"),
    [
        ("tool.lambda-layer", "layer", 5),
        ("tool.lambda-layer", "strip", 6),
        ("tool.lambda-layer.stages.dev", "strip", 9),
        ("tool.lambda-layer.stages.dev", "", 8),
    ],
)
def test_a_key_is_found_in_its_own_table(tmp_path: Path, table: str, key: str, line: int) -> None:
    """Another table may have one of the same name."""
    path = tmp_path / "pyproject.toml"
    path.write_text(TOML)
    found = source_location.in_toml(path, table, key)
    assert found
    assert found.line == line


def test_a_key_in_another_spelling_has_no_place(tmp_path: Path) -> None:
    """Dotted keys: rather none than a wrong one."""
    path = tmp_path / "pyproject.toml"
    path.write_text('tool.lambda-layer.layer = "x"\n')
    assert source_location.in_toml(path, "tool.lambda-layer", "layer") is None
    assert source_location.at(path, 7) is None


def test_members_of_config_json_are_found_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(CONFIG)
    found = config.place(path, "stages", "prod", "automatic_layer")
    assert str(found) == (f'  --> {path}:5\n   | "automatic_layer": true,\n   | ^^^^^^^^^^^^^^^^^')
    assert config.place(path, "stages", "dev") is None


READERS: dict[str, Callable[[Path], object]] = {
    "config.json": config.load_config,
    "pyproject.toml": lambda path: settings.load_settings(path.parent, {}, {}),
    "requirements.txt": file.read_requirements,
}


def message(tmp_path: Path, name: str, text: str) -> str:
    """What is said of a file."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(LayerError) as caught:
        READERS[name](path)
    return str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("config.json", CONFIG, '  --> /config.json:6\n   | "layers": "none"\n   | ^^^^^^^^'),
        ("config.json", '{\n "a": ,\n}', '  --> /config.json:2\n   | "a": ,\n   |      ^'),
        ("pyproject.toml", "a = 1\nb = \n", "  --> /pyproject.toml:2\n   | b =\n   |     ^"),
        (
            "pyproject.toml",
            "[tool.lambda-layer]\nbukcet = 1\n",
            "(did you mean bucket?)\n  --> /pyproject.toml:2\n   | bukcet = 1\n   | ^^^^^^",
        ),
        (
            "requirements.txt",
            "six==1.16.0\nnumpy=1.2\n",
            "  --> /requirements.txt:2\n   | numpy=1.2\n   |      ^ did you mean numpy==1.2?",
        ),
    ],
)
def test_a_mistake_in_a_file_is_shown_where_it_is(
    tmp_path: Path, name: str, text: str, shown: str
) -> None:
    """Settings, requirements, config.json."""
    assert shown in message(tmp_path, name, text)


def test_many_mistakes_are_shown_by_line_only(tmp_path: Path) -> None:
    """An error stays short."""
    text = "[tool.lambda-layer]\n" + "".join(f"wrong{n} = 1\n" for n in range(5))
    said = message(tmp_path, "pyproject.toml", text)
    assert said.count("-->") == 5
    assert "|" not in said
