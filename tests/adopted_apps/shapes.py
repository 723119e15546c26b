"""The shapes of eighteen public Chalice apps of 2018 to 2026, rebuilt in small: how their code,
their requirements and their config.json are laid out. None of their code is in here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

CONFIG = ".chalice/config.json"
SIX = "six==1.16.0"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`files`: as the team left them, with `{index}` for an index's address; `folder`: of the app
    in its repository; `words`: of init; `refusal`: its words where it takes the app only with
    `mend`, {file: text}; `pinned`: the file in which six is pinned when the app is adopted;
    `asked`: what `smoke` asks for, '' for nothing that answers; `before`, `after`: versions of six,
    as it is adopted and by the changed pin."""

    files: Mapping[str, str]
    folder: str = "."
    words: tuple[str, ...] = ()
    refusal: str = ""
    mend: Mapping[str, str] = field(default_factory=dict)
    pinned: str = "requirements-all.txt"
    asked: str = "/"
    before: str = "1.16.0"
    after: str = "1.17.0"


def config(name: str, **more: object) -> str:
    """As `chalice new-project` wrote it, and `more`."""
    start: dict[str, object] = {"version": "2.0", "app_name": name}
    return json.dumps({**start, "stages": {"dev": {"api_gateway_stage": "api"}}, **more}, indent=2)


INDEX = """
@app.route("/")
def index():
    import six

    return {"six": six.__version__}
"""
APP = 'from chalice import Chalice\n\napp = Chalice(app_name="app")\n'
FREEZE = """blessed==1.20.0
click==8.1.7
{0}
iniconfig==2.0.0
inquirer==2.10.1
jmespath==1.0.1
packaging==24.1
pluggy==1.5.0
pytest==8.3.3
python-editor==1.0.4
PyYAML==6.0.2
readchar==4.2.0
setuptools==75.1.0
six==1.16.0
wcwidth==0.2.13
wheel==0.44.0"""

SHAPES = {
    # 2018: star imports, schedules out of a table that a variable of the stage chooses from
    "checks": Shape(
        files={
            "app.py": "from __future__ import print_function, unicode_literals\n"
            "from chalice import Chalice, Cron, Rate, Response\nimport json\nimport os\n"
            "from chalicelib.app_utils import *\n\napp = Chalice(app_name='checks')\n"
            "app.debug = True\nSTAGE = os.environ.get('chalice_stage', 'dev')\n"
            "CRON = {'prod': {'often': Cron('0/10', '*', '*', '*', '?', '*')},\n"
            "        'dev': {'often': Cron('5/10', '*', '*', '*', '?', '*')}}\n\n\n"
            "@app.schedule(CRON[STAGE]['often'])\ndef often(event):\n    pass\n\n\n"
            "@app.route('/callback')\ndef callback():\n    return Response('', {}, 302)\n\n\n"
            "@app.route('/', methods=['GET'])\ndef index():\n    return {'six': number()}\n\n\n"
            "@app.lambda_function()\ndef runner(event, context):\n    return None\n",
            "chalicelib/__init__.py": "",
            "chalicelib/app_utils.py": "import six\n\n\ndef number():\n"
            "    return six.__version__\n",
            "requirements.txt": f"{SIX}\npytest==5.1.2\n",
            CONFIG: json.dumps(
                {
                    "stages": {
                        name: {
                            "api_gateway_stage": "api", "autogen_policy": False,
                            "lambda_memory_size": 256, "lambda_timeout": 300,
                            "environment_variables": {"chalice_stage": name},
                        }
                        for name in ("dev", "prod")
                    },
                    "version": "2.0", "app_name": "checks",
                }
            ),
            ".chalice/policy-dev.json": '{"Version": "2012-10-17", "Statement": []}',
            ".chalice/policy-prod.json": '{"Version": "2012-10-17", "Statement": []}',
            ".travis.yml": "language: python\n",
        },
    ),
    # 2018: a range for Chalice, a comment between, HOME as a variable of the function
    "gateway": Shape(
        files={
            "app.py": APP + INDEX,
            "requirements.txt": f"idna==3.10\nchalice>=1.6.0,<2\n# six stays below 2\n{SIX}\n",
            CONFIG: config(
                "gateway",
                stages={
                    name: {
                        "api_gateway_stage": "api",
                        "environment_variables": {"HOME": "/var/task", "INDEX": "fb"},
                    }
                    for name in ("dev", "staging", "prod")
                },
            ),
        },
    ),
    # 2018: no requirements.txt; what the app needs stands among what developers need
    "platform": Shape(
        files={
            "app.py": "from chalice import Chalice\nfrom chalicelib.server import Server\n\n"
            "app = Chalice(app_name='platform')\n\n\n@app.route('/')\ndef index():\n"
            "    return Server().answer()\n",
            "chalicelib/server.py": "import six\n\n\nclass Server:\n    def answer(self):\n"
            "        return {'six': six.__version__}\n",
            "dev_requirements.txt": f"{SIX}\npytest\nchalice\n",
            CONFIG: config("platform"),
            ".chalice/deployed.json": '{"dev": {"api_handler_name": "platform-dev"}}',
        },
        words=("--from", "dev_requirements.txt"),
        pinned="dev_requirements.txt",
    ),
    # 2019: an app class of its own, requirements compiled from a file called .txt.in
    "directory": Shape(
        files={
            "app.py": "from chalicelib.service import app\n",
            "chalicelib/__init__.py": "",
            "chalicelib/service/__init__.py": "from chalice import Chalice\n\n\n"
            "class ServiceApp(Chalice):\n    def __init__(self, *args, **kwargs):\n"
            "        super().__init__(*args, **kwargs)\n        self.routed = True\n\n\n"
            "app = ServiceApp(app_name='directory')\n\n\n@app.route('/')\ndef index():\n"
            "    import six\n\n    return {'six': six.__version__}\n",
            "setup.py": "from setuptools import setup\n\nsetup(name='directory')\n",
            "requirements.txt.in": f"{SIX}\nchalice\n",
            "requirements.txt": f"# Do not edit this file directly.\nchalice==1.32.0\n{SIX}\n",
            CONFIG: config(
                "directory", lambda_timeout=10, lambda_memory_size=1536,
                tags={"managedBy": "chalice"},
                stages={"dev": {"tags": {"env": "dev"}, "api_gateway_stage": "dev"}},
            ),
        },
    ),
    # 2019: tools of developers and a backport that no Python 3 installs
    "crawler": Shape(
        files={
            "app.py": APP + INDEX,
            "requirements.txt": f"chalice==1.10.0\n{SIX}\ncolorama==0.4.1\nflake8==3.7.8\n"
            "pytest==5.1.1\n",
            CONFIG: config("crawler"),
        },
        refusal="chalice==1.10.0 cannot be installed on Python",
        mend={
            "requirements.txt": f"chalice>=1.26.2\n{SIX}\ncolorama==0.4.1\nflake8==3.7.8\n"
            "pytest==5.1.1\n"
        },
    ),
    # 2020: a stage of the team's own is called local already; blueprints of routes/
    "starter": Shape(
        files={
            "app.py": "from chalice import Chalice\n"
            "from chalicelib.routes.userRoutes import users\n"
            "from chalicelib.routes.internalRoutes import internal\n\n"
            "app = Chalice(app_name='starter')\napp.register_blueprint(users)\n"
            "app.register_blueprint(internal, url_prefix='/internal')\n",
            "chalicelib/routes/userRoutes.py": "from chalice import Blueprint\n\n"
            "users = Blueprint(__name__)\n\n\n@users.route('/')\ndef index():\n    import six\n\n"
            "    return {'six': six.__version__}\n",
            "chalicelib/routes/internalRoutes.py": "from chalice import Blueprint\n\n"
            "internal = Blueprint(__name__)\n\n\n@internal.route('/echo', methods=['POST'])\n"
            "def echo():\n    return internal.current_request.json_body\n",
            "requirements.txt": f"{SIX}\nchalice\n",
            CONFIG: config(
                "starter",
                environment_variables={"SHARED": "foo"},
                stages={
                    "dev": {
                        "environment_variables": {"STAGE": "dev"}, "api_gateway_stage": "api",
                        "autogen_policy": False, "iam_policy_file": "policy-dev.json",
                    },
                    "local": {"environment_variables": {"STAGE": "local"}},
                },
            ),
            ".chalice/policy-dev.json": '{"Version": "2012-10-17", "Statement": []}',
            "docker-compose.yml": "version: '2'\n",
        },
    ),
    # 2020: a freeze of a whole environment, code five packages deep, a client made at import
    "users": Shape(
        files={
            "app.py": "import boto3, logging, re\n"
            "from chalice import Chalice, CognitoUserPoolAuthorizer, NotFoundError\n"
            "from chalicelib.src.modules.application.queries.get_users import GetUsers\n\n"
            "app = Chalice(app_name='users')\napp.debug = True\n"
            "authorizer = CognitoUserPoolAuthorizer('Pool', provider_arns=[\n"
            "    'arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_A'])\n"
            "client = boto3.client('cognito-idp', region_name='us-east-1')\n\n\n"
            "@app.route('/users/{client_id}', methods=['GET'])\ndef one(client_id):\n"
            "    return GetUsers().run()\n\n\n"
            "@app.route('/user/me', methods=['GET'], authorizer=authorizer)\ndef me():\n"
            "    return {}\n\n\n@app.route('/users')\ndef users():\n    return GetUsers().run()\n",
            "chalicelib/src/modules/application/queries/get_users.py": "import six\n\n\n"
            "class GetUsers:\n    def run(self):\n        return {'six': six.__version__}\n",
            "requirements.txt": FREEZE.format("chalice==1.31.2\nboto3==1.35.19"),
            CONFIG: config(
                "users", environment_variables={"DATABASE_URL": "postgresql://a:b@db:5432/p"},
                stages={"prod": {}},
            ),
        },
        asked="/users",
    ),
    # 2021: `pipenv lock -r` wrote it: an index, the project itself, markers
    "pipenv": Shape(
        files={
            "app.py": APP + INDEX,
            "Pipfile": '[packages]\nsix = "*"\n',
            "requirements.txt": "-i {index}\n"
            "six==1.16.0; python_version >= '2.7' and python_version not in '3.0, 3.1, 3.2'\n",
            CONFIG: config("pipenv"),
        },
    ),
    # 2021: PowerShell's `pip freeze > requirements.txt`: UTF-16, with its line ends
    "windows": Shape(
        files={
            "app.py": (APP + INDEX).replace("\n", "\r\n"),
            "requirements.txt": "\ufeff" + f"{SIX}\r\nchalice==1.31.0\r\n",
            CONFIG: config("windows").replace("\n", "\r\n"),
        },
    ),
    # 2021: the app is one of several folders of its repository; requirements of all lie above
    "backend": Shape(
        files={
            "frontend/package.json": "{}",
            "requirements/base.txt": f"{SIX}\n",
            "backend/app.py": APP + INDEX,
            "backend/requirements.txt": "-r ../requirements/base.txt\nchalice\n",
            f"backend/{CONFIG}": config("backend"),
            ".github/workflows/test.yml": "on: push\njobs: {}\n",
        },
        folder="backend",
    ),
    # 2022: roles, networks and layers of an account; Chalice's own layer on
    "enterprise": Shape(
        files={
            "app.py": "from chalice import Chalice, CORSConfig, AuthResponse\nimport os\n\n"
            "app = Chalice(app_name='enterprise', configure_logs=False)\n"
            "app.api.cors = CORSConfig(allow_origin='https://example.org')\n"
            "app.api.binary_types.append('application/pdf')\nKEY = os.environ['API_KEY']\n\n\n"
            "@app.authorizer()\ndef auth(request):\n    return AuthResponse(routes=['/*'], "
            "principal_id='u')\n\n\n@app.route('/v1/items', authorizer=auth)\ndef items():\n"
            "    return []\n\n\n@app.route('/v1/ping', cors=True)\ndef ping():\n    import six\n\n"
            "    return {'six': six.__version__}\n",
            "requirements.txt": f"{SIX}\n",
            CONFIG: config(
                "enterprise", automatic_layer=True, manage_iam_role=False, xray=True,
                iam_role_arn="arn:aws:iam::111122223333:role/app",
                stages={
                    "prod": {
                        "api_gateway_stage": "v1", "subnet_ids": ["subnet-1"],
                        "security_group_ids": ["sg-1"], "reserved_concurrency": 5,
                        "environment_variables": {"API_KEY": "live-value-1"},
                        "layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:fonts:3"],
                        "api_gateway_custom_domain": {
                            "domain_name": "api.example.org",
                            "certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
                        },
                        "lambda_functions": {"auth": {"lambda_memory_size": 128}},
                    }
                },
            ),
        },
        asked="/v1/ping",
    ),
    # 2022: only functions of their own; config.json has another name than the app
    "functions": Shape(
        files={
            "app.py": "from chalice import Chalice, Rate\n\napp = Chalice(app_name='other')\n\n\n"
            "@app.lambda_function(name='first-function')\ndef first(event, context):\n"
            "    import six\n\n    return {'six': six.__version__}\n\n\n"
            "@app.schedule(Rate(1, unit=Rate.DAYS))\ndef daily(event):\n    pass\n",
            "requirements.txt": f"{SIX}\n",
            CONFIG: config("functions", stages={"production": {}, "staging": {}}),
        },
        asked="",
    ),
    # 2023: secrets in .env, read at import; no Chalice in the requirements
    "bot": Shape(
        files={
            "app.py": "import os\nfrom chalice.app import Chalice\nfrom dotenv import load_dotenv\n"
            "import six\n\nload_dotenv()\nTOKEN = os.environ['TOKEN']\n"
            "app = Chalice(app_name='bot')\n\n\n"
            "@app.route('/hook', methods=['POST'], content_types=['application/json'])\n"
            "def hook():\n    return {'six': six.__version__}\n",
            ".env.example": "TOKEN=\n",
            "requirements.txt": f"python-dotenv\n{SIX}\n",
            CONFIG: config("bot", environment_variables={"TOKEN": "***REMOVED***"}),
        },
        asked="",
    ),
    # 2023: the app is made in the package itself
    "package": Shape(
        files={
            "app.py": "from chalicelib import app  # noqa\n",
            "chalicelib/__init__.py": "import chalice as ch\n\napp = ch.Chalice('package')\n"
            "from chalicelib import views  # noqa\n",
            "chalicelib/views.py": "from chalicelib import app\n\n\n@app.route('/status')\n"
            "def status():\n    import six\n\n    return {'six': six.__version__}\n",
            "requirements.txt": f"{SIX}\n",
            CONFIG: json.dumps({"app_name": "package", "stages": {"version": "2.0", "dev": {}}}),
        },
        asked="/status",
    ),
    # 2024: names without versions
    "proxy": Shape(
        files={
            "app.py": "import json\nimport logging\n\nfrom chalice import Chalice, Response\n\n"
            "app = Chalice(app_name='proxy')\napp.log.setLevel(logging.DEBUG)\n\n\n"
            "@app.route('/models', methods=['GET', 'POST'])\ndef models():\n    import six\n\n"
            "    return Response(body=json.dumps({'six': six.__version__}))\n",
            "requirements.txt": "chalice\nsix",
            CONFIG: config(
                "proxy",
                stages={
                    "dev": {
                        "api_gateway_stage": "api", "lambda_memory_size": 1024,
                        "autogen_policy": False, "iam_policy_file": "policy-dev.json",
                    }
                },
            ),
            ".chalice/policy-dev.json": '{"Version": "2012-10-17", "Statement": []}',
        },
        asked="/models",
        before="1.17.0",  # the newest
        after="1.16.0",
    ),
    # 2024: environment.yml beside requirements, which conda's freeze wrote
    "conda": Shape(
        files={
            "app.py": APP + INDEX,
            "environment.yml": "dependencies:\n  - pip\n",
            "requirements.txt": "six @ file:///home/conda/feedstock_root/build_artifacts/six_1/work\n",
            CONFIG: config("conda"),
        },
        refusal="six @ file:///home/conda/feedstock_root",
        mend={"requirements.txt": f"{SIX}\n"},
    ),
    # 2025: uv, groups for developers
    "modern": Shape(
        files={
            "app.py": "from chalicelib.api import app\n\n__all__ = ['app']\n",
            "chalicelib/api.py": "from chalice.app import Chalice\n\n"
            "app: Chalice = Chalice(app_name='modern')\n\n\n@app.route('/healthz')\n"
            "def healthz() -> dict[str, str]:\n    import six\n\n"
            "    return {'six': six.__version__}\n",
            "pyproject.toml": "[project]\nname = 'modern'\nversion = '0.1.0'\n"
            "requires-python = '>=3.12'\ndependencies = ['chalice>=1.32', 'six==1.16.0']\n\n"
            "[dependency-groups]\ndev = ['iniconfig']\n\n[tool.uv]\npackage = false\n",
            CONFIG: config("modern"),
        },
        words=("--from", "pyproject.toml"),
        pinned="pyproject.toml",
        asked="/healthz",
    ),
    # 2026: made by a template: sockets, an S3 event, a queue, a stage for each person
    "sockets": Shape(
        files={
            "app.py": "from boto3.session import Session\nfrom chalice import Chalice\n\n"
            "app = Chalice(app_name='sockets')\napp.websocket_api.session = Session()\n"
            "app.experimental_feature_flags.update(['WEBSOCKETS'])\n\n\n"
            "@app.on_ws_connect()\ndef connect(event):\n    pass\n\n\n@app.on_ws_message()\n"
            "def message(event):\n    pass\n\n\n@app.on_s3_event(bucket='uploads', "
            "events=['s3:ObjectCreated:*'])\ndef uploaded(event):\n    pass\n\n\n"
            "@app.on_sqs_message(queue='jobs')\ndef work(event):\n    pass\n\n\n"
            "@app.route('/health')\ndef health():\n    import six\n\n"
            "    return {'six': six.__version__}\n",
            "requirements.txt": f"{SIX}\n",
            CONFIG: config("sockets", stages={"ana": {}, "ben": {}, "main": {}}),
        },
        asked="/health",
    ),
}  # fmt: skip
