"""GitHub's workflow for an app: it lies where GitHub looks, at the top of the repository."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..settings.model import LOCAL, Settings
from .tool_origin import Origin

TEMPLATE = Path(__file__).with_name("workflow.yml")
FOLDER = Path(".github/workflows")
_TOKEN = re.compile(r"<(\w+)>")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Of an app in its repository: `folder`, from its top. `.` where it is all of it. `watched`:
    files outside of the folder that decide what is built, from the top."""

    folder: Path = Path()
    watched: Sequence[str] = ()

    @property
    def is_part(self) -> bool:
        return self.folder != Path()

    @property
    def name(self) -> str:
        """Of the workflow, and of its file."""
        return "-".join(["lambda-layer", *map(_plain, self.folder.parts)])

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.yml"


def _plain(part: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", part).strip("-.") or "app"


def workflow(
    table: Mapping[str, str], tool: Origin, stages: Sequence[str] = (), place: Place | None = None,
    chalice: str = "chalice", branch: str = "",
) -> str:  # fmt: skip
    """A pull request builds, `branch` deploys, the ways back and forward again are started by hand.
    `stages`: that can be chosen there. `chalice`: the requirement that the app has."""
    default, place = Settings(), place or Place()
    stage = table.get("stage", default.stage)
    others = [name for name in stages if name not in (stage, LOCAL)]
    part = place.name.removeprefix("lambda-layer").removeprefix("-")
    requirements = table.get("requirements", default.requirements)
    values = {
        "branches": json.dumps([branch] if branch else ["main", "master"]),
        "branch": branch or "main",
        "tool": json.dumps(tool.requirement),
        "told": tool.told,
        "python": table.get("python", default.python),
        "region": table.get("region", default.region),
        "stage": stage,
        "stages": ", ".join(map(json.dumps, [stage, *others])),
        "chalice": json.dumps(chalice),
        "requirements": requirements,
        "lock": str(Path(requirements).with_suffix(".lock")),
        "name": place.name,
        "file": place.file.as_posix(),
        "key": f"layer-{part}" if part else "layer",
        "group": f"{part}-" if part else "",
        "folder": f"{place.folder.as_posix()}/" if place.is_part else "",
        "paths": _paths(place),
        "defaults": _defaults(place),
    }
    return _TOKEN.sub(lambda found: values[found[1]], TEMPLATE.read_text(encoding="utf-8"))


def _paths(place: Place) -> str:
    """A filter: what does not belong to the app starts nothing."""
    if not place.is_part:
        return ""
    listed = [f"{place.folder.as_posix()}/**", *place.watched, place.file.as_posix()]
    return "".join(["\n    paths:", *(f"\n      - {json.dumps(each)}" for each in listed)])


def _defaults(place: Place) -> str:
    if not place.is_part:
        return ""
    folder = json.dumps(place.folder.as_posix())
    return f"\ndefaults:\n  run:\n    working-directory: {folder}\n"
