"""Packages that only tools need: they test, format or deploy an app, and stand in many a
requirements.txt all the same (`pip freeze`, an export). No function imports them."""

import sys
from collections.abc import Collection

from .file import canonical

DEPLOYS = {"chalice", "doit", "doit-lambda-layer"}  # the app, and it imports none of them
# What Chalice's command line asks for beside what an app may need itself (its setup.py, 1.20 to
# 1.34), with what these need.
OF_CHALICE = {
    "inquirer", "python-editor", "editor", "readchar", "blessed", "jinxed", "ansicon", "runs",
    "xmod", "enum-compat", "mypy-extensions", "typing",
}  # fmt: skip
# Backports: with a Python that has the module itself they are useless, or hide it.
IN_PYTHON = {"enum34", "functools32", "futures", "subprocess32"} | {
    name.lower() for name in sys.stdlib_module_names if not name.startswith("_")
}
# For Windows or macOS alone; a freeze there names them.
ELSEWHERE = {"appnope", "pyobjc-core", "pypiwin32", "pyreadline", "pyreadline3", "pywin32",
             "pywin32-ctypes", "pywinpty", "win32-setctime", "windows-curses", "wmi",
             "macfsevents"}  # fmt: skip
INSTALL = {"pip", "pkg-resources", "setuptools", "wheel", "pip-tools", "pipenv", "poetry",
           "pipdeptree", "build", "pyproject-hooks", "twine", "virtualenv", "distlib", "pipx",
           "uv"}  # fmt: skip
TEST = {"pytest", "pluggy", "iniconfig", "pytest-cov", "pytest-mock", "pytest-env", "pytest-xdist",
        "pytest-asyncio", "pytest-chalice", "execnet", "coverage", "tox", "nox", "nose", "nose2",
        "hypothesis", "moto", "responses", "freezegun", "vcrpy", "localstack", "localstack-client",
        "awscli-local", "factory-boy", "parameterized"}  # fmt: skip
CHECK = {"black", "flake8", "mccabe", "pycodestyle", "pyflakes", "pylint", "astroid", "isort",
         "autopep8", "yapf", "ruff", "mypy", "pyright", "bandit", "pre-commit", "cfgv", "identify",
         "nodeenv", "pydocstyle", "autoflake", "pyupgrade", "safety", "pathspec"}  # fmt: skip
WORK = {"ipython", "ipdb", "jupyter", "jupyterlab", "notebook", "ipykernel", "pdbpp", "bpython",
        "awscli", "aws-sam-cli", "boto3-stubs", "watchdog", "invoke", "bumpversion"}  # fmt: skip
ALL = DEPLOYS | OF_CHALICE | INSTALL | TEST | CHECK | WORK | ELSEWHERE
# Names under which they are imported, where these are others.
MODULES = {
    "python-editor": {"editor"},
    "setuptools": {"setuptools", "pkg_resources", "distutils"}, "factory-boy": {"factory"},
    "vcrpy": {"vcr"}, "aws-sam-cli": {"samcli"}, "pywin32": {"win32api", "pythoncom", "pywintypes"},
    "pyobjc-core": {"objc"},
}  # fmt: skip


def unused(imports: Collection[str]) -> set[str]:
    """Those of which the app imports none. `imports`: the outermost names that its modules
    import."""
    there = {name.lower() for name in imports}
    return DEPLOYS | IN_PYTHON | {name for name in ALL if there.isdisjoint(_modules(name))}


def _modules(name: str) -> set[str]:
    return MODULES.get(name, {canonical(name).replace("-", "_")})
