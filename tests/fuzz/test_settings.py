"""tasks/settings/model.py, arguments.py: whatever is written, set or typed."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli
from hypothesis import example, given
from hypothesis import settings as settings_of_this_run
from hypothesis import strategies as st

from tasks.context import arguments
from tasks.context.settings import load_settings
from tasks.settings import model
from tasks.settings.model import SPECS, Settings, option
from tasks.util.errors import LayerError
from tests.reliability_counts import answer

ROW = "settings: tables, variables, words"
KEYS = [option(name) for name in SPECS]
DIGITS = "١٢٣٤٥٦٧٨٩٠١٢"  # for Python `\d`, for AWS no account
ODD = ["", ".", "..", "/", "../x", "a/b", "\0", "a\n", "-", "x" * 300, "local", DIGITS]
TEXT = st.text(max_size=12) | st.sampled_from(ODD)
VALUES = st.one_of(
    TEXT, st.integers(-9, 10**12), st.booleans(), st.floats(), st.lists(TEXT, max_size=3),
    st.lists(st.integers(), max_size=2), st.dictionaries(TEXT, TEXT, max_size=2),
)  # fmt: skip
TABLES = st.dictionaries(st.sampled_from(KEYS) | TEXT, VALUES, max_size=2)
VARIABLES = [name for spec in SPECS.values() for name in spec.metadata.get("env", ())]
ENVIRONMENTS = st.dictionaries(st.sampled_from(VARIABLES), TEXT, max_size=1)
NAMES = st.sampled_from([*model.TYPED, *arguments.SPECS])
WORDS = st.dictionaries(NAMES | TEXT, TEXT, max_size=1)


def written(value: Any) -> str:
    """As TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in plain) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)} = {written(v)}" for k, v in value.items()) + "}"
    return str(value)


def table(head: str, content: dict[str, Any]) -> str:
    return "\n".join([head, *(f"{written(k)} = {written(v)}" for k, v in content.items()), ""])


def loaded(text: str, environ: dict[str, str], typed: dict[str, str]) -> Settings | LayerError:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(text, encoding="utf-8")
        return answer(ROW, lambda: load_settings(Path(folder), environ, typed))


@given(TABLES, TABLES, ENVIRONMENTS, WORDS)
@settings_of_this_run(max_examples=400)
@example({}, {}, {}, {"requirements": ""})
@example({}, {}, {}, {"requirements": ".."})
@example({"requirements": "a\0"}, {}, {}, {})
@example({"check": "a\0"}, {}, {}, {})
@example({"account": DIGITS}, {}, {}, {})
@example({}, {}, {}, {"stage": "../prod"})
@example({}, {}, {}, {"requirements": "x" * 300})
def test_settings_or_an_error(
    common: dict[str, Any], dev: dict[str, Any], environ: dict[str, str], typed: dict[str, str]
) -> None:
    """And whatever is accepted can be used as a path and a key."""
    common.pop("stages", None)
    text = table("[tool.lambda-layer]", common) + table("[tool.lambda-layer.stages.dev]", dev)
    found = loaded(text, environ, typed)
    if isinstance(found, Settings):
        for name in (found.requirements, found.lock, found.check):
            assert "\0" not in name
        for name in (found.layer, found.stage):
            assert Path("build", name).parent == Path("build"), name
            assert len(name) < 200
        assert found.account.isascii()


@given(st.text(max_size=60))
@example("[tool.lambda-layer]\nrequirements = 'a\\u0000'")
def test_any_text_for_pyproject(text: str) -> None:
    """TOML or not."""
    loaded(text, {}, {})
    loaded(f"[tool.lambda-layer]\n{text}", {}, {})


@given(st.sampled_from(["keep", "drop", "recipes"]), st.lists(TEXT), st.integers(0, 10**6))
def test_what_is_valid_arrives_as_it_is(name: str, listed: list[str], days: int) -> None:
    """Every character of it."""
    said: dict[str, Any] = {name: tuple(listed)}
    text = table("[tool.lambda-layer]", {name: listed, "lifecycle-days": days})
    assert tomli.loads(text)["tool"]["lambda-layer"][name] == listed
    assert loaded(text, {}, {}) == replace(Settings(lifecycle_days=days), **said)


@given(WORDS, st.lists(st.sampled_from(["rollback", "gc", "deploy", "diff"]) | TEXT))
def test_arguments_or_an_error(typed: dict[str, str], words: list[str]) -> None:
    """For whatever commands."""
    answer(ROW, lambda: arguments.load_arguments(typed, words))
