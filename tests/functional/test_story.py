"""Before lunch: from `chalice new-project` to a layer, forward and back, by the wheel alone."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import documents, installed_wheel, sample_apps
from tests.installed_wheel import Tool
from tests.project import ROOT, SIZE
from tests.sample_apps import changed, git

APP = """from chalice import Chalice
import requests

app = Chalice(app_name='shop')


@app.route('/')
def index():
    import six
    from dateutil.parser import isoparse

    return {'requests': requests.__version__, 'six': six.__version__, 'file': six.__file__,
            'year': isoparse('2020-02-02').year}
"""
REQUIREMENTS = "requests==2.32.4\npython-dateutil==2.9.0.post0\nsix==1.16.0\n"
ONLY_LOCAL = "stage local: the only one that was deployed from here; stage=… says another"
CALL = "call   doit invoke event=http stage=local; an address: doit local-url"
LOCAL_STOP = "local-stop ends the emulator"
ARNS = re.compile(r'"arn:aws:lambda:[^"]+:layer:shop-deps:\d+"')


@pytest.fixture
def adopting() -> list[list[str]]:
    """What the README says an app's team types: pip, init, deploy."""
    [block] = documents.blocks(ROOT / "README.md", "sh")
    return [shlex.split(line) for line in block.splitlines()]


@pytest.fixture
def tool(wheel: Path, tmp_path: Path) -> Tool:
    """The wheel, in an environment of this test's own."""
    (tmp_path / "tool").mkdir()
    return installed_wheel.install(wheel, tmp_path / "tool")


@pytest.fixture
def shop(tool: Tool, tmp_path: Path) -> Iterator[Path]:
    """What `chalice new-project` makes, with an app that needs packages."""
    run = tool.run(tmp_path, "chalice", "new-project", "shop")
    assert run.code == 0, run.output
    folder = tmp_path / "shop"
    (folder / "app.py").write_text(APP)
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    sample_apps.commit(folder)
    yield folder
    tool.run(folder, "doit", "local-stop")


def answer(folder: Path) -> dict[str, str]:
    """What the last smoke was told by the function."""
    record = json.loads((folder / "build/smoke/shop-deps/local.json").read_text())
    body: dict[str, str] = json.loads(record["body"])
    return body


def ok(tool: Tool, folder: Path, *words: str) -> str:
    run = tool.run(folder, *words)
    assert run.code == 0, f"{words}\n{run.output}"
    return run.output


def test_a_new_app_ships_its_layer_and_goes_back(
    tool: Tool, shop: Path, tmp_path: Path, wheel: Path, adopting: list[list[str]]
) -> None:
    """As the README says; each command ends well, and git shows what init announced."""
    install, init, deploy = adopting
    ok(tool, wheel.parent, *install[:-1], *map(str, wheel.parent.glob(install[-1])))
    said = ok(tool, shop, *init)
    announced = sample_apps.written(said)
    assert changed(shop) == announced
    for path in announced:
        assert f"+++ b/{path}" in said
    git(shop, "add", "--intent-to-add", "-A")
    differ = [line for line in git(shop, "diff").splitlines() if re.match(r"[+-](?![+-])", line)]
    assert [line for line in differ if line not in said.splitlines()] == []
    before = {path: (shop / path).read_text() for path in announced}
    [packages] = re.findall(r"^to run the app: (pip install .+)", said, re.M)
    ok(tool, shop, *packages.split())

    live, call, size, undo = ok(tool, shop, *deploy).splitlines()[-4:]
    assert live == "live   shop-local with version 1 of shop-deps, answers 200"
    assert call == CALL
    assert re.fullmatch(SIZE, size)
    assert undo == f"undo   nothing was there before; doit {LOCAL_STOP}"
    first = answer(shop)
    assert (first["requests"], first["six"]) == ("2.32.4", "1.16.0")
    assert "/opt/python/" in first["file"]

    layer = shop / "requirements-all.txt"
    layer.write_text(layer.read_text().replace("six==1.16.0", "six==1.17.0"))
    said = ok(tool, shop, "doit", "deploy", "stage=local")
    live, call, size, undo = said.splitlines()[-4:]
    assert "version 2 published" in said
    assert live == "live   shop-local with version 2 of shop-deps, answers 200"
    assert call == CALL
    assert re.fullmatch(SIZE, size)
    assert undo == "undo   doit rollback version=1 stage=local"
    assert answer(shop)["six"] == "1.17.0"

    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")
    run = tool.run(shop, "doit", "rollback", AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert run.code == 1  # an account may be meant: stage dev, which init took for the app's own
    assert "or of which stage: doit rollback stage=local" in run.output
    assert answer(shop)["six"] == "1.17.0"
    said = ok(tool, shop, "doit", "rollback")
    assert said.splitlines()[0] == ONLY_LOCAL
    live, call, size, undo = said.splitlines()[-4:]
    assert live == "live   shop-local with version 1 of shop-deps, answers 200"
    assert call == CALL
    assert re.fullmatch(SIZE, size)
    assert undo.startswith("undo   doit unpin stage=local, then doit deploy stage=local")
    assert answer(shop)["six"] == "1.16.0"
    assert "deploys keep it until doit unpin stage=local or changed requirements" in said
    assert "./doitw" not in said
    assert ok(tool, shop, "doit", "history").splitlines()[0] == ONLY_LOCAL

    layer.write_text(layer.read_text().replace("six==1.17.0", "six==1.16.0"))
    assert changed(shop) == announced
    after = {path: (shop / path).read_text() for path in announced}
    config = after[".chalice/config.json"]
    assert len(ARNS.findall(config)) == 1  # what a deploy writes, as init said
    after[".chalice/config.json"] = re.sub(rf"\[\s*{ARNS.pattern}\s*\]", "[]", config)
    assert after == before


@pytest.mark.long
def test_the_tutorial(tool: Tool, tmp_path: Path) -> None:
    """Its commands in their order, but for the installation: forward, back, forward."""
    install, *others = documents.blocks(documents.FOLDER / "tutorial.md", "sh")
    assert "pip install doit_lambda_layer-" in install
    try:
        run = tool.run(tmp_path, "/bin/sh", "-ec", "".join(others))
    finally:
        tool.run(tmp_path / "shop", "doit", "local-stop")
    assert run.code == 0, run.output
    assert '"six":"1.16.0"' in run.output.replace(" ", "")
    lives = re.findall(
        r"^live   shop-local with version (\d) of shop-deps, answers 200$", run.output, re.M
    )
    assert lives == ["1", "1", "2", "1", "2"]
