"""tasks/chalice_project/source: an app is found wherever its code lies, in the shapes that people
write. Nothing of it is run, unless only Chalice knows what it is."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.chalice_project import app as chalice_app
from tasks.util.errors import InputError

APP = "from chalice import Chalice\napp = Chalice(app_name='a')\n"
BLUEPRINT = "from chalice import Blueprint\nbp = Blueprint(__name__)\n"
STATUS = "@{}.route('/status')\ndef status(): ...\n"
JOB = "@{}.schedule('rate(1 hour)')\ndef job(event): ...\n"
SHAPES: dict[str, tuple[Mapping[str, str], str]] = {
    "app in chalicelib": (
        {"app": "from chalicelib.core import app\n", "chalicelib/core": APP + STATUS.format("app")},
        "/status",
    ),
    "app in chalicelib, routes in a third module": (
        {"app": "from chalicelib.core import app\nimport chalicelib.routes\n",
         "chalicelib/core": APP,
         "chalicelib/routes": "from .core import app\n" + STATUS.format("app")},
        "/status",
    ),
    "two modules in one import": (
        {"app": "import os, chalice\napp = chalice.Chalice(app_name='a')\n" + STATUS.format("app")},
        "/status",
    ),
    "another name for the class": (
        {"app": "from chalice import Chalice as C\nservice: C = C(app_name='a')\napp = service\n"
         + STATUS.format("service")},
        "/status",
    ),
    "a class of its own": (
        {"app": "from chalice import Chalice\nclass Ours(Chalice): ...\napp = Ours(app_name='a')\n"
         + STATUS.format("app")},
        "/status",
    ),
    "made by a function": (
        {"app": "from chalicelib.factory import make\napp = make()\n" + STATUS.format("app"),
         "chalicelib/factory": "from chalice import Chalice\n"
         "def make():\n    app = Chalice(app_name='a')\n    return app\n"},
        "/status",
    ),
    "handed to a function": (
        {"app": APP + "from chalicelib.web import add\nadd(app)\n",
         "chalicelib/web": "def add(app):\n    @app.route('/status')\n    def status(): ...\n"},
        "/status",
    ),
    "blueprints of one name": (
        {"app": APP + "from chalicelib import one, two\n"
         "app.register_blueprint(one.bp, url_prefix='/one')\n"
         "app.register_blueprint(two.bp, url_prefix='/two')\n",
         "chalicelib/one": BLUEPRINT + STATUS.format("bp"), "chalicelib/two": BLUEPRINT},
        "/one/status",
    ),
    "a blueprint by another name": (
        {"app": APP + "from chalicelib.deep.one import bp as orders\n"
         "app.register_blueprint(blueprint=orders, url_prefix='/one')\n",
         "chalicelib/deep/__init__": "",
         "chalicelib/deep/one": BLUEPRINT + STATUS.format("bp")},
        "/one/status",
    ),
    "prefixes by place, and constants": (
        {"app": APP + "from chalicelib import one, paths\n"
         "app.register_blueprint(one.bp, 'n_', paths.PREFIX)\n",
         "chalicelib/paths": "VERSION = 'v1'\nPREFIX = f'/api/{VERSION}'\n",
         "chalicelib/one": BLUEPRINT + "from .paths import VERSION\n"
         "@bp.route(path='/' + VERSION)\ndef f(): ...\n"},
        "/api/v1/v1",
    ),
    "registered in a loop": (
        {"app": APP + "from chalicelib.one import bp\nALL = [bp]\n"
         "for each in ALL:\n    app.register_blueprint(each)\n",
         "chalicelib/one": BLUEPRINT + STATUS.format("bp")},
        "/status",
    ),
    "registered in chalicelib, over what its package says": (
        {"app": "from chalicelib import *\n",
         "chalicelib/__init__": "from .core import app\nfrom .one import bp\n"
         "app.register_blueprint(bp)\n",
         "chalicelib/core": APP, "chalicelib/one": BLUEPRINT + STATUS.format("bp")},
        "/status",
    ),
    "beside app.py": (
        {"app": APP + "import web\n", "web": "from app import app\n" + STATUS.format("app")},
        "/status",
    ),
    "no decorator": (
        {"app": APP + "def status(): ...\napp.route('/status')(status)\n"}, "/status",
    ),
}  # fmt: skip


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in {**files, ".chalice/config.json": '{"stages": {"dev": {}}}'}.items():
        path = root / (name if name.endswith(".json") else f"{name}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize("shape", SHAPES)
def test_an_app_is_found_wherever_it_is(shape: str, tmp_path: Path) -> None:
    """Its one open path, with the prefix that it is deployed with."""
    files, path = SHAPES[shape]
    app = chalice_app.read_app(write(tmp_path, files))
    assert app.asked == [path]


def test_a_blueprint_that_nobody_registers_is_no_part_of_it(tmp_path: Path) -> None:
    """Nor another's of the same name."""
    files = {
        "app": APP + "from chalicelib.one import bp\napp.register_blueprint(bp)\n",
        "chalicelib/one": BLUEPRINT,
        "chalicelib/two": BLUEPRINT + STATUS.format("bp") + JOB.format("bp"),
    }
    write(tmp_path, files)
    assert chalice_app.routes(tmp_path) == []
    assert chalice_app.functions(tmp_path) == []


def test_handlers_of_every_module(tmp_path: Path) -> None:
    """With the prefix of their blueprint."""
    files = {
        "app": "from chalicelib.core import app\nfrom chalicelib import one as jobs\n"
        "app.register_blueprint(jobs.bp, 'one_')\n",
        "chalicelib/core": APP + JOB.format("app").replace("job", "main"),
        "chalicelib/one": BLUEPRINT + JOB.format("bp"),
    }
    assert sorted(chalice_app.functions(write(tmp_path, files))) == ["main", "one_job"]


@pytest.mark.parametrize(
    "text",
    ["import a, b\na = b = a\n@a.b.route('/x')\ndef f(): ...\n",
     "from app import app\n" + STATUS.format("app"),
     "from .x import *\nfrom . import *\nx = y\ny = x\n" + STATUS.format("x")],
)  # fmt: skip
def test_names_that_lead_in_a_circle_end(text: str, tmp_path: Path) -> None:
    """Python would not import it either; it is read, and nobody waits."""
    chalice_app.routes(write(tmp_path, {"app": APP + text}))


def test_what_imports_no_chalice_is_no_app(tmp_path: Path) -> None:
    """Neither app.py nor what it reaches; the import's own words say why."""
    files = {"app": "import web\n", "web": "import no_such_framework\n"}
    with pytest.raises(InputError, match="No module named 'no_such_framework'") as caught:
        chalice_app.read_app(write(tmp_path, files))
    assert "that were read do not import chalice" in caught.value.problem
    assert "where its packages are installed" in caught.value.fix


HOUSE = "from chalice import Chalice\nclass HouseApp(Chalice): ...\n"
BY_HOUSE = "from house import HouseApp\napp = HouseApp(app_name='a')\n"
ROUTE = "@app.route('/status')\ndef status(): ...\n"


@pytest.mark.parametrize(
    "files",
    [
        {"app": "import importlib\nchalice = importlib.import_module('chalice')\n"
         "app = chalice.Chalice('a')\n"},
        {"app": BY_HOUSE, "vendor/house": HOUSE},
        {"app": "import sys\nsys.path.append('src')\n" + BY_HOUSE, "src/house": HOUSE},
    ],
)  # fmt: skip
def test_an_app_that_only_chalice_knows(files: dict[str, str], tmp_path: Path) -> None:
    """It is asked, as `chalice deploy` would: nothing of it stays behind."""
    root = write(tmp_path, {**files, "app": files["app"] + ROUTE})
    before = sorted(root.rglob("*"))
    assert chalice_app.read_app(root).asked == ["/status"]
    assert sorted(root.rglob("*")) == before


def test_what_the_app_imports(tmp_path: Path) -> None:
    """By its outermost names, in all of its modules."""
    files = {"app": APP + "import a.b\n", "chalicelib/one": "from c.d import e\nfrom . import f\n"}
    assert {"a", "c", "chalice"} <= chalice_app.read_app(write(tmp_path, files)).imports
