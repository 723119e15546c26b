"""The real `chalice` command, and the state it leaves in .chalice/deployed/."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..aws.iam import action_names, denial, known_words
from ..aws.secrets_manager import hide
from ..settings import paths
from ..settings.local_access import NOT_YET, Access
from ..settings.model import Settings
from ..ui.console import say
from ..util import files, source_location
from ..util.errors import DeployError, InputError
from . import app, config, environment
from . import package as function_package
from .app_file_names import APP
from .child import function_names, process
from .package import Contents
from .source.declared import Route

IMPORT, PACK = "import", "pack"  # the runner's own commands
DENIED = re.compile(r"\(AccessDenied\w*\) when calling the (\w+) operation")  # botocore's words
ELSEWHERE = re.compile(r"\bAPI URL: ")  # an address of the real AWS, whatever AWS was told
CONFLICT = "ResourceConflictException"
BROKEN = re.compile(rf"\((?:5\d\d|{NOT_YET})\) when calling the (\w+) operation[^:]*:?(.*)")
READER = "/chalice/analyzer.py"  # in a traceback
MISSING = re.compile(r"^ModuleNotFoundError: No module named '(\w+)", re.M)


def deploy(
    settings: Settings, environ: Mapping[str, str], secret: Mapping[str, str],
    access: Access | None, layer: Contents, *, refuses: bool = True, image: str = "",
) -> files.Record:  # fmt: skip
    """`chalice deploy --stage …`. What its package holds (packing.py).

    `secret`: values for the functions' environment, which are shown nowhere. `access`: to
    stage=local's AWS. `layer`: what stays out of the function. `refuses`: DeployError where the
    function hides a module of it. `image`: what functions are made of in place of the package, by
    digest.
    """
    words = ["deploy", "--stage", settings.stage]
    told = {"layer": asdict(layer), "refuses": refuses, "image": image, "end": names_end(settings)}
    return run(settings, words, environ, secret, access, told)


def names_end(settings: Settings) -> str:
    """What the names of the stage's functions end in. '' for Chalice's own."""
    named = config.load_config(paths.CHALICE_CONFIG).get("app_name", "app")
    return function_names.end_of(f"{named}-{settings.stage}", functions(settings.stage))


def pack(
    settings: Settings, environ: Mapping[str, str], access: Access | None, layer: Contents
) -> files.Record:
    """What `deploy` would pack: {"file", …} (packing.py). DeployError where it hides a module of
    the layer."""
    told = {"layer": asdict(layer), "refuses": True}
    return run(settings, [PACK, "--stage", settings.stage], environ, {}, access, told)


def write_template(
    settings: Settings, environ: Mapping[str, str], access: Access | None, layer: Contents,
    kind: str, folder: Path,
) -> None:  # fmt: skip
    """`chalice package`, into a folder. `kind`: `cloudformation` or `terraform`."""
    words = ["package", "--pkg-format", kind, "--stage", settings.stage, str(folder)]
    told = {"layer": asdict(layer), "refuses": True}
    run(settings, words, environ, {}, access, told)


def run(
    settings: Settings, words: list[str], environ: Mapping[str, str], secret: Mapping[str, str],
    access: Access | None, more: Mapping[str, Any],
) -> files.Record:  # fmt: skip
    """`chalice WORDS`, its lines shown as they come. What its package holds. `more`: what else the
    runner is told. DeployError."""
    report = paths.stage_record(settings, "chalice-package")
    told = _told(settings, words, environ, access, report, secret)
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if not (_has_failed(lines) or (access and ELSEWHERE.search(line))):
            say(line.rstrip())

    code = process.run({**told, **more}, _imported(told, settings), hear)
    package = files.read_record(report) or {}
    if code and more["refuses"] and package.get("hides"):
        raise function_package.hiding(package["hides"], package["left"].get("lines", {}))
    if code and package.get("lacks"):
        raise NoWheelError(package["lacks"][0])
    if code and access and (why := lacking("".join(lines))):
        fix = "nothing is wrong with the app: deploy it to AWS, or leave out what this is for"
        raise DeployError(f"chalice {words[0]} failed: {why}", fix=fix)
    if code:
        fix = _fix("".join(lines), settings)
        raise DeployError(f"chalice {words[0]} failed:\n{reason(lines)}", fix=fix)
    return package


def import_app(
    settings: Settings, environ: Mapping[str, str], secret: Mapping[str, str], access: Access | None
) -> list[Route]:
    """app.py as a deploy imports it: its routes. InputError with its own traceback."""
    report = paths.stage_record(settings, "import-app")
    words = [IMPORT, "--stage", settings.stage]
    told = _told(settings, words, environ, access, report, secret)
    code, lines = process.import_app(told, _imported(told, settings))
    found = files.read_record(report) or {"error": f"it ended the process, with status {code}"}
    if "error" not in found:
        if left := found.get("unpacked"):
            say(_left_behind(left))
        return routes(settings)
    for line in lines:  # which the app said before
        say(line.rstrip())
    problem = f"Chalice cannot use app.py:\n{hide(found['error'], secret)}"
    file = Path(found.get("file", str(APP)))
    place = source_location.at(file, found.get("line", 0)) if file.is_file() else None
    fix = _missing(found["error"], settings) or "correct the app; nothing was built or changed"
    raise InputError(source_location.below(problem, place), fix=fix)


def _left_behind(names: Sequence[str]) -> str:
    return (
        f"warning: app.py imports {', '.join(names)}, and Chalice packs only app.py, chalicelib/ "
        "and vendor/: in Lambda the import fails. Move it into chalicelib/, and import it from "
        "there"
    )


def routes(settings: Settings) -> list[Route]:
    """The app's, as they were when it was imported last. Else as far as they are written out."""
    imported = files.read_record(paths.stage_record(settings, "import-app")) or {}
    return [Route(**each) for each in imported.get("routes", [])] or app.routes(Path())


def sources(settings: Settings) -> list[list[str]]:
    """[function, kind, name] of what sends it events, as the app was imported last."""
    imported = files.read_record(paths.stage_record(settings, "import-app")) or {}
    return list(imported.get("sources", []))


def _told(
    settings: Settings, words: list[str], environ: Mapping[str, str], access: Access | None,
    report: Path, secret: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """For Chalice's process (runner.py)."""
    report.unlink(missing_ok=True)
    return {
        "words": words, "environ": {**environ, **wheels_alone(environ)},
        "access": asdict(access) if access else None,
        "region": settings.region, "python": settings.python, "report": str(report),
        "variables": dict(secret),
    }  # fmt: skip


def wheels_alone(environ: Mapping[str, str]) -> dict[str, str]:
    """For pip. What it builds would run as you, beside the credentials."""
    links = [environ.get("PIP_FIND_LINKS", ""), str(paths.FUNCTION_WHEELS.absolute())]
    return {"PIP_ONLY_BINARY": ":all:", "PIP_NO_BINARY": "", "PIP_FIND_LINKS": " ".join(links)}


class NoWheelError(DeployError):
    """Of `wanted`, a requirement of the function's. Nothing was changed."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"{paths.FUNCTION_REQUIREMENTS}: the index has no wheel of {wanted}",
            fix="check its name. Or move it to the layer's requirements",
        )
        self.wanted = wanted


def _imported(told: Mapping[str, Any], settings: Settings) -> str:
    """What app.py is imported from, as a digest: a deploy of the same goes on from there."""
    around = {name: told[name] for name in ("environ", "access", "region", "python", "variables")}
    configured = config.variables(paths.CHALICE_CONFIG, settings.stage)
    return files.digest([around, configured, function_package.files_now()])


def knows_architecture() -> bool:
    """Does this Chalice read `lambda_architecture`? (1.34 does.)"""
    if not environment.is_own():
        return environment.is_at_least(environment.chalice_version(), (1, 34))
    from chalice.config import Config

    return hasattr(Config, "lambda_architecture")


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


def lacking(output: str) -> str:
    """What the emulator failed at, where that is why Chalice did. Else ''."""
    if not (found := BROKEN.search(output)):
        return ""
    why = found[2].rpartition(" yet: ")[2].strip().rstrip(":")
    is_page = not why or "<" in why
    return f"the emulator cannot do {found[1]} yet" + ("" if is_page else f": {why}")


def _fix(output: str, settings: Settings) -> str:
    if CONFLICT in output:
        return "somebody else is changing the function; run the deploy again in a minute"
    if known := known_words.remedy(output):
        return known
    if denied := denial.read(output):
        return denial.remedy(denied)
    if refused := DENIED.search(output):
        action = action_names.action(refused[1])
        return f"allow {action} to this identity: {denial.source(action)}"
    if READER in output:
        return (
            "Chalice reads app.py for the permissions of its role, and cannot: set "
            f"`autogen_policy` to false and `iam_policy_file` in {paths.CHALICE_CONFIG}"
        )
    doctor = f"./doitw doctor stage={settings.stage}"
    again = f"{doctor} checks what a deploy needs; run the deploy again"
    return _missing(output, settings) or again


def _missing(output: str, settings: Settings) -> str:
    """What to do about a package that is not installed here. '' where none is missing."""
    if not (missing := MISSING.search(output)) or _is_the_apps(missing[1]):
        return ""
    return (
        "Chalice imports app.py, so what it needs is installed where the tool is, too: "
        f"{environment.interpreter()} -m pip install -r {settings.requirements} "
        f"-r {paths.FUNCTION_REQUIREMENTS}"
    )


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
    """What Chalice has deployed to the stage from here. [] when nothing."""
    state = files.read_record(deployed_file(stage)) or {}
    return list(state.get("resources", []))


def functions(stage: str) -> dict[str, str]:
    """{resource's name: Lambda function's name}. The API's is `api_handler`."""
    return functions_of(files.read_record(deployed_file(stage)) or {})


def functions_of(state: Mapping[str, Any]) -> dict[str, str]:
    """The same of a state that lies elsewhere."""
    return {
        resource["name"]: resource["lambda_arn"].rpartition(":")[2]
        for resource in state.get("resources", [])
        if resource.get("resource_type") == "lambda_function"
    }


def api_url(stage: str) -> str:
    return _address(stage, "rest_api_url")


def websocket_url(stage: str) -> str:
    return _address(stage, "websocket_api_url")


def _address(stage: str, kind: str) -> str:
    """'' where it has none."""
    return next((each[kind] for each in resources(stage) if kind in each), "")
