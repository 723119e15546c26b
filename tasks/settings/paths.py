"""Every well-known file. Repo-relative: doit runs in the folder of dodo.py, and the paths are
also the keys of its database, so a CI cache works in any folder.

Each step owns `build/<step>/<layer>/` (build side) or `build/<step>/<layer>/<stage>.json`
(AWS side) and is the only writer there. For another Python than the project's, <layer> is
`<layer>.py313`.
"""

from pathlib import Path

from .model import Settings


def docker(package: Path) -> Path:
    """Dockerfile and the scripts that run inside the image: beside the checkout's dodo.py, or
    packed into the wheel (an app may have a docker/ folder of its own)."""
    return shipped(package, "docker")


def shipped(package: Path, name: str) -> Path:
    """A file or folder of the checkout that the wheel has, too. `package`: our own folder.
    Relative where a .venv lies in the project, so that doit's keys stay the same on each machine.
    """
    packed = package / name
    if not packed.exists():
        return Path(name)
    here = Path.cwd()
    return packed.relative_to(here) if packed.is_relative_to(here) else packed


BUILD = Path("build")
LAYER_ARN = Path(".layer-arn.txt")
CHALICE_CONFIG = Path(".chalice/config.json")
FUNCTION_REQUIREMENTS = Path("requirements.txt")  # what Chalice packs into the function
DEPLOYED = Path(".chalice/deployed")
DOCKER = docker(Path(__file__).parents[1])
REPORT = Path(__file__).parents[1] / "report" / "report.html"  # its template
IAM = shipped(Path(__file__).parents[1], "docs/iam.md")  # what each permission is for
GITLAB = shipped(Path(__file__).parents[1], "docs/gitlab-ci.yml")  # the jobs of a pipeline there
LOCAL_AWS = BUILD / "local"
LOCAL_RUNTIME = LOCAL_AWS / "runtime.json"  # what the last stage=local command built with
STORE = BUILD / "store"  # finished work by what it was made from (layer/cache.py)
TOOLS = BUILD / "tools"  # what builds for another platform than this machine's
FUNCTION_WHEELS = BUILD / "function-wheels"  # that were built for the function (requirements.txt)
WORK = BUILD / "work"  # folders of the host's sandboxes, while they last


def record(settings: Settings, step: str) -> Path:
    """The record of a build-side step: install, prune, optimize, zip, verify."""
    return BUILD / step / settings.files / "record.json"


def stage_record(settings: Settings, step: str) -> Path:
    """The record of an AWS-side step: lookup, upload, publish, patch-config, …"""
    return BUILD / step / settings.files / f"{settings.stage}.json"


def plan(settings: Settings) -> Path:
    """What prune leaves of each package (layer/prune/plan.py)."""
    return record(settings, "prune").with_name("plan.json")


def removed(settings: Settings) -> Path:
    """{rule: [paths relative to python/]}: what prune took."""
    return record(settings, "prune").with_name("removed.json")


def layer_zip(settings: Settings) -> Path:
    return BUILD / f"{settings.files}.zip"


def beside_zip(settings: Settings, suffix: str) -> Path:
    """A file that goes with the zip: `.report.html`, `.cdx.json`."""
    return BUILD / f"{settings.files}{suffix}"


def template(settings: Settings, kind: str) -> Path:
    """The folder that `doit package` fills: a template, and the function's zip beside it."""
    return BUILD / "package" / settings.files / settings.stage / kind


def iam_policy(settings: Settings, name: str) -> Path:
    """What `doit iam-policy` writes, for `aws iam … --policy-document file://…`."""
    return BUILD / "iam" / settings.layer / settings.stage / f"{name}.json"
