"""tasks/chalice_project/config.py: whatever config.json looks like, one value in it changes."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.chalice_project import config
from tasks.chalice_project.config import Member
from tasks.util.errors import LayerError
from tests.reliability_counts import answer

ANY, LAYOUTS = "config.json: any text", "config.json: layouts"
ARN = "arn:aws:lambda:ap-northeast-2:123456789012:layer:deps:1"
KEYS = st.sampled_from(
    ["layers", "lambda_architecture", "stages", "prod", "dev", "a", 'q"\\', "한", "\U0001f600"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just('}],"layers":[')
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
ARNS = st.lists(st.sampled_from([ARN, f"{ARN}2", "한"]), max_size=3)
BLANKS = st.text(" \t\r\n", max_size=3)


def write(path: Path, content: bytes) -> LayerError | None:
    """Everything that is asked of the file; what was refused is untouched."""
    path.write_bytes(content)

    def used() -> None:
        config.layers(path, "prod")
        more: list[Member] = [((), "lambda_architecture", "arm64")]
        for name, own in config.own_layers(path, "prod").items():
            more.append((("lambda_functions", name), "layers", [*own, ARN]))
        config.preview(path, "prod", [ARN], more)
        config.write_layers(path, "prod", [ARN], more)

    found = answer(ANY, used)
    if found is not None:
        assert path.read_bytes() == content
        return found
    assert config.layers(path, "prod") == [ARN]
    assert config.architecture(path, "prod") == "arm64"
    return None


@given(st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode()))
@example(b"\xef\xbb\xbf{}")
@example(b'{"stages": {"prod": {}}} x')
@example(b'{"stages": {"prod": {"lambda_functions": []}}}')
@example(b'{"stages": {"prod": {"lambda_functions": {"api_handler": 3}}}}')
@example(b'{"stages": {"prod": {"layers": null}}}')
@example(b'{"stages": {"prod": {}}, "a": "\\ud800"}')
@example(b'{"stages": {"prod": {}}, "a": ' + b"[" * 100_000)
@example(b'{"stages": {"prod": {}}, "a": ' + b"[" * 5000 + b"]" * 5000 + b"}")
@example(b'{"stages": {"prod": {"a": 1' + b"0" * 5000 + b"}}}")
def test_any_content(content: bytes) -> None:
    """Changed, or refused and untouched."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "config.json", content)


@given(VALUES, VALUES, VALUES)
def test_other_shapes(whole: Any, stages: Any, prod: Any) -> None:
    """JSON all right, and not what Chalice reads."""
    with tempfile.TemporaryDirectory() as folder:
        for value in (whole, {"stages": stages}, {"stages": {"prod": prod}}):
            write(Path(folder) / "config.json", json.dumps(value).encode())


def laid_out(value: Any, draw: Any) -> str:
    """The value as JSON with blanks wherever JSON allows them."""
    blank = draw(BLANKS)
    if isinstance(value, dict):
        members = [f"{json.dumps(k)}{blank}:{laid_out(v, draw)}" for k, v in value.items()]
        return f"{blank}{{{draw(BLANKS)}{(',' + draw(BLANKS)).join(members)}{blank}}}"
    if isinstance(value, list):
        return f"{blank}[{','.join(laid_out(each, draw) for each in value)}{blank}]{blank}"
    return f"{blank}{json.dumps(value, ensure_ascii=draw(st.booleans()))}{draw(BLANKS)}"


@st.composite
def documents(draw: Any) -> tuple[str, str | None, str, dict[str, Any]]:
    """(before, list, after, the stage) of a whole document, cut around the stage's `layers`; with
    no list (None) around the stage's object."""
    others = {k: {"x": v} for k, v in draw(PLACES).items() if k != "prod"}
    around = {k: v for k, v in draw(PLACES).items() if k not in ("stages", "layers")}
    stage = {k: v for k, v in draw(PLACES).items() if k != "layers"}
    mark = f"{draw(st.text(max_size=3))}\x00 here"
    listed = draw(st.none() | ARNS.map(json.dumps))
    marked: Any = mark
    if listed is not None:
        more = {k: v for k, v in draw(PLACES).items() if k not in (*stage, "layers")}
        stage = {**stage, "layers": json.loads(listed), **more}
        marked = {**stage, "layers": mark}
    text = laid_out({**around, "stages": {**others, "prod": marked}}, draw)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n").replace("\r\r", "\r")
    quoted = json.dumps(mark) if json.dumps(mark) in text else json.dumps(mark, ensure_ascii=False)
    before, after = text.split(quoted)
    return before, listed, after, stage


PLACES = st.dictionaries(KEYS, VALUES, max_size=2)


@given(documents(), ARNS)
def test_all_outside_of_the_list_stays(
    document: tuple[str, str | None, str, dict[str, Any]], arns: list[str]
) -> None:
    """Byte for byte, members of the same name elsewhere included. Twice is once."""
    before, listed, after, stage = document
    within = listed if listed is not None else json.dumps(stage)
    text = f"{before}{within}{after}"
    assert json.loads(text)["stages"]["prod"] == stage
    changed = answer(LAYOUTS, lambda: config.with_layers(text, "prod", arns))
    assert isinstance(changed, str)
    assert changed.startswith(before)
    assert changed.endswith(after)
    new = json.loads(changed[len(before) : len(changed) - len(after)])
    assert new == (arns if listed is not None else {**stage, "layers": arns})
    assert config.with_layers(changed, "prod", arns) == changed


@pytest.mark.parametrize(
    "text",
    [
        '{"stages": {"prod": {"layers": ["a"], "layers": []}}}',
        '{"stages": {"prod": 3}, "stages": {"prod": {"x": 1}, "prod": {}}}',
    ],
)
def test_of_a_key_that_stands_twice_the_last_counts(text: str) -> None:
    """As for json."""
    changed = answer(LAYOUTS, lambda: config.with_layers(text, "prod", [ARN]))
    assert json.loads(str(changed))["stages"]["prod"]["layers"] == [ARN]
