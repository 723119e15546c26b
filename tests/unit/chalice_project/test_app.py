"""tasks/chalice_project/app.py: what an app's files say; deployed for real:
tests/functional/test_init."""

import json
from pathlib import Path

import pytest

from tasks.chalice_project import app as chalice_app
from tasks.chalice_project.app import App
from tasks.chalice_project.source.declared import Route
from tasks.util.errors import InputError

CONFIG = '{"app_name": "a", "stages": {"dev": {}}}'
HEAD = "from chalice import Chalice\napp = Chalice(app_name='a')\n"


def read(root: Path, code: str, library: str = "", config: str = CONFIG) -> App:
    (root / ".chalice").mkdir()
    (root / ".chalice/config.json").write_text(config)
    (root / "chalicelib").mkdir()
    (root / "chalicelib/bp.py").write_text(library)
    (root / "app.py").write_text(HEAD + code)
    return chalice_app.read_app(root)


def route(path: str, more: str = "", owner: str = "app") -> str:
    return f"@{owner}.route({path!r}{more})\ndef f(): ...\n"


@pytest.mark.parametrize(
    ("code", "path"),
    [
        (route("/") + route("/health"), "/health"),
        (route("/x/{id}") + route("/b") + route("/a"), "/b"),
        (route("/a", ", methods=['POST']") + route("/b", ", methods=['PUT', 'get']"), "/b"),
        (route("/health", ", authorizer=auth") + route("/b"), "/b"),
        (route("/health", ", api_key_required=True") + route("/b", ", authorizer=None"), "/b"),
        (route("/health", ", authorizer=IAMAuthorizer()"), "none"),
        (route("/a", ", methods=['POST']"), "none"),
        ("", "none"),
    ],
)
def test_what_a_plain_get_reaches(tmp_path: Path, code: str, path: str) -> None:
    """A path that asks for health before others, the first before the later; no parameters, and
    nothing that API Gateway guards: asked without its context such a function fails."""
    assert read(tmp_path, code).smoke_path == path


@pytest.mark.parametrize(
    ("prefix", "path"), [("", "/status"), (", url_prefix='/v1/'", "/v1/status")]
)
def test_blueprints(tmp_path: Path, prefix: str, path: str) -> None:
    """Those that are registered, below their prefix; others are nobody's routes."""
    code = f"from chalicelib.bp import one\napp.register_blueprint(one{prefix})\n"
    library = "from chalice import Blueprint\none = Blueprint(__name__)\n"
    library += route("/status", owner="one") + route("/health", owner="two")
    app = read(tmp_path, code, library)
    assert app.asked == [path]
    assert app.has_api


def test_functions_beside_the_routes(tmp_path: Path) -> None:
    """Named, or by what is decorated; of registered blueprints with their prefix."""
    code = "@app.schedule('rate(1 hour)', name='job')\ndef work(event): ...\n"
    code += "@app.on_sqs_message(queue='q')\ndef work(event): ...\n" + route("/")
    code += "app.register_blueprint(one, name_prefix='one_')\n"
    library = "@one.lambda_function()\ndef other(event, context): ...\n"
    library += "@two.lambda_function()\ndef unregistered(event, context): ...\n"
    read(tmp_path, code, library)
    assert chalice_app.functions(tmp_path) == ["job", "work", "one_other"]
    (tmp_path / "app.py").write_text("def")
    assert chalice_app.functions(tmp_path) == chalice_app.functions(tmp_path / "nowhere") == []


def test_an_app_without_routes_has_no_api(tmp_path: Path) -> None:
    """Only events reach it."""
    assert not read(tmp_path, "@app.schedule('rate(1 hour)')\ndef f(event): ...\n").has_api


@pytest.mark.parametrize(
    ("stages", "stage"),
    [("{}", "prod"), ('{"dev": {}, "prod": {}}', "prod"), ('{"local": {}, "beta": {}}', "beta")],
)
def test_the_stage_that_is_meant(tmp_path: Path, stages: str, stage: str) -> None:
    """prod, else the first; never the embedded one."""
    config = f'{{"app_name": "a", "stages": {stages}}}'
    assert read(tmp_path, "", config=config).stage == stage


def test_vendored_names(tmp_path: Path) -> None:
    """Packages, modules, and what metadata calls itself."""
    for name in ("my_pkg/__init__.py", "one.py", "Big.Name-1.0.dist-info/METADATA"):
        (tmp_path / "vendor" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vendor" / name).touch()
    assert read(tmp_path, "").vendored == {"my-pkg", "one", "big-name"}


def test_nothing_of_the_app_is_run(tmp_path: Path) -> None:
    """Its imports may need what is not installed yet."""
    app = read(tmp_path, "import not_installed\nraise SystemExit(1)\n" + route("/health"))
    assert app.asked == ["/health"]


def test_every_route_with_its_methods(tmp_path: Path) -> None:
    """For who asks the function itself; [] where nothing can be read."""
    read(tmp_path, route("/a/{id}", ", methods=['POST', 'PUT'], authorizer=auth"))
    assert chalice_app.routes(tmp_path) == [
        Route(path="/a/{id}", methods=["POST", "PUT"], guard=True)
    ]
    assert chalice_app.routes(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("stages", "meant"),
    [
        (["dev", "prod"], "prod"), (["staging", "Production"], "Production"),
        (["ana", "ben", "main"], "main"), (["local", "beta"], "beta"), (["local"], "prod"),
    ],
)  # fmt: skip
def test_the_stage_that_a_deploy_means(stages: list[str], meant: str) -> None:
    """Production, by whichever of its names; else the first."""
    assert App(name="x", stages=stages).stage == meant


@pytest.mark.parametrize("name", ["My_App.v2", "orders api", "가게"])
def test_a_name_that_no_function_can_have(name: str, tmp_path: Path) -> None:
    """Chalice takes it, and Lambda refuses the function: said before anything is built."""
    with pytest.raises(InputError, match=r"Lambda takes letters, digits, hyphens and underscores"):
        read(tmp_path, HEAD, config=json.dumps({"app_name": name, "stages": {}}))


def test_a_config_that_is_made_from_another_file(tmp_path: Path) -> None:
    """It is named, with what to do."""
    (tmp_path / "app.py").touch()
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice/config.json.template").touch()
    with pytest.raises(InputError, match=r"config\.json is not there") as caught:
        chalice_app.read_app(tmp_path)
    assert "make it as your deploys do, from config.json.template" in caught.value.fix
