"""The real `chalice` command, and the state it leaves in .chalice/deployed/."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..aws.iam import denial
from ..aws.secrets_manager import hide
from ..settings import paths
from ..settings.local_access import Access
from ..settings.model import Settings
from ..ui.console import say
from ..util import files, subprocesses
from ..util.errors import DeployError
from . import package as function_package
from .package import Contents

RUNNER = f"{__package__}.runner"
DENIED = re.compile(r"\(AccessDenied\w*\) when calling the (\w+) operation")  # botocore's words
CONFLICT = "ResourceConflictException"
MISSING = re.compile(r"^ModuleNotFoundError: No module named '(\w+)", re.M)


def deploy(
    settings: Settings, environ: Mapping[str, str], secret: Mapping[str, str],
    access: Access | None, layer: Contents, *, refuses: bool = True,
) -> files.Record:  # fmt: skip
    """`chalice deploy --stage …`, its lines shown as they come; what its package holds
    (packing.py).

    `secret`: values for the functions' environment, which are shown nowhere; `access`: to
    stage=local's AWS; `layer`: what stays out of the function; `refuses`: DeployError where the
    function hides a module of it.
    """
    report = paths.stage_record(settings, "chalice-package")
    report.unlink(missing_ok=True)
    way = asdict(access) if access else None
    told = {
        "variables": dict(secret), "access": way, "region": settings.region,
        "layer": asdict(layer), "report": str(report), "refuses": refuses,
    }  # fmt: skip
    process = subprocess.Popen(
        # -u: in the order it says them; else its error comes before what it says it was doing
        [sys.executable, "-u", "-m", RUNNER, "deploy", "--stage", settings.stage],
        env=dict(environ), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=subprocesses.die_with_parent, errors="replace",  # an app may print anything
    )  # fmt: skip
    lines: list[str] = []
    with process, _ending(process):
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError), process.stdin:  # it died before: its words say why
            json.dump(told, process.stdin)
        for printed in process.stdout:
            line = hide(printed, secret)
            lines.append(line)
            if not _has_failed(lines):
                say(line.rstrip())
    package = files.read_record(report) or {}
    if process.returncode and refuses and package.get("hides"):
        raise function_package.hiding(package["hides"], package["left"].get("lines", {}))
    if process.returncode:
        fix = _fix("".join(lines), settings)
        raise DeployError(f"chalice deploy failed:\n{reason(lines)}", fix=fix)
    return package


def knows_architecture() -> bool:
    """Does this Chalice read `lambda_architecture`? (1.34 does.)"""
    from chalice.config import Config

    return hasattr(Config, "lambda_architecture")


@contextmanager
def _ending(process: "subprocess.Popen[str]") -> Iterator[None]:
    """A run that is stopped stops chalice first: it gives its lock back only after that."""
    try:
        yield
    except BaseException:
        process.terminate()
        process.wait()
        raise


def _has_failed(lines: list[str]) -> bool:
    """What follows is said at the end, as the reason."""
    return any(line.startswith(("ERROR", "Traceback")) for line in lines)


def reason(lines: list[str]) -> str:
    """Chalice's last words without its traceback."""
    text = [line.rstrip() for line in lines if line.strip()]
    if errors := [number for number, line in enumerate(text) if line.startswith("ERROR")]:
        return "\n".join(line.strip() for line in text[errors[0] :])
    start = next((number for number, line in enumerate(text) if line.startswith("Traceback")), -6)
    shown = [line for line in text[start:] if not re.match(r"\s+|Traceback", line)]
    return "\n".join(shown[-6:] or text[-6:])


def _fix(output: str, settings: Settings) -> str:
    if CONFLICT in output:
        return "somebody else is changing the function; run the deploy again in a minute"
    if denied := denial.read(output):
        return denial.remedy(denied)
    if refused := DENIED.search(output):
        action = denial.permission(refused[1])
        return f"allow {action} to this identity: {denial.source(action)}"
    if (missing := MISSING.search(output)) and not _is_the_apps(missing[1]):
        return (
            "Chalice imports app.py, so what it needs is installed where the tool is, too: "
            f"{sys.executable} -m pip install -r {settings.requirements} "
            f"-r {paths.FUNCTION_REQUIREMENTS}"
        )
    return f"./doitw doctor stage={settings.stage} checks what a deploy needs; run the deploy again"


def _is_the_apps(module: str) -> bool:
    """Its own code, which no index has?"""
    return Path(module).is_dir() or Path(f"{module}.py").exists()


def deployed_file(stage: str) -> Path:
    return paths.DEPLOYED / f"{stage}.json"


def state_of(functions: Mapping[str, str], rest_apis: list[str]) -> dict[str, object]:
    """What Chalice would have written about functions ({resource: ARN}) and a REST API (schema
    2.0)."""
    kind = "lambda_function"
    found = [
        {"name": name, "resource_type": kind, "lambda_arn": arn} for name, arn in functions.items()
    ]
    found += [
        {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": x} for x in rest_apis
    ]
    return {"resources": found, "schema_version": "2.0", "backend": "api"}


def resources(stage: str) -> list[dict[str, str]]:
    """What Chalice has deployed to the stage from here; [] when nothing."""
    state = files.read_record(deployed_file(stage)) or {}
    return list(state.get("resources", []))


def functions(stage: str) -> dict[str, str]:
    """{resource's name: Lambda function's name}; the API's is `api_handler`."""
    return functions_of(files.read_record(deployed_file(stage)) or {})


def functions_of(state: Mapping[str, Any]) -> dict[str, str]:
    """The same of a state that lies elsewhere."""
    return {
        resource["name"]: resource["lambda_arn"].rpartition(":")[2]
        for resource in state.get("resources", [])
        if resource.get("resource_type") == "lambda_function"
    }


def api_url(stage: str) -> str:
    urls = [each["rest_api_url"] for each in resources(stage) if "rest_api_url" in each]
    return urls[0] if urls else ""
