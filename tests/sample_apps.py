"""Real Chalice apps of different kinds, as their teams left them: each is a git repository."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

# Blueprints, several functions, a vendored package, Chalice's own layer switched on, prod and dev,
# tabs in config.json, a pyproject.toml that says other things.
ORDERS = {
    "app.py": """from chalice import Chalice, Rate

from chalicelib.orders import orders
from chalicelib import clock

app = Chalice(app_name="Orders API")
app.register_blueprint(orders, url_prefix="/orders")


@app.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event):
    return clock.tick()


@app.lambda_function(name="once")
def once(event, context):
    import six

    return {"six": six.__version__, "stamp": clock.tick()}
""",
    "chalicelib/__init__.py": "",
    "chalicelib/clock.py": "import stamp\n\n\ndef tick():\n    return stamp.NAME\n",
    "chalicelib/orders.py": """from chalice import Blueprint

orders = Blueprint(__name__)


@orders.route("/{number}")
def one(number):
    return {"number": number}


@orders.route("/", methods=["GET", "POST"])
def every():
    import six

    return {"six": six.__file__}
""",
    "vendor/stamp/__init__.py": 'NAME = "vendored"\n',
    "requirements.txt": "# HTTP\nsix==1.16.0  # see #12\nstamp==1.0\n\n# tools\nchalice>=1.30\n",
    ".chalice/config.json": json.dumps(
        {
            "version": "2.0",
            "app_name": "Orders API".replace(" ", "-").lower(),
            "automatic_layer": True,
            "stages": {
                "dev": {"api_gateway_stage": "api"},
                "prod": {"api_gateway_stage": "v1", "lambda_timeout": 20, "automatic_layer": True},
            },
        },
        indent="\t",
    ),
    "pyproject.toml": '# ours\n[tool.black]\nline-length = 79 # wide\n\n[tool.x]\ny="z"\n',
    ".gitignore": "build/\n*.log",
}
# A queue's worker without any route; requirements with options, an include and a repository.
WORKER = {
    "app.py": """from chalice import Chalice

app = Chalice(app_name="worker")


@app.on_sqs_message(queue="jobs", batch_size=1)
def work(event):
    import six

    for record in event:
        print(six.__version__, record.body)


@app.schedule("rate(5 minutes)")
def sweep(event):
    return "swept"
""",
    "requirements.txt": "--prefer-binary\n-r requirements/base.txt\n",
    "requirements/base.txt": "six==1.16.0\n",
    ".chalice/config.json": '{"version": "2.0", "app_name": "worker", "stages": {"dev": {}}}\n',
}
# Its requirements in pyproject.toml and uv.lock, a function with layers of its own, a dodo.py.
REPORTS = {
    "app.py": """from chalice import Chalice

app = Chalice(app_name="reports")


@app.route("/status")
def status():
    import six

    return {"six": six.__version__}


@app.lambda_function()
def render(event, context):
    import six

    return {"six": six.__version__}
""",
    "dodo.py": '"""Ours."""\n\n\ndef task_hello():\n    """Say hello."""\n    '
    'return {"actions": ["echo hello"], "verbosity": 2}\n',
    "pyproject.toml": """[project]
name = "reports"
version = "1"
requires-python = ">=3.12"
dependencies = ["chalice==1.32.0", "six==1.16.0"]

[dependency-groups]
dev = ["iniconfig==2.0.0"]
layer = ["six==1.16.0", {include-group = "more"}]
more = ["iniconfig==2.0.0"]
""",
    ".chalice/config.json": """{
    "version": "2.0",
    "app_name": "reports",
    "stages": {
        "test": {
            "api_gateway_stage": "api",
            "environment_variables": {"MODE": "test"},
            "lambda_functions": {
                "render": {
                    "layers": ["arn:aws:lambda:ap-northeast-2:111122223333:layer:fonts:3"],
                    "lambda_timeout": 50
                }
            }
        }
    }
}
""",
}


_ROUTE = """from chalice import Blueprint

bp = Blueprint(__name__)


@bp.route("/health")
def health():
    return {}
"""
_MEMBER = """[project]
name = "{0}"
version = "1"
requires-python = ">=3.12"
dependencies = ["chalice==1.32.0", "six==1.16.0"{1}]
"""
# Two apps and what one of them shares, in one repository: a uv workspace with one lock.
MONOREPO = {
    "pyproject.toml": _MEMBER.format("all", "")
    + '[tool.uv.workspace]\nmembers = ["libs/*", "services/*"]\n',
    "libs/shared/pyproject.toml": '[project]\nname = "shared"\nversion = "1"\n'
    'requires-python = ">=3.12"\ndependencies = ["idna==3.10"]\n'
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
    "services/orders/pyproject.toml": _MEMBER.format("orders", ', "shared"')
    + "[tool.uv.sources]\nshared = { workspace = true }\n",
    "services/orders/app.py": "from chalicelib.core import app\n",
    "services/orders/chalicelib/__init__.py": "",
    "services/orders/chalicelib/core.py": "import os, chalice\n\nfrom . import web\n\n"
    'app = chalice.Chalice(app_name=os.environ.get("NAME", "orders"))\n'
    'app.register_blueprint(web.bp, url_prefix="/orders")\n',
    "services/orders/chalicelib/web.py": _ROUTE,
    "services/orders/.chalice/config.json": '{"app_name": "orders"}\n',
    "services/mail/pyproject.toml": _MEMBER.format("mail", ""),
    "services/mail/app.py": "from chalice import Chalice\n\napp = Chalice(app_name='mail')\n",
    "services/mail/.chalice/config.json": '{"app_name": "mail", '
    '"stages": {"version": "2.0", "beta": {}}}\n',
}


def make(folder: Path, files: Mapping[str, str]) -> Path:
    """The app's folder, all of it committed."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "as it was")


def git(folder: Path, *words: str) -> str:
    """What git prints, with nobody's own configuration."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words], cwd=folder,
        env=clean | {"GIT_CONFIG_GLOBAL": os.devnull}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def changed(folder: Path) -> set[str]:
    """Files that differ from the last commit, new ones too, ignored ones not."""
    listed = git(folder, "status", "--porcelain", "--untracked-files=all")
    return {line[3:] for line in listed.splitlines()}


def written(said: str) -> set[str]:
    """The files that `init` says it wrote, in a list that it folds at the terminal's width."""
    [text] = re.findall(r"^written: (.+(?:\n .+)*)$", said, re.M)
    return set(re.split(r",\s+", text))
