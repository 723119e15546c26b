"""What `doit-lambda-layer init` would do to an app, and what there is to say about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..chalice_project import environment
from ..chalice_project.app import App
from ..settings import paths
from ..settings.model import LOCAL
from ..settings.smoke_request import NONE
from . import local_stage, renovate, repository, workflow
from .requirements.requirements_files import Split
from .requirements.sources import FUNCTION, LAYER, Source
from .text_files import FileChange

AUTOMATIC = (
    "automatic_layer goes off: Chalice's own layer would count toward the same 262,144,000 bytes, "
    "and it deletes the version before, so that there is no way back; "
)


GITLAB = ".gitlab-ci.yml"


def is_gitlabs(root: Path) -> bool:
    """Would nobody run a workflow of GitHub's here?"""
    top = repository.top(root)
    return (top / GITLAB).is_file() and not (top / workflow.FOLDER).is_dir()


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """`source`: the file that says what the app needs. `account`: AWS's, '' where it is not
    known. `region`: that was assumed, '' where it was said. `is_gitlabs`: its repository."""

    app: App
    source: Source
    parts: Split
    changes: list[FileChange]
    account: str
    region: str = ""
    is_gitlabs: bool = False


def reason(app: App) -> str:
    """Why config.json is changed."""
    return (AUTOMATIC if app.automatic else "") + f"stage {LOCAL} is the emulator"


def overview(found: Adoption) -> Iterator[str]:
    """The app, and where each package goes."""
    yield f"Chalice app {found.app.name}, stages {', '.join(found.app.stages) or 'none'}"
    yield f"{found.source.file} in two:"
    width = max([len(_short(entry.text)) for entry, _ in found.parts.stays], default=0)
    for entry in found.parts.goes:
        yield f"  layer     {_short(entry.text)}"
    for entry, why in found.parts.stays:
        yield f"  function  {_short(entry.text):<{width}}   {why}"
    if not found.parts.goes and not found.parts.stays:
        yield "  it names no package"


def _short(text: str) -> str:
    """Without hashes."""
    return text.partition(" --hash")[0]


def _packages(found: Adoption) -> Iterator[str]:
    """What went out of requirements.txt is needed here all the same. (Where it came from another
    tool's lock, that tool installs it as before.)"""
    if not found.parts.goes:
        yield f"note: the layer is empty so far: list its packages in {LAYER}"
    elif how := _kept(found):
        yield (
            f"note: {FUNCTION} stays as it is {how}: a deploy packs nothing of the layer's. After "
            f"each change run this again: it makes {LAYER} from {found.source.file}"
        )
    elif LAYER not in {each.path for each in found.changes}:
        yield f"note: {found.source.file} stays as it is: other apps have this layer, too"
    elif found.source.file == str(FUNCTION):
        yield f"to run the app: pip install -r {LAYER} -r {FUNCTION}"
        yield (
            f"note: {FUNCTION} alone no longer has all of it. Install both files where Chalice "
            "runs: it imports app.py"
        )
    if environment.is_own():
        yield (
            "note: Chalice runs where this tool is. If the app has a .venv with Chalice in it, "
            "Chalice runs there"
        )
    else:
        yield f"note: Chalice runs in the app's own environment: {environment.interpreter()}"


def _kept(found: Adoption) -> str:
    """Why requirements.txt is left to others. '' where it is not."""
    if found.source.file.endswith(".in"):
        return "compiled"
    theirs = [each for each in found.changes if each.path == FUNCTION and each.before == each.after]
    other = found.source.file != str(FUNCTION) and Path(found.source.file).name == str(FUNCTION)
    return "shared" if theirs and other else ""


def _config(found: Adoption) -> Iterator[str]:
    """What Chalice reads otherwise than it was meant, and what was not known here."""
    config = paths.CHALICE_CONFIG
    for name in found.app.misplaced:
        yield (
            f"note: {config}: `{name}` stands in `stages`, where Chalice does not read it: move it "
            "up, beside `stages`"
        )
    if not found.app.is_named:
        yield f"note: {config} has no app_name: Chalice calls the functions None-<stage>; add it"
    if found.region:
        yield (
            f"note: no region is configured here, so `region` is {found.region}: change it in "
            "[tool.lambda-layer] before you deploy"
        )


def _apart(app: App) -> Iterator[str]:
    """Functions that Chalice gives layers of their own instead of the stage's."""
    for stage, own in app.apart.items():
        for name, arns in own.items():
            does = "has `layers` of its own: this one goes in there, too"
            none = "has an empty `layers` of its own, and gets no layer"
            yield f"note: stage {stage}: {name} {does if arns else none}"
    names = [name for name, arns in app.apart.get(app.stage, {}).items() if arns]
    if names and LOCAL not in app.stages:
        yield (
            f"note: stage {LOCAL}: {', '.join(names)} without those: the emulator has none of "
            "an account's layers"
        )


def _of_change(change: FileChange) -> Iterator[str]:
    if change.path == paths.CHALICE_CONFIG:
        yield from local_stage.notes(change.before or "", change.after)
    if 'TOOL: ""' in change.after and change.before is None:
        yield (
            f"note: {change.path}: write into TOOL where CI finds the tool: commit its wheel "
            "(./tools/NAME.whl), or give its address or a version of your index"
        )
    yield from renovate.notes(change.path, change.after)


def notes(found: Adoption) -> Iterator[str]:
    """What a person should know before the first deploy, and the next command."""
    app = found.app
    yield from _packages(found)
    if not found.account:
        yield (
            "note: no AWS credentials here, so the bucket has no account number in its name. All "
            "of AWS shares these names: look at [tool.lambda-layer] before you deploy"
        )
    if not app.has_api:
        yield "note: app.py has no route: smoke looks at the functions, and calls none"
    elif app.smoke_path == NONE:
        yield (
            "note: no open route takes a plain GET, so smoke asks for nothing: name requests in "
            "pyproject.toml as [[tool.lambda-layer.smoke]] (path, method, headers, status)"
        )
    yield from _config(found)
    yield from _apart(app)
    for change in found.changes:
        yield from _of_change(change)
    if found.is_gitlabs:
        yield (
            f"note: this repository has {GITLAB} and no {workflow.FOLDER}: no GitHub workflow is "
            f"written. Jobs for GitLab, to copy from: {paths.GITLAB}"
        )
    yield "a deploy writes the layer's ARN into stages.<stage>.layers of .chalice/config.json"
    yield f"next, on this machine, without AWS: ./doitw deploy stage={LOCAL}"
    yield "then, to AWS: ./doitw deploy"
