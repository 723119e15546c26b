"""What `doit-lambda-layer init` makes of an app's files. Text in, text out. Run on its own result
each changes nothing."""

import ast
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from ..chalice_project import config_schema, environment, json_edit
from ..chalice_project.app import App
from ..settings.model import LOCAL, Settings
from ..settings.pyproject import TABLE
from ..util.errors import InputError
from ..util.invoked_as import PACKAGE
from . import local_stage

IMPORT = f"from {PACKAGE} import DOIT_CONFIG, commands"
DODO = f"""{IMPORT}

__all__ = ["DOIT_CONFIG", "commands"]  # what doit takes from here; `doit list` shows it
"""
# Of what a deploy makes here; state of stage=local is this machine's alone.
IGNORED = (
    "/build/", "/.doit.sqlite3*", "/.layer-arn.txt", "/.chalice/config.json.bak*",
    "/.chalice/deployments/", f"/.chalice/deployed/{LOCAL}.json", "__pycache__/",
)  # fmt: skip
DEPENDABOT = """\
# The actions in workflows/ are pinned by commit: Dependabot knows the newer ones.
version: 2
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: weekly
    cooldown:
      default-days: 7
"""


def dodo(text: str | None, commands: Collection[str] = ()) -> str:
    """InputError where there is a dodo.py that has other plans. `commands`: ours, by their
    names."""
    if text is None:
        return DODO
    own = [name.replace("_", "-") for name in re.findall(r"^def task_(\w+)\(", text, re.M)]
    if twice := [name for name in own if name in commands]:
        raise InputError(
            f"dodo.py has a {', '.join(twice)} of its own, which is a command of this tool",
            fix=f"give task_{twice[0].replace('-', '_')} in dodo.py another name, then run this "
            "again",
        )
    if re.search(rf"^from {PACKAGE}(\.contents)? import .*\bcommands\b", text, re.M):
        return text
    if re.search(r"^(DOIT_CONFIG\b|from .* import .*\bDOIT_CONFIG\b)", text, re.M):
        raise InputError(
            "dodo.py has a DOIT_CONFIG of its own, and there can be one",
            fix=f"add `{IMPORT}` to dodo.py, merge what yours says, and run this again",
        )
    lines = text.splitlines(keepends=True)
    at = _after_imports(text)
    return "".join([*lines[:at], f"{IMPORT}  # noqa: F401\n", *lines[at:]])


def _after_imports(text: str) -> int:
    """Lines up to the end of the last import at the top, or of the docstring."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        fix = "correct dodo.py, then run this again"
        raise InputError(f"dodo.py is not Python: {error}", fix=fix) from None
    kinds = (ast.Import, ast.ImportFrom)
    ends = [node.end_lineno or 0 for node in body if isinstance(node, kinds)]
    start = body[0].end_lineno or 0 if body and ast.get_docstring(ast.parse(text)) else 0
    return max([*ends, start])


def proposals(app: App, account: str, region: str) -> dict[str, str]:
    """The table for pyproject.toml: what is this app's own, and nothing that is so by default."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", app.name).strip("-") or "app"
    default = Settings()
    wanted = {
        "layer": f"{name[:130]}-deps",
        "bucket": bucket(name, account),
        "region": region or default.region,
        "python": environment.python_version(),
        "stage": app.stage,
        "smoke-path": app.smoke_path if app.has_api or app.asked else default.smoke_path,
    }
    plain = {"python": default.python, "stage": default.stage, "smoke-path": default.smoke_path}
    return {key: value for key, value in wanted.items() if plain.get(key) != value}


def bucket(app: str, account: str) -> str:
    """All of AWS shares one space of bucket names. The account's number makes it ours (S3: 3 to 63
    of a-z, 0-9, dots and hyphens)."""
    end = "-lambda-layers" + (f"-{account}" if account else "")
    start = re.sub(r"[^a-z0-9]+", "-", app.lower()).strip("-") or "app"
    return start[: 63 - len(end)] + end


def pyproject(text: str | None, table: Mapping[str, str]) -> str:
    """[tool.lambda-layer] added as the last table. One that is there stays as it is."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text or "")
        if TABLE.rpartition(".")[2] in document.get("tool", {}):
            return text or ""
    except (TOMLKitError, TypeError) as error:
        problem = f"pyproject.toml is not TOML: {error}"
        raise InputError(problem, fix="correct pyproject.toml, then run this again") from None
    made = tomlkit.table()
    for key, value in table.items():
        made.add(key, value)
    made["layer"].comment("every setting: doit help settings")
    tool = document.get("tool")
    if tool is None:
        document["tool"] = tool = tomlkit.table(is_super_table=True)
    tool[TABLE.rpartition(".")[2]] = made
    return tomlkit.dumps(document)


def config(text: str, app: App) -> str:
    """automatic_layer off wherever it is on, and a stage for the emulator."""
    table: dict[str, Any] = config_schema.as_chalice_reads(json.loads(text))
    places = [(), *(("stages", name) for name in table["stages"])]
    for place in places:
        if (table["stages"][place[1]] if place else table).get("automatic_layer"):
            text = json_edit.with_member(text, place, "automatic_layer", value=False)
    if LOCAL in table["stages"]:
        return text
    made = local_stage.make(table["stages"], app.stage)
    for name in table["stages"]:
        text = json_edit.with_object(text, ("stages", name))
    return json_edit.with_member(text, ("stages",), LOCAL, made)


def gitignore(text: str | None) -> str:
    """Lines that are missing, at the end. A line with or without its first slash is the same."""
    have = {line.strip().lstrip("/") for line in (text or "").splitlines()}
    missing = [line for line in IGNORED if line.lstrip("/") not in have]
    if not missing:
        return text or ""
    before = (text.rstrip("\n") + "\n\n") if text and text.strip() else ""
    return before + "# doit-lambda-layer\n" + "\n".join(missing) + "\n"
