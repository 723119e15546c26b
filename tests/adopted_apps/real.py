"""Five apps as teams have them: Poetry, a uv workspace, two apps in one repository, old pins in an
environment of their own, many sources of events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

CONFIG = ".chalice/config.json"
INDEX = """

@app.route("/health")
def health():
    import six
    {0}
    return {{"six": six.__version__{1}}}
"""
PLAIN = INDEX.format("", "")
BOTO3 = INDEX.format("import boto3\n", ', "boto3": boto3.__version__')


@dataclass(frozen=True, kw_only=True)
class Team:
    """`folders`: of its apps; `locks`: what makes its lock, in `root`; `environment`: what its own
    .venv holds; `queues`: its functions that events start."""

    files: Mapping[str, str]
    folders: tuple[str, ...] = (".",)
    locks: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    functions: int = 1


def app(name: str, more: str = PLAIN) -> str:
    return f'from chalice import Chalice\n\napp = Chalice(app_name="{name}")\n{more}'


def config(name: str) -> str:
    stages = {"dev": {"api_gateway_stage": "api"}, "prod": {"api_gateway_stage": "api"}}
    return json.dumps({"version": "2.0", "app_name": name, "stages": stages}, indent=2)


PROJECT = """[project]
name = "{0}"
version = "1"
requires-python = ">=3.12,<4"
dependencies = ["chalice==1.32.0", "six==1.16.0"]
"""
EVENTS = """

@app.schedule("rate(1 hour)")
def hourly(event):
    pass


@app.on_sqs_message(queue="jobs")
def job(event):
    pass


@app.on_sns_message(topic="news")
def news(event):
    pass


@app.on_s3_event(bucket="uploads", events=["s3:ObjectCreated:*"])
def uploaded(event):
    pass


@app.on_kinesis_record(stream="clicks")
def clicked(event):
    pass


@app.on_cw_event({"source": ["aws.codecommit"]})
def committed(event):
    pass


@app.lambda_function()
def by_hand(event, context):
    return event
"""
TEAMS = {
    "poetry": Team(
        files={
            "app.py": app("poetry"),
            "pyproject.toml": '[project]\nname = "poetry"\nversion = "1"\n'
            'requires-python = ">=3.12,<4"\ndependencies = ["six==1.16.0"]\n\n'
            "[tool.poetry]\npackage-mode = false\n\n"
            '[[tool.poetry.source]]\nname = "team"\nurl = "{index}/"\n\n'
            '[tool.poetry.group.dev.dependencies]\ntool = "1.0"\n',
            CONFIG: config("poetry"),
        },
        locks=("poetry", "lock"),
    ),
    "workspace": Team(
        files={
            "pyproject.toml": PROJECT.format("all") + '[tool.uv.workspace]\nmembers = ["apps/*"]\n',
            "apps/api/pyproject.toml": PROJECT.format("api"),
            "apps/api/app.py": "from chalicelib.main import app\n",
            "apps/api/chalicelib/main.py": app("api"),
            f"apps/api/{CONFIG}": config("api"),
        },
        folders=("apps/api",),
        locks=("uv", "lock"),
    ),
    "two": Team(
        files={
            **{
                f"{name}/{path}": text
                for name in ("orders", "mail")
                for path, text in {
                    "app.py": app(name), "requirements.txt": "six==1.16.0\nchalice\n",
                    CONFIG: config(name),
                }.items()
            },
            "README.md": "Two services.\n",
        },
        folders=("orders", "mail"),
    ),
    "old": Team(
        files={
            "app.py": app("old", BOTO3),
            "requirements.txt": "boto3==1.28.57\nchalice==1.29.0\nsix==1.16.0\n",
            CONFIG: config("old"),
        },
        environment=("boto3==1.28.57", "chalice==1.29.0", "six==1.16.0", "setuptools<81"),
    ),
    "events": Team(
        files={
            "app.py": app("events", PLAIN + EVENTS),
            "requirements.txt": "six==1.16.0\nchalice\n",
            CONFIG: config("events"),
        },
        functions=8,
    ),
}  # fmt: skip
